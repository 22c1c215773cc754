import type { GeneratedFile } from "../../packages/contract.ts";
import type { EffectContext } from "./contract.ts";

/** A file of root's that all may read. */
export function textFile(path: string, text: string, mode = 0o644): GeneratedFile {
  return { kind: "file", path, mode, bytes: Buffer.from(text) };
}

/** Text of a file of the tree; `undefined` when it is not there. */
export function readText(context: Pick<EffectContext, "tree" | "read">, path: string): string | undefined {
  return context.tree.get(path)?.entry.kind === "file" ? Buffer.from(context.read(path)).toString() : undefined;
}

/** Text of a package's script; `undefined` when the package or the script is not there. */
export function scriptText({ packages }: EffectContext, name: string, script: string): string | undefined {
  const member = packages.find((one) => one.name === name)?.control.find((one) => one.name === script);
  return member && Buffer.from(member.bytes).toString("latin1");
}
