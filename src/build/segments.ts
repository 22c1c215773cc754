// A segment is a stretch of a layer whose compressed form is made once: a package's records, the folders, one package's
// database files, what effects made, the trailer. A layer is segments one after the other, compressed or not.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { gzipIdentity } from "../archive/gzip-member.ts";
import { formatTarHeader, tarPadding } from "../archive/tar-write.ts";
import { zstdIdentity } from "../archive/zstd-frame.ts";
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { hexOf, sha256 } from "../core/digest.ts";
import { unreachable } from "../core/unreachable.ts";
import { cutRanges, planRecords, type Range, rangesWithout } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import type { WorkerPool } from "../io/worker-pool.ts";
import type { MadeEntry } from "../rootfs/change.ts";

import { type Compressor, compressRanges } from "./compress.ts";
import type { CompressJob, Job, JobResult } from "./jobs.ts";
import type { PieceStore } from "./piece-store.ts";
import { readRanges, streamRanges } from "./ranges.ts";

export interface Segment {
  readonly key: string;
  readonly recordsPath: string;
  readonly ranges: readonly Range[];
  readonly totalBytes: number;
}

/** How layers are stored and sent. `none` is for outputs that hold no compressed layer, and for registries that compress. */
export type Compression = "gzip" | "zstd" | "none";

/** Name of the codec and everything that its output depends on. */
export function codecOf(compression: Compression): string {
  switch (compression) {
    case "gzip":
      return gzipIdentity;
    case "zstd":
      return zstdIdentity();
    case "none":
      return "none";
    default:
      return unreachable(compression);
  }
}

/** Bytes of records that one compressor call gets. Part of what decides the compressed bytes: never changed lightly. */
const runBytes = 2 << 20;

/** A package's records without the paths that it lost. */
export function pieceSegment(store: PieceStore, piece: Piece, dropped: ReadonlySet<string> = new Set()): Segment {
  const recordsPath = store.recordsPath(piece.key);
  const here = piece.entries.filter(({ entry }) => dropped.has(entry.path)).map(({ entry }) => entry.path);
  if (here.length === 0) {
    const ranges = piece.recordsBytes === 0 ? [] : [{ offset: 0, length: piece.recordsBytes }];
    return { key: piece.key, recordsPath, ranges, totalBytes: piece.recordsBytes };
  }
  const lost = new Set(here);
  const ranges = rangesWithout(piece.entries, lost);
  if (!ranges) return rewrittenSegment(store, piece, lost);
  const key = hexOf(sha256(formatCanonicalJson({ piece: piece.key, dropped: here })));
  return { key, recordsPath, ranges, totalBytes: ranges.reduce((sum, { length }) => sum + length, 0) };
}

/** The same when a path goes that carried the bytes of other names: those records are written anew. */
function rewrittenSegment(store: PieceStore, piece: Piece, lost: ReadonlySet<string>): Segment {
  const entries = piece.entries.filter(({ entry }) => !lost.has(entry.path));
  const plan = planRecords(entries);
  const recordsPath = store.recordsPath(piece.key);
  return keptSegment(
    store,
    plan.records.flatMap(({ header, bodyOffset, bodyBytes, paddingBytes }) => [
      header,
      readRanges(recordsPath, bodyBytes === 0 ? [] : [{ offset: bodyOffset, length: bodyBytes }]),
      new Uint8Array(paddingBytes),
    ]),
  );
}

/** Entries with their bytes, as records in the order given. */
export function entriesSegment(store: PieceStore, items: readonly MadeEntry[]): Segment {
  return keptSegment(store, recordsOf(items));
}

