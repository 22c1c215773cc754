// What a tree on disk cannot have: told once for each reason, with how much it is, so that nothing is lost silently.
import { fchownSync, lchownSync } from "node:fs";
import type { Entry } from "../archive/entry.ts";
import { codeOf } from "./output-place.ts";

const setIdBits = 0o6000;

export interface Shortfalls {
  /** Gives an open file, or what lies at a path, its owner. The mode to set then: without setuid and setgid if that failed. */
  own(place: number | string, entry: Entry): number;
  /** An entry with extended attributes: Node cannot set them. */
  xattrs(path: string): void;
  /** A device or fifo: Node cannot make them. */
  special(path: string): void;
  /** Warnings, for people. */
  describe(): readonly string[];
}

export function startShortfalls(): Shortfalls {
  const foreign = startList();
  const attributed = startList();
  const special = startList();
  return {
    own: (place, entry) => {
      if (isOwned(place, entry)) return entry.mode;
      foreign.add(entry.path);
      // A setuid program would run as whoever builds.
      return entry.mode & ~setIdBits;
    },
    xattrs: attributed.add,
    special: special.add,
    describe: () => [
      ...foreign.describe("could not be given their owner, and have no setuid or setgid bits: run as root for that"),
      ...attributed.describe("lack their extended attributes, such as file capabilities"),
      ...special.describe("were left out: devices and fifos cannot be made here"),
    ],
  };
}

/** Whether the owner is right now. Not being allowed to (not root), or a user namespace without the ID, is no failure. */
function isOwned(place: number | string, { uid, gid }: Entry): boolean {
  try {
    if (typeof place === "number") fchownSync(place, uid, gid);
    else lchownSync(place, uid, gid);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EPERM" || code === "EINVAL") return false;
    throw error;
  }
}

function startList(): { add(path: string): void; describe(state: string): readonly string[] } {
  let count = 0;
  let first = "";
  return {
    add: (path) => {
      if (count++ === 0) first = path;
    },
    describe: (state) =>
      count === 0 ? [] : [`${count} ${count === 1 ? "entry" : "entries"} (first "/${first}") ${state}`],
  };
}
