// A piece is one package's files exactly as they appear in a layer: tar records in tree order, without directories and
// without trailer. It is made once for a package and a set of path rules, and then copied into each layer that holds it.
//
// Two names for one file (hard links) are kept as entries with one content: which of them carries the bytes is decided
// when records are written, since rules may drop any of them.
import type { Entry } from "../archive/entry.ts";
import { formatTarHeader, tarPadding } from "../archive/tar-write.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { comparePaths, parentsOf } from "../core/path-order.ts";

/** Changes when pieces made before can no longer be used. */
export const pieceVersion = 3;

/** Rules that say where a package's files go. */
export interface PathRules {
  /** Top folders that are links into usr: `lib` moves `lib/x` to `usr/lib/x`. */
  readonly mergedUsr: readonly string[];
}

/** An entry and where the bytes of its file lie in the records. Hard links have the content of their target. */
export interface PieceEntry {
  readonly entry: Entry;
  /** Offset of its record (headers, body, padding) in the piece's records; directories have none. */
  readonly recordOffset: number;
  readonly recordBytes: number;
  /** Offset of the body; of the same body for every name of one file. */
  readonly bodyOffset: number;
}

/** An entry before records are written: its body lies at `bodyOffset` of some spool. */
export interface LooseEntry {
  readonly entry: Entry;
  readonly bodyOffset: number;
}

/** The path after usr-merge. A link that is itself one of the merged folders stays. */
export function placePath(path: string, { mergedUsr }: PathRules): string {
  const slash = path.indexOf("/");
  const top = slash < 0 ? path : path.slice(0, slash);
  return mergedUsr.includes(top) ? `usr/${path}` : path;
}

/** Moves an entry to where the rules put it. */
export function placeEntry(entry: Entry, rules: PathRules): Entry {
  const isMergedLink = entry.kind === "symlink" && rules.mergedUsr.includes(entry.path);
  const path = isMergedLink ? entry.path : placePath(entry.path, rules);
  if (entry.kind === "hardlink") {
    const target = placePath(entry.target, rules);
    return path === entry.path && target === entry.target ? entry : { ...entry, path, target };
  }
  return path === entry.path ? entry : { ...entry, path };
}

/**
 * Entries of one package in tree order, each path once, hard links resolved to their content.
 * Throws ARCHIVE_UNSAFE_PATH for a path below one of the package's own links or files, FILE_CONFLICT for one path twice.
 */
export function arrangeEntries(loose: readonly LooseEntry[], what: string): readonly LooseEntry[] {
  const byPath = new Map<string, LooseEntry>();
  for (const one of loose) {
    const resolved =
      one.entry.kind === "hardlink" ? resolveHardlink(one.entry.path, one.entry.target, byPath, what) : one;
    const before = byPath.get(one.entry.path);
    if (before && !(before.entry.kind === "directory" && resolved.entry.kind === "directory")) {
      throw new DodaiError("FILE_CONFLICT", `Cannot unpack ${what}: it holds "/${one.entry.path}" twice`);
    }
    if (!before) byPath.set(one.entry.path, resolved);
  }
  assertParentsAreFolders(byPath, what);
  return [...byPath.values()].sort((a, b) => comparePaths(a.entry.path, b.entry.path));
}

/** A further name of a file: the file's own entry under that name. */
function resolveHardlink(
  path: string,
  target: string,
  byPath: ReadonlyMap<string, LooseEntry>,
  what: string,
): LooseEntry {
  const file = byPath.get(target);
  if (file?.entry.kind !== "file") {
    throw new DodaiError(
      "PACKAGE_BROKEN",
      `Cannot unpack ${what}: hard link "/${path}" names "/${target}", which is not an earlier file of it`,
    );
  }
  return { entry: { ...file.entry, path }, bodyOffset: file.bodyOffset };
}

