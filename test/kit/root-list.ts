// Roots as lists that can be compared: what dodai wrote, and what another program installed into a folder, path by path with
// everything that a layer can hold.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Entry } from "../../src/archive/entry.ts";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { run } from "./oracle.ts";

/** What is said of one path, by what it is: `kind`, `mode`, `owner` ... */
export type PathFacts = Readonly<Record<string, string>>;
export type RootList = ReadonlyMap<string, PathFacts>;

const limits = { maxEntries: 100_000, maxTotalBytes: 2 ** 31, maxHeaderBytes: 1 << 20 };

/** The root in a tar. Times at or after `since` (seconds) are those of the installation: `now`. */
export function listTar(file: string, since: number): RootList {
  const entries = new Map<string, { readonly entry: Entry; readonly digest: string }>();
  for (const { entry, body } of readTarBuffer(readFileSync(file), limits)) {
    const digest = entry.kind === "file" ? createHash("sha256").update(body).digest("hex") : "";
    entries.set(entry.path, { entry, digest });
  }
  const names = Map.groupBy(entries.keys(), (path) => firstName(entries.get(path)?.entry, path));
  return new Map([...entries].map(([path, { entry }]) => [path, factsOf(path, entry)]));

  function factsOf(path: string, entry: Entry): PathFacts {
    const first = firstName(entry, path);
    const shared = names.get(first) ?? [];
    const body = entries.get(first);
    return {
      kind: entry.kind === "hardlink" ? "file" : entry.kind,
      mode: entry.mode.toString(8),
      owner: `${entry.uid}:${entry.gid}`,
      // A folder's time is when something was last put into it.
      mtime: entry.kind === "directory" ? "" : entry.mtime >= since ? "now" : String(entry.mtime),
      target: entry.kind === "symlink" ? entry.target : "",
      size: body?.entry.kind === "file" ? String(body.entry.sizeBytes) : "",
      digest: body?.digest ?? "",
      links: shared.length > 1 ? [...shared].sort().join(" ") : "",
      device: "major" in entry ? `${entry.major},${entry.minor}` : "",
      attributes: [...(body?.entry ?? entry).xattrs].map(([name, value]) => `${name}=${hexOf(value)}`).join(" "),
    };
  }
}

const firstName = (entry: Entry | undefined, path: string): string =>
  entry?.kind === "hardlink" ? entry.target : path;
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The root in a folder, as GNU tar reads it. Only root may see all of it. */
export function listFolder(folder: string, since: number): RootList {
  const tar = `${folder}.tar`;
  const attributes = ["--xattrs", "--xattrs-include=*"];
  run("tar", ["-C", folder, ...attributes, "--numeric-owner", "--format=pax", "-cf", tar, "."]);
  return listTar(tar, since);
}

/** One line a difference: `only mine: PATH`, `only theirs: PATH`, `PATH: mode 755, theirs 555`. */
export function differencesOf(mine: RootList, theirs: RootList): readonly string[] {
  return [...new Set([...mine.keys(), ...theirs.keys()])].sort().flatMap((path): readonly string[] => {
    const [own, other] = [mine.get(path), theirs.get(path)];
    if (own === undefined || other === undefined) return [`only ${own ? "mine" : "theirs"}: ${path}`];
    const facts = Object.keys(own).filter((fact) => own[fact] !== other[fact]);
    return facts.map((fact) => `${path}: ${fact} ${own[fact]}, theirs ${other[fact]}`);
  });
}

/** A difference that is known, and why it is there. */
export type KnownDifference = readonly [pattern: RegExp, reason: string];

/** Differences that no row knows, and rows that know none that is there. */
export function unexplained(differences: readonly string[], known: readonly KnownDifference[]): readonly string[] {
  const stale = known.filter(([pattern]) => !differences.some((one) => pattern.test(one)));
  return [
    ...differences.filter((one) => !known.some(([pattern]) => pattern.test(one))),
    ...stale.map(([pattern, reason]) => `no longer there: ${pattern.source} (${reason})`),
  ];
}
