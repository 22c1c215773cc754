// The tar reader itself: header, extended headers, data, again, until the trailer. Formats: v7, ustar, GNU and PAX.
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import type { FileEntry } from "./entry.ts";
import { readTarMember, type TarExtras } from "./tar-entry.ts";
import { BLOCK_BYTES, isZeroBlock, parseTarHeader, type TarHeader } from "./tar-header.ts";
import {
  assertHoles,
  assertRoom,
  drain,
  paddingOf,
  pass,
  skip,
  startInput,
  type TarInput,
  type TarSteps,
  take,
  takePromised,
} from "./tar-input.ts";
import { printable } from "./tar-name.ts";
import { type PaxRecord, parsePaxRecords, xattrOf } from "./tar-pax.ts";
import { isSparseMap, paxSparseOf, type SparseMap } from "./tar-sparse.ts";
import { readGnuSegments, readMapInData } from "./tar-sparse-steps.ts";

/** What an archive may cost at most; past it reading throws ARCHIVE_TOO_LARGE. */
export interface TarLimits {
  readonly maxEntries: number;
  /** All bytes of the archive, and the holes of its sparse files. */
  readonly maxTotalBytes: number;
  /** The holes of its sparse files together; without it they count for `maxTotalBytes` alone. */
  readonly maxHoleBytes?: number;
  /** Extended headers (PAX, GNU) and sparse maps of one entry together; and, separately, all global PAX headers. */
  readonly maxHeaderBytes: number;
  /** Whose archive, for messages: a package file or a URL. */
  readonly what?: string;
  /** Key of a PAX record to keep with each entry, beside what entries have anyway. */
  readonly record?: string;
}

/**
 * Reads an archive. The first zero block ends it, as does the end of the input between two entries: GNU tar, dpkg and
 * Python take that too, and a truncation is for the checksum around the archive to find. What follows the end is taken,
 * counted against `maxTotalBytes`, and ignored.
 */
export function* tarSteps(limits: TarLimits): TarSteps<void> {
  const archive: Archive = {
    input: startInput(limits.maxTotalBytes, limits.what ?? "tar archive"),
    limits,
    globals: new Map(),
    globalBytes: 0,
    holeBytes: 0,
  };
  for (let count = 1; ; count++) {
    const found = yield* readHeaders(archive);
    if (found === undefined) break;
    if (count > limits.maxEntries) throw tooLarge(archive, `it has more than ${limits.maxEntries} entries`);
    yield* readMember(archive, found);
  }
  yield* drain(archive.input);
}

interface Archive {
  readonly input: TarInput;
  readonly limits: TarLimits;
  /** Records of global PAX headers, by key. */
  globals: ReadonlyMap<string, PaxRecord>;
  globalBytes: number;
  holeBytes: number;
}

interface Found {
  readonly header: TarHeader;
  readonly extras: TarExtras;
  /** Bytes of extended headers that the entry used up of `maxHeaderBytes`. */
  readonly headerBytes: number;
}

/** The next header that is an entry's own, and the extended ones before it. */
function* readHeaders(archive: Archive): TarSteps<Found | undefined> {
  const { input, limits } = archive;
  let extras: TarExtras = { records: [] };
  let headerBytes = 0;
  for (;;) {
    const block = yield* take(input, BLOCK_BYTES);
    if (block === undefined || (block[0] === 0 && isZeroBlock(block))) {
      if (headerBytes > 0) throw broken(archive, "it ends after an extended header");
      return undefined;
    }
    const header = parseTarHeader(block);
    if (header === "bad checksum") throw broken(archive, "the checksum of a header is wrong, or it is no tar archive");
    if (!"xXgLKVA".includes(header.typeflag)) {
      const records = [...archive.globals.values(), ...extras.records];
      return { header, extras: { ...extras, records }, headerBytes };
    }
    const sizeBytes = header.sizeBytes ?? -1;
    if (sizeBytes < 0) throw broken(archive, "the size of an extended header is not a number");
    headerBytes += BLOCK_BYTES + sizeBytes;
    if (headerBytes > limits.maxHeaderBytes) {
      throw tooLarge(archive, `the headers of one entry have more than ${limits.maxHeaderBytes} bytes`);
    }
    const body = yield* takePromised(input, sizeBytes);
    yield* skip(input, paddingOf(sizeBytes));
    extras = withExtended(archive, extras, { typeflag: header.typeflag, body });
  }
}

function withExtended(
  archive: Archive,
  extras: TarExtras,
  { typeflag, body }: { readonly typeflag: string; readonly body: Uint8Array },
): TarExtras {
  switch (typeflag) {
    case "L":
      return { ...extras, longName: untilNul(body) };
    case "K":
      return { ...extras, longLink: untilNul(body) };
    case "x":
    case "X": // Solaris before it had a standard
      return { ...extras, records: [...extras.records, ...recordsOf(archive, body)] };
    case "g":
      addGlobals(archive, body);
      return extras;
    default:
      return extras; // GNU's name of the volume ("V") and Solaris' access lists ("A") are nothing that an entry has
  }
}

