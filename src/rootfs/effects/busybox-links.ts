// What "busybox --install -s" does: a link for each applet that nothing else in the image has the place of. Packages of BusyBox
// since 1.36.0 list theirs below etc/busybox-paths.d.
import { comparePaths } from "../../core/path-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { resolvePath } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText } from "./text-file.ts";

const lists = "etc/busybox-paths.d/";
const program = "/bin/busybox";

export const busyboxLinks: Effect = {
  name: "busybox-links",
  summary: "links every applet of BusyBox, as its trigger does",
  covers: [{ package: "busybox", scripts: [".trigger"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const { tree } = context;
  if (!tree.has(placeOf(context, program))) return { files: [], removed: [] };
  const names = [...tree.keys()].filter((path) => path.startsWith(lists));
  const links = new Map<string, GeneratedFile>();
  for (const line of names.flatMap((name) => (readText(context, name) ?? "").split("\n"))) {
    const path = placeOf(context, line);
    if (!isLinkPath(line) || tree.has(path) || links.has(path)) continue;
    links.set(path, { kind: "symlink", path, target: program });
  }
  return { files: [...links.values()].sort((a, b) => comparePaths(a.path, b.path)), removed: [] };
}

/** In a folder, and not BusyBox itself. */
const isLinkPath = (line: string): boolean =>
  /^\/?[^/]+(?:\/[^/]+)+$/.test(line) &&
  !/(?:^|\/)\.\.?(?:\/|$)/.test(line) &&
  `/${line.replace(/^\//, "")}` !== program;

/** Where it lies once links on its way are followed. */
function placeOf({ tree }: EffectContext, path: string): string {
  return resolvePath(tree, path, { last: false }) ?? path.replace(/^\//, "");
}