function assertParentsAreFolders(byPath: ReadonlyMap<string, LooseEntry>, what: string): void {
  for (const path of byPath.keys()) {
    for (const parent of parentsOf(path)) {
      const kind = byPath.get(parent)?.entry.kind;
      if (kind !== undefined && kind !== "directory") {
        throw new DodaiError(
          "ARCHIVE_UNSAFE_PATH",
          `Cannot unpack ${what}: "/${path}" lies below "/${parent}", which is a ${kind} of the same package`,
        );
      }
    }
  }
}

/** One record to write: its header, then `bodyBytes` from `bodyOffset` of the source, then padding. */
export interface RecordPlan {
  readonly header: Uint8Array;
  readonly bodyOffset: number;
  readonly bodyBytes: number;
  readonly paddingBytes: number;
}

export interface RecordsPlan {
  readonly records: readonly RecordPlan[];
  readonly entries: readonly PieceEntry[];
  readonly totalBytes: number;
}

/** Records for these entries, in their order. The first name of a file carries its bytes, further names link to it. */
export function planRecords(entries: readonly LooseEntry[]): RecordsPlan {
  const records: RecordPlan[] = [];
  const planned: PieceEntry[] = [];
  const firstNames = new Map<number, { readonly path: string; readonly bodyOffset: number }>();
  let offset = 0;
  for (const { entry, bodyOffset } of entries) {
    if (entry.kind === "directory") {
      planned.push({ entry, recordOffset: offset, recordBytes: 0, bodyOffset: 0 });
      continue;
    }
    const first = isShareable(entry) ? firstNames.get(bodyOffset) : undefined;
    const header = formatTarHeader(first ? { ...entry, kind: "hardlink", target: first.path } : entry);
    const bodyBytes = entry.kind === "file" && !first ? entry.sizeBytes : 0;
    const paddingBytes = tarPadding(bodyBytes);
    const recordBytes = header.byteLength + bodyBytes + paddingBytes;
    const bodyAt = first?.bodyOffset ?? offset + header.byteLength;
    records.push({ header, bodyOffset, bodyBytes, paddingBytes });
    planned.push({ entry, recordOffset: offset, recordBytes, bodyOffset: bodyAt });
    if (isShareable(entry) && !first) firstNames.set(bodyOffset, { path: entry.path, bodyOffset: bodyAt });
    offset += recordBytes;
  }
  return { records, entries: planned, totalBytes: offset };
}

/** Empty files have no place of their own, so two of them are never names of one file. */
function isShareable(entry: Entry): boolean {
  return entry.kind === "file" && entry.sizeBytes > 0;
}

/** A stretch of a piece's records. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/**
 * What is left of a piece's records when `dropped` paths go: stretches of it, joined where they touch. `undefined` when
 * a name that carries the bytes of others goes: then records have to be written anew.
 */
export function rangesWithout(
  entries: readonly PieceEntry[],
  dropped: ReadonlySet<string>,
): readonly Range[] | undefined {
  const ranges: { offset: number; length: number }[] = [];
  const lost = new Set<number>();
  for (const one of entries) {
    if (one.recordBytes === 0) continue;
    const carries = one.bodyOffset > one.recordOffset && one.bodyOffset < one.recordOffset + one.recordBytes;
    if (dropped.has(one.entry.path)) {
      if (carries) lost.add(one.bodyOffset);
      continue;
    }
    if (lost.has(one.bodyOffset) && isShareable(one.entry)) return undefined;
    const last = ranges.at(-1);
    if (last && last.offset + last.length === one.recordOffset) last.length += one.recordBytes;
    else ranges.push({ offset: one.recordOffset, length: one.recordBytes });
  }
  return ranges;
}

/** Cuts stretches into runs of at most `maxBytes`, always at the same places: what one compressor call gets. */
export function cutRanges(ranges: readonly Range[], maxBytes: number): readonly (readonly Range[])[] {
  const runs: Range[][] = [];
  let run: Range[] = [];
  let room = maxBytes;
  for (const range of ranges) {
    let { offset, length } = range;
    while (length > 0) {
      const taken = Math.min(length, room);
      run.push({ offset, length: taken });
      offset += taken;
      length -= taken;
      room -= taken;
      if (room === 0) {
        runs.push(run);
        run = [];
        room = maxBytes;
      }
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
