// What recipe and variant say of single paths, done to the tree in the order in which it is said.
import { readFileSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import type { RecipeFile } from "../core/recipe.ts";
import { unreachable } from "../core/unreachable.ts";
import { addDevice, addFiles, type ChangedTree } from "../rootfs/change.ts";
import { changePermissions, linkFile, type ReadFile } from "../rootfs/permissions.ts";
import { resolvePath } from "../rootfs/resolve.ts";

export interface RecipeFilesContext {
  readonly epoch: number;
  readonly read: ReadFile;
}

/** Throws FILE_CONFLICT, FILE_UNREADABLE, PATH_MISSING. */
export function addRecipeFiles(change: ChangedTree, files: readonly RecipeFile[], context: RecipeFilesContext): void {
  for (const file of files) addRecipeFile(change, file, context);
}

function addRecipeFile(change: ChangedTree, file: RecipeFile, { epoch, read }: RecipeFilesContext): void {
  switch (file.kind) {
    case "file":
      addFiles(change, [{ ...file, bytes: Buffer.from(file.content) }], epoch);
      break;
    case "copy":
      addFiles(change, [{ ...file, kind: "file", bytes: readSource(file.source) }], epoch);
      break;
    case "symlink":
      addFiles(change, [file], epoch);
      break;
    case "directory":
      if (file.uid === undefined && file.gid === undefined && isFolder(change, file.path)) {
        changePermissions(change, { path: file.path, mode: file.mode, recursive: false }, read);
      } else addFiles(change, [file], epoch);
      break;
    case "character-device":
      addDevice(change, file, epoch);
      break;
    case "hardlink":
      linkFile(change, file, read);
      break;
    case "permissions":
      changePermissions(change, file, read);
      break;
    default:
      unreachable(file);
  }
}

function isFolder({ tree }: ChangedTree, path: string): boolean {
  const place = resolvePath(tree, path, { last: true });
  return place !== undefined && tree.get(place)?.entry.kind === "directory";
}

function readSource(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}": the recipe copies it into the image`, { cause });
  }
}
