// A package file becomes a piece: verified while it is read, its files put in tree order, usr-merged, and written as tar
// records. Bodies are kept as the chunks in which they were decompressed, without copies, until they are too much for
// memory; then they go to a spool file.
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
  writevSync,
} from "node:fs";
import type { DirectoryEntry, Entry } from "../archive/entry.ts";
import { printable } from "../archive/tar-name.ts";
import { type Bytes, readerOf, verified } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { arrangeEntries, type LooseEntry, placeEntry, planRecords, type RecordPlan } from "../image/piece.ts";
import { formatPiece } from "../image/piece-file.ts";
import type { PackageFile, PackageLimits } from "../packages/contract.ts";
import { formats } from "../packages/formats.ts";
import type { JobResult, UnpackJob } from "./jobs.ts";
import { isWhiteout, rootTarball, rootTarballFormat } from "./root-tarball.ts";

/**
 * What one package may make of itself: real ones unfold less than a hundredfold, bombs several thousandfold. The largest
 * in Debian unpacks to about 2 GB.
 */
function limitsFor(sizeBytes: number): PackageLimits {
  const maxTreeBytes = Math.min(16 * 2 ** 30, Math.ceil((300 * sizeBytes) / 2 ** 28) * 2 ** 28);
  return { maxControlBytes: 64 << 20, maxTreeBytes, maxEntries: 1_000_000 };
}

/** Bodies up to here stay in memory, in each thread. */
const maxKeptBytes = 16 << 20;
const readBytes = 1 << 20;
/** A chunk of this size is written at once, so that its memory can be used for the next. */
const flushBytes = 64 << 10;

export async function unpackPackage(job: UnpackJob): Promise<JobResult> {
  const format = job.format === rootTarball ? rootTarballFormat : formats.find(({ name }) => name === job.format);
  if (!format) throw new Error(`No package format "${job.format}"`);
  const expected = { digest: job.digest, sizeBytes: job.sizeBytes, what: job.what };
  const bytes = verified(createReadStream(job.packagePath, { highWaterMark: readBytes }), expected);
  return writePiece(job, async () => {
    const file = await format.openPackage(readerOf(bytes), limitsFor(job.sizeBytes), job.checksum, job.trust);
    return { file, md5Wanted: format.digestedPaths(file.control), hasRoot: format.ownsRoot === true, rest: bytes };
  });
}

/** What a piece is written from. */
interface OpenedPackage {
  readonly file: PackageFile;
  readonly md5Wanted: ReadonlySet<string>;
  /** Whether what it says of the root folder counts. */
  readonly hasRoot: boolean;
  /** What lies behind the last member belongs to the digest too. */
  readonly rest?: Bytes;
}

/** Where a piece goes, and whose it is. */
export type PieceJob = Pick<UnpackJob, "what" | "key" | "rules" | "recordsPath" | "descriptionPath" | "temporary">;

/** Writes records and description of what is opened, aside at first. */
export async function writePiece(job: PieceJob, open: () => Promise<OpenedPackage>): Promise<JobResult> {
  const bodies = openBodies(`${job.temporary}.spool`);
  try {
    const { file, md5Wanted, hasRoot, rest = [] } = await open();
    const { root, loose, paths, md5, sha1 } = await readItems(file, { job, bodies, md5Wanted });
    for await (const _rest of rest) {
      // Only drained.
    }
    const plan = planRecords(arrangeEntries(loose, job.what));
    writeRecords(plan.records, bodies, `${job.temporary}.records`);
    const description = {
      key: job.key,
      ...(root && hasRoot ? { root } : {}),
      entries: plan.entries,
      recordsBytes: plan.totalBytes,
      control: file.control,
      paths,
      md5,
      sha1,
      ...(file.unsigned === undefined ? {} : { unsigned: file.unsigned }),
    };
    writeFileSync(`${job.temporary}.json`, formatPiece(description));
    renameSync(`${job.temporary}.records`, job.recordsPath);
    renameSync(`${job.temporary}.json`, job.descriptionPath);
    return { writtenBytes: plan.totalBytes };
  } finally {
    bodies.close();
    for (const suffix of ["records", "json"]) rmSync(`${job.temporary}.${suffix}`, { force: true });
  }
}

interface ReadContext {
  readonly job: PieceJob;
  readonly bodies: Bodies;
  readonly md5Wanted: ReadonlySet<string>;
}

interface ReadItems {
  readonly root: DirectoryEntry | undefined;
  readonly loose: readonly LooseEntry[];
  readonly paths: readonly string[];
  readonly md5: ReadonlyMap<string, string>;
  readonly sha1: ReadonlyMap<string, string>;
}

async function readItems(file: PackageFile, { job, bodies, md5Wanted }: ReadContext): Promise<ReadItems> {
  const loose: LooseEntry[] = [];
  const paths: string[] = [];
  const md5 = new Map<string, string>();
  const sha1 = new Map<string, string>();
  let root: DirectoryEntry | undefined;
  for await (const item of file.items) {
    const { entry, body } = item;
    if (isWhiteout(entry)) throw whiteout(entry, job);
    const spelled = entry.path === "." ? "/." : `/${entry.path}`;
    paths.push(spelled);
    if (entry.path === ".") {
      if (entry.kind === "directory") root ??= entry;
      continue;
    }
    const bodyOffset = bodies.size();
    const hash = md5Wanted.has(spelled) ? createHash("md5") : undefined;
    await keepBody(entry, body, { bodies, job, hash });
    if (hash) md5.set(spelled, hash.digest("hex"));
    // Known once the body was taken.
    if (item.sha1 !== undefined) sha1.set(entry.path, item.sha1);
    loose.push({ entry: placeEntry(entry, job.rules), bodyOffset });
  }
  return { root, loose, paths, md5, sha1 };
}

