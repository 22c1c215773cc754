// `busybox --install -s`: a link to BusyBox for each applet, where no other program has the name. Alpine's and Wolfi's packages
// list the paths in etc/busybox-paths.d, so no binary has to run, and any architecture's will do.
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { resolvePath } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText } from "./text-file.ts";

const lists = "etc/busybox-paths.d/";

export const busyboxLinks: Effect = {
  name: "busybox-links",
  summary: "links the applets of BusyBox, as busybox --install does",
  covers: [{ package: "busybox", scripts: [".trigger"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const { tree } = context;
  const taken = new Set<string>();
  const files: GeneratedFile[] = [];
  const listed = [...tree.keys()].filter((path) => path.startsWith(lists)).sort(compareBytes);
  for (const list of listed) {
    const binary = binaryNamed(context, list.slice(lists.length));
    if (binary === undefined) continue;
    for (const path of pathsIn(readText(context, list) ?? "")) {
      const place = resolvePath(tree, path, { last: false });
      if (place === undefined || tree.has(place) || taken.has(place)) continue;
      taken.add(place);
      files.push({ kind: "symlink", path, target: `/${binary}` });
    }
  }
  return { files, removed: [] };
}

function binaryNamed({ tree }: EffectContext, name: string): string | undefined {
  return [`bin/${name}`, `usr/bin/${name}`].find((path) => tree.get(path)?.entry.kind === "file");
}

/** Below the root, and nothing that leads elsewhere. */
const pathsIn = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/^\/+/, ""))
    .filter((path) => /^[^\0]+$/.test(path) && !path.split("/").some((part) => ["", ".", ".."].includes(part)));
