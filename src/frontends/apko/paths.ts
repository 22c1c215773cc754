// `paths`: what apko does to single paths after packages are installed, in the recipe's own terms. Each kind but
// `permissions` makes something and then changes mode and owner of what the path leads to.
import type { RecipeFile } from "../../core/recipe.ts";
import type { ApkoPath } from "./input.ts";
import { parseId, parsePath, parsePermissions, parseTruth } from "./values.ts";

/** `absolute` gives the place of a file on this machine. */
export function filesOfPath(input: ApkoPath, absolute: (path: string) => string): readonly RecipeFile[] {
  const path = parsePath(input.path);
  const mode = input.permissions === undefined ? undefined : parsePermissions(input.permissions);
  const owner = ownerOf(input);
  const { uid = 0, gid = 0 } = owner;
  const change: RecipeFile = { kind: "permissions", path, recursive: isRecursive(input), ...owner, ...modeOf(mode) };
  const isChanged = mode !== undefined || owner.uid !== undefined;
  switch (input.type) {
    case "directory": {
      const folder: RecipeFile = { kind: "directory", path, mode: mode ?? 0o755, ...owner };
      return change.recursive && isChanged ? [folder, change] : [folder];
    }
    case "empty-file":
      return [{ kind: "file", path, mode: mode ?? 0o644, uid, gid, content: "" }];
    case "file":
      return input.content === undefined
        ? [{ kind: "copy", path, mode: mode ?? 0o644, uid, gid, source: absolute(input.source ?? "") }]
        : [{ kind: "file", path, mode: mode ?? 0o644, uid, gid, content: input.content }];
    case "hardlink": {
      const link: RecipeFile = { kind: "hardlink", path, target: parsePath(input.source ?? "") };
      return isChanged ? [link, { ...change, path: link.target }, { ...change, recursive: false }] : [link];
    }
    case "symlink": {
      const link: RecipeFile = { kind: "symlink", path, target: input.source ?? "" };
      return isChanged ? [link, { ...change, recursive: false }] : [link];
    }
    default:
      return [change];
  }
}

const modeOf = (mode: number | undefined): { readonly mode?: number } => (mode === undefined ? {} : { mode });

/** Of two owners of which only one is named the other is root, as apko has it. */
function ownerOf({ uid, gid }: ApkoPath): { readonly uid?: number; readonly gid?: number } {
  if (uid === undefined && gid === undefined) return {};
  return { uid: parseId(uid ?? "0"), gid: parseId(gid ?? "0") };
}

function isRecursive({ type, recursive }: ApkoPath): boolean {
  return (type === "directory" || type === "permissions") && recursive !== undefined && parseTruth(recursive);
}