function whiteout({ path }: Entry, { what }: PieceJob): DodaiError {
  return new DodaiError(
    "ARCHIVE_UNSAFE_PATH",
    `Cannot unpack ${what}: "/${printable(path)}" is a whiteout, which a layer takes for a deletion`,
    { fix: "No image can hold such a file. Ask who made the package, or leave it out." },
  );
}

async function keepBody(
  entry: Entry,
  body: Bytes,
  {
    bodies,
    job,
    hash,
  }: { readonly bodies: Bodies; readonly job: PieceJob; readonly hash: ReturnType<typeof createHash> | undefined },
): Promise<void> {
  if (entry.kind !== "file") return;
  let seen = 0;
  for await (const chunk of body) {
    bodies.add(chunk);
    hash?.update(chunk);
    seen += chunk.byteLength;
  }
  if (seen !== entry.sizeBytes) {
    throw new DodaiError(
      "PACKAGE_BROKEN",
      `Cannot unpack ${job.what}: "/${entry.path}" has ${seen} bytes, and its entry says ${entry.sizeBytes}`,
    );
  }
}

/** Bodies one after the other; the place of one is the sum of those before it. */
interface Bodies {
  size(): number;
  add(chunk: Uint8Array): void;
  /** The chunks that make up `length` bytes from `offset`. One of `flushBytes` or more is good until the next is asked for. */
  read(offset: number, length: number): Iterable<Uint8Array>;
  close(): void;
}

function openBodies(spoolPath: string): Bodies {
  const chunks: Uint8Array[] = [];
  const starts: number[] = [];
  let kept = 0;
  let total = 0;
  let spool: number | undefined;
  let shared: Uint8Array | undefined;

  function bufferOf(length: number): Uint8Array {
    if (length < flushBytes) return Buffer.allocUnsafe(length);
    shared ??= Buffer.allocUnsafe(readBytes);
    return shared.subarray(0, Math.min(length, readBytes));
  }

  function add(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    if (spool === undefined && kept + chunk.byteLength > maxKeptBytes) spool = openSync(spoolPath, "wx+", 0o600);
    if (spool === undefined) {
      chunks.push(chunk);
      starts.push(total);
      kept += chunk.byteLength;
    } else {
      writeAll(spool, chunk, total - kept);
    }
    total += chunk.byteLength;
  }

  function* read(offset: number, length: number): Generator<Uint8Array> {
    let at = offset;
    const end = offset + length;
    for (let index = lastAtMost(starts, at); at < end && at < kept; index++) {
      const chunk = chunks[index] as Uint8Array;
      const from = at - (starts[index] as number);
      const part = chunk.subarray(from, Math.min(chunk.byteLength, from + end - at));
      yield part;
      at += part.byteLength;
    }
    while (at < end && spool !== undefined) {
      const part = bufferOf(end - at);
      const count = readSync(spool, part, 0, part.byteLength, at - kept);
      if (count === 0) throw new Error("The spool file ended early");
      yield part.subarray(0, count);
      at += count;
    }
  }

  return {
    size: () => total,
    add,
    read,
    close: () => {
      if (spool === undefined) return;
      closeSync(spool);
      rmSync(spoolPath, { force: true });
    },
  };
}

/** Index of the last number that is not above `value`; numbers ascend. */
function lastAtMost(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] as number) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Most buffers that one writev(2) takes, less a margin. */
const maxBuffers = 512;
const padding = new Uint8Array(512);

function writeRecords(records: readonly RecordPlan[], bodies: Bodies, path: string): void {
  const file = openSync(path, "wx");
  try {
    let batch: Uint8Array[] = [];
    let batchBytes = 0;
    const flush = (): void => {
      writeBatch(file, batch, batchBytes);
      batch = [];
      batchBytes = 0;
    };
    const put = (chunk: Uint8Array): void => {
      batch.push(chunk);
      batchBytes += chunk.byteLength;
      if (batch.length >= maxBuffers || chunk.byteLength >= flushBytes || batchBytes >= readBytes) flush();
    };
    for (const { header, bodyOffset, bodyBytes, paddingBytes } of records) {
      put(header);
      if (bodyBytes > 0) for (const chunk of bodies.read(bodyOffset, bodyBytes)) put(chunk);
      if (paddingBytes > 0) put(padding.subarray(0, paddingBytes));
    }
    flush();
  } finally {
    closeSync(file);
  }
}

function writeBatch(file: number, batch: readonly Uint8Array[], bytes: number): void {
  if (batch.length === 0) return;
  const written = writevSync(file, [...batch]);
  if (written < bytes) writeAll(file, Buffer.concat(batch).subarray(written));
}

function writeAll(file: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    done += writeSync(file, bytes, done, bytes.byteLength - done, position === undefined ? null : position + done);
  }
}
