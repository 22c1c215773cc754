// Formats that name the owners of files (rpm) are held to the accounts of the image, once scripts and effects have made them.
import type { PackageFormat } from "../packages/contract.ts";
import { addEntries, type ChangedTree, type MadeEntry } from "../rootfs/change.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import type { PiecedPackage } from "./tree.ts";

export interface OwnersOptions {
  readonly format: PackageFormat;
  readonly packages: readonly PiecedPackage[];
  /** Where a path of a package lies in the tree. */
  readonly place: (path: string) => string;
  readonly read: (path: string) => Uint8Array;
}

/** Gives files of packages the numbers that /etc/passwd and /etc/group have for their owners; other names change nothing. */
export function applyOwners(change: ChangedTree, { format, packages, place, read }: OwnersOptions): void {
  if (!format.owners) return;
  const users = numbersIn(change, "etc/passwd", read);
  const groups = numbersIn(change, "etc/group", read);
  const entries: MadeEntry[] = [];
  for (const { name, piece } of packages) {
    for (const { path, user, group } of format.owners(piece.control)) {
      const node = change.tree.get(place(path.slice(1)));
      // What a script made anew is the script's.
      if (node?.owner !== name) continue;
      const { entry } = node;
      const [uid = entry.uid, gid = entry.gid] = [users.get(user), groups.get(group)];
      if (uid === entry.uid && gid === entry.gid) continue;
      const made = entry.kind === "file" ? { bytes: read(entry.path) } : {};
      entries.push({ ...made, entry: { ...entry, uid, gid } });
    }
  }
  addEntries(change, entries);
}

/** passwd(5) and group(5): the number is the third of the fields. */
function numbersIn({ tree }: ChangedTree, path: string, read: OwnersOptions["read"]): ReadonlyMap<string, number> {
  const found = resolvePath(tree, path, { last: true });
  if (found === undefined || tree.get(found)?.entry.kind !== "file") return new Map();
  const lines = Buffer.from(read(path)).toString("latin1").split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [name = "", , number = ""] = line.split(":");
      return /^\d{1,10}$/.test(number) ? [[name, Number(number)] as const] : [];
    }),
  );
}
