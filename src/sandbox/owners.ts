// Who owns what, where the host lets us give files to nobody (mode `single`): kept beside the disk, on which all is root's.
import { type BigIntStats, lstatSync } from "node:fs";
import { diskPath } from "./disk-path.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export const rootOwner: Owner = { uid: 0, gid: 0 };

/** Given owners. Files are known by what the merged root says of them. */
export interface Owners {
  ownerOf(path: string, stat: BigIntStats): Owner;
  give(file: GivenFile, owner: Owner): void;
}

export interface GivenFile {
  readonly path: string;
  readonly stat: BigIntStats;
  /** Whether the program named it by its path, not by an open file. */
  readonly isNamed: boolean;
}

/** `laidOut` are the owners other than root of what lies in `folder`, by path. */
export function keepOwners(folder: string, laidOut: ReadonlyMap<string, Owner>): Owners {
  // Nothing is removed from what was laid out, so no other file gets its number; one that a program makes may get the number of
  // one that a program removed, but not its time of birth.
  const old = new Map<bigint, Owner>();
  for (const [path, owner] of laidOut) old.set(lstatSync(diskPath(folder, path), { bigint: true }).ino, owner);
  const given = new Map<string, Owner>();
  const byPath = new Map(laidOut);
  return {
    ownerOf: (path, stat) => given.get(keyOf(stat)) ?? old.get(stat.ino) ?? byPath.get(path) ?? rootOwner,
    give: ({ path, stat, isNamed }, owner) => {
      const isNew = !given.has(keyOf(stat)) && !old.has(stat.ino);
      // A program that writes a file anew and moves it into the old one's place first gives it the owner that it saw on the old
      // one: root, here. What takes a file's place keeps that file's owner.
      if (isNew && !isNamed && isRoot(owner)) return;
      given.set(keyOf(stat), owner);
      if (!isNamed) return;
      if (isRoot(owner)) byPath.delete(path);
      else byPath.set(path, owner);
    },
  };
}

/** Gives what the disk says of a file its kept owner. */
export function applyOwner(stat: BigIntStats, { uid, gid }: Owner): void {
  stat.uid = BigInt(uid);
  stat.gid = BigInt(gid);
}

const keyOf = ({ ino, birthtimeNs }: BigIntStats): string => `${ino}:${birthtimeNs}`;

const isRoot = ({ uid, gid }: Owner): boolean => uid === 0 && gid === 0;