/** Tar records of entries. A further name of a file becomes a hard link where the first comes before it, unchanged. */
export function recordsOf(items: readonly MadeEntry[]): readonly Uint8Array[] {
  const written = new Map<string, Uint8Array>();
  return items.flatMap(({ entry, bytes = noBytes, nameOf }) => {
    const isLink = nameOf !== undefined && bytes.byteLength > 0 && written.get(nameOf) === bytes;
    if (isLink) return [formatTarHeader({ ...entry, kind: "hardlink", target: nameOf })];
    written.set(entry.path, bytes);
    return [formatTarHeader(entry), bytes, new Uint8Array(tarPadding(bytes.byteLength))];
  });
}

const noBytes = new Uint8Array(0);

/** Any bytes as a segment, kept in the store under their digest. */
export function keptSegment(store: PieceStore, chunks: readonly Uint8Array[]): Segment {
  const bytes = Buffer.concat(chunks);
  const key = hexOf(sha256(bytes));
  const recordsPath = store.recordsPath(key);
  if (store.sizeOf(recordsPath) !== bytes.byteLength) {
    const temporary = store.temporary();
    try {
      writeFileSync(temporary, bytes, { flag: "wx" });
      renameSync(temporary, recordsPath);
    } finally {
      rmSync(temporary, { force: true });
    }
  }
  const ranges = bytes.byteLength === 0 ? [] : [{ offset: 0, length: bytes.byteLength }];
  return { key, recordsPath, ranges, totalBytes: bytes.byteLength };
}

/** What is compressed without a thread when none runs. */
const littleBytes = 512 << 10;

/** A run of a segment as it is stored and sent: complete gzip members or zstd frames, which concatenate to valid files. */
export interface Member {
  readonly path: string;
  readonly ranges: readonly Range[];
  readonly sizeBytes: number;
}

const wholeFile = (path: string, sizeBytes: number): Member => ({
  path,
  ranges: [{ offset: 0, length: sizeBytes }],
  sizeBytes,
});

export interface CompressContext {
  readonly store: PieceStore;
  readonly pool: () => WorkerPool<Job, JobResult>;
  /** Whether threads run already. Starting one takes longer than compressing little here does. */
  readonly hasThreads: () => boolean;
  /** This thread's own. */
  readonly compressor: () => Compressor;
  readonly compression: Compression;
  /** Members that are being made, by path, so that two layers or an early start do not make one twice. */
  readonly inFlight: Map<string, Promise<Member>>;
}

/** The compressed form of a segment, made where it is not there yet. */
export async function compressSegment(segment: Segment, context: CompressContext): Promise<readonly Member[]> {
  const { store, compression, inFlight } = context;
  const { recordsPath, ranges: all, totalBytes } = segment;
  if (compression === "none") return [{ path: recordsPath, ranges: all, sizeBytes: totalBytes }];
  const codec = codecOf(compression);
  const runs = cutRanges(segment.ranges, runBytes);
  return Promise.all(
    runs.map((ranges, run): Promise<Member> => {
      const path = store.memberPath(segment.key, codec, run);
      const begun = inFlight.get(path) ?? compressRun(segment, { ranges, path, compression }, context);
      inFlight.set(path, begun);
      return begun;
    }),
  );
}

async function compressRun(
  { recordsPath }: Segment,
  { ranges, path, compression }: Pick<CompressJob, "ranges" | "compression"> & { readonly path: string },
  { store, pool, hasThreads, compressor }: CompressContext,
): Promise<Member> {
  const known = store.sizeOf(path);
  if (known !== undefined && known > 0) return wholeFile(path, known);
  const job: Job = {
    kind: "compress",
    compression,
    recordsPath,
    ranges,
    targetPath: path,
    temporary: store.temporary(),
  };
  const weightBytes = ranges.reduce((sum, { length }) => sum + length, 0);
  const isHere = weightBytes <= littleBytes && !hasThreads();
  const { writtenBytes } = isHere ? compressRanges(job, compressor()) : await pool().run(job, { weightBytes });
  return wholeFile(path, writtenBytes);
}

/** The uncompressed bytes of a segment. */
export function openSegment({ recordsPath, ranges }: Segment): AsyncGenerator<Uint8Array> {
  return streamRanges(recordsPath, ranges);
}
