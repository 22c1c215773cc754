// apk's database lies below usr/lib/apk, where apk-tools 3 looks, and lib/apk leads there for apk-tools 2 and for scanners. In a
// root whose lib is a link into usr there is nothing to do.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";

const link = "lib/apk";

export const apkFolder: Effect = {
  name: "apk-folder",
  summary: "makes lib/apk a link to usr/lib/apk, as apko does",
  covers: [],
  apply,
};

function apply({ tree }: EffectContext): EffectResult {
  if (tree.get("lib")?.entry.kind === "symlink" || tree.get(link)?.entry.kind === "symlink") {
    return { files: [], removed: [] };
  }
  // alpine's apk-tools 2 brings empty folders there.
  const inside = [...tree].filter(([path]) => path.startsWith(`${link}/`));
  const kept = inside.find(([, { entry }]) => entry.kind !== "directory");
  if (kept) {
    throw new DodaiError("EFFECT_FAILED", `Cannot make "/${link}" a link: "/${kept[0]}" of a package lies below it`);
  }
  return { files: [{ kind: "symlink", path: link, target: "../usr/lib/apk" }], removed: [link] };
}
