// update-shells(8) of debianutils: packages name their login shells, and /etc/shells lists them, each also by the name
// that it really has.
import { compareBytes } from "../../core/byte-order.ts";
import { nodeAt, resolvePath } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

const template = "usr/share/debianutils/shells";

export const shells: Effect = {
  name: "shells",
  summary: "lists login shells in /etc/shells, as update-shells does",
  covers: [{ package: "debianutils", scripts: ["postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const base = readText(context, "etc/shells") ?? readText(context, template);
  if (base === undefined) return { files: [], removed: [] };
  const offered = new Set<string>();
  for (const shell of [template, ...offers(context)].flatMap((path) => namesIn(readText(context, path) ?? ""))) {
    offered.add(shell);
    offered.add(realName(context, shell));
  }
  const listed = new Set(namesIn(base));
  const added = [...offered].filter((shell) => !listed.has(shell));
  const files = [textFile("etc/shells", base + lines(added)), textFile("var/lib/shells.state", lines([...offered]))];
  return { files, removed: [] };
}

const lines = (names: readonly string[]): string => names.map((name) => `${name}\n`).join("");

function offers({ tree }: EffectContext): readonly string[] {
  return [...tree.keys()]
    .filter((path) => path.startsWith(`${template}.d/`) && nodeAt(tree, path)?.entry.kind === "file")
    .sort(compareBytes);
}

const namesIn = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.replace(/#.*/, ""))
    .filter((name) => name !== "");

/** Links of the folder are followed; the shell itself may be a link. */
function realName({ tree }: EffectContext, shell: string): string {
  const place = resolvePath(tree, shell.slice(1), { last: false });
  return place === undefined ? shell : `/${place}`;
}