/** Records that mean something for all entries alike. Only these are kept: each entry pays for what global headers hold. */
const globalKeys: ReadonlySet<string> = new Set(["uid", "gid", "mode", "mtime", "SCHILY.devmajor", "SCHILY.devminor"]);
/** Longest value of such a record: numbers all. */
const maxGlobalValueBytes = 64;

/** Global records hold for all entries that follow, until a later one replaces them (POSIX pax, typeflag g). */
function addGlobals(archive: Archive, body: Uint8Array): void {
  archive.globalBytes += body.length;
  if (archive.globalBytes > archive.limits.maxHeaderBytes) {
    throw tooLarge(archive, `its global headers have more than ${archive.limits.maxHeaderBytes} bytes`);
  }
  const globals = new Map(archive.globals);
  for (const record of recordsOf(archive, body)) {
    if (/^(path|linkpath|size|SUN\.holesdata|GNU\.sparse\..*)$/s.test(record.key) || xattrOf(record) !== undefined) {
      throw broken(archive, `a global header sets "${printable(record.key)}", which belongs to one entry`);
    }
    if (!globalKeys.has(record.key)) continue;
    if (record.value.length > maxGlobalValueBytes) {
      throw broken(archive, `a global header sets "${record.key}" to what is no number`);
    }
    globals.set(record.key, record);
  }
  archive.globals = globals;
}

function recordsOf(archive: Archive, body: Uint8Array): readonly PaxRecord[] {
  const records = parsePaxRecords(body);
  if (typeof records === "string") throw broken(archive, records);
  return records;
}

function* readMember(archive: Archive, found: Found): TarSteps<void> {
  const { input } = archive;
  const { entry, storedBytes } = readTarMember(found.header, found.extras, {
    what: input.what,
    record: archive.limits.record,
  });
  assertRoom(input, storedBytes);
  if (entry.kind === "file") return yield* readFile(archive, { ...found, entry });
  yield { kind: "entry", entry };
  // The list of names that a directory of an incremental GNU backup has.
  yield* skip(input, storedBytes + paddingOf(storedBytes));
}

type FoundFile = Found & { readonly entry: FileEntry };

function* readFile(archive: Archive, file: FoundFile): TarSteps<void> {
  const { input } = archive;
  const { entry } = file;
  const sparse = yield* readSparse(archive, file);
  if (sparse === undefined) {
    yield { kind: "entry", entry };
    yield* pass(input, entry.sizeBytes);
    return yield* skip(input, paddingOf(entry.sizeBytes));
  }
  const { map, dataBytes } = sparse;
  if (!isSparseMap(map, dataBytes)) throw broken(archive, `the sparse map of "${entry.path}" does not fit its size`);
  countHoles(archive, map.realBytes - dataBytes);
  yield { kind: "entry", entry: { ...entry, sizeBytes: map.realBytes } };
  yield* passSparse(input, map);
  yield* skip(input, paddingOf(dataBytes));
}

/** Holes cost nothing in the archive, and room or time wherever it is laid out. */
function countHoles(archive: Archive, count: number): void {
  const { input, limits } = archive;
  assertHoles(input, count);
  archive.holeBytes += count;
  if (limits.maxHoleBytes !== undefined && archive.holeBytes > limits.maxHoleBytes) {
    throw tooLarge(archive, `its sparse files have more than ${limits.maxHoleBytes} bytes of holes`);
  }
}

interface Sparse {
  readonly map: SparseMap;
  /** Bytes of data in the archive, after the map if that is there too. */
  readonly dataBytes: number;
}

function* readSparse(
  archive: Archive,
  { header, extras, headerBytes, entry }: FoundFile,
): TarSteps<Sparse | undefined> {
  const { input, limits } = archive;
  const room = limits.maxHeaderBytes - headerBytes;
  const dataBytes = entry.sizeBytes;
  if (header.typeflag === "S") return { map: yield* readGnuSegments(input, header.block, room), dataBytes };
  if (extras.records.length === 0) return undefined;
  const sparse = paxSparseOf(extras.records);
  switch (sparse.kind) {
    case "none":
      return undefined;
    case "broken":
      throw broken(archive, sparse.reason);
    case "map":
      return { map: sparse.map, dataBytes };
    case "map-in-data": {
      const { segments, usedBytes } = yield* readMapInData(input, { storedBytes: dataBytes, room });
      return { map: { segments, realBytes: sparse.realBytes }, dataBytes: dataBytes - usedBytes };
    }
    default:
      return unreachable(sparse);
  }
}

const zeros = new Uint8Array(64 << 10);

function* passSparse(input: TarInput, { segments, realBytes }: SparseMap): TarSteps<void> {
  let at = 0;
  for (const { offset, sizeBytes } of [...segments, { offset: realBytes, sizeBytes: 0 }]) {
    for (; at < offset; at += Math.min(zeros.length, offset - at)) {
      yield { kind: "data", bytes: zeros.subarray(0, Math.min(zeros.length, offset - at)) };
    }
    yield* pass(input, sizeBytes);
    at += sizeBytes;
  }
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

function broken({ input }: Archive, reason: string): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", `Cannot read ${input.what}: ${reason}`);
}

function tooLarge({ input }: Archive, reason: string): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot read ${input.what}: ${reason}`);
}
