// The content store: everything that dodai keeps between runs, in one folder.
//
//   blobs/sha256/HEX   verified downloads and layers, by what they are
//   values/KIND/KEY    compiled indexes and results, by what they were made from; each with a seal at its end
//   tmp/               what is being written; renamed into place when it is whole
//
// Any number of processes use one store at once without locks: a name always means the same bytes, so whoever renames last
// changes nothing. A killed process leaves only its files in tmp/, which a later run removes.
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, bytesOf, type Expected, verified } from "../core/bytes.ts";
import { type Digest, hexOf, sha256, startDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { describeWriteError, writeAside } from "./atomic.ts";
import type { FileAccess } from "./file-access.ts";
import { removeLeftovers, temporaryIn } from "./store-leftovers.ts";
import {
  markStore,
  markUsed,
  type Pruned,
  type PruneOptions,
  pruneStore,
  type StoreSize,
  sizeOfStore,
} from "./store-prune.ts";
import { openSealed, readSealed, sealed } from "./store-seal.ts";

export interface Store {
  readonly directory: string;
  /** Whether the bytes are there, of that size; whether they are undamaged is for `verify`. Marks them as used. */
  has(digest: Digest, sizeBytes?: number): Promise<boolean>;
  /** How many bytes are there; `undefined` when none are. */
  sizeOf(digest: Digest): Promise<number | undefined>;
  /** Reads the bytes and tells whether they are what their name says; removes them when they are not. */
  verify(digest: Digest, sizeBytes: number): Promise<boolean>;
  /** Where the bytes are, or would be. */
  path(digest: Digest): string;
  /** The bytes as they are on disk. The stream fails with CACHE_BROKEN when they are gone. */
  open(digest: Digest): Bytes;
  /** Keeps bytes, which must be as expected, and gives their digest. Throws DIGEST_MISMATCH, DISK_FULL, CACHE_UNWRITABLE; then nothing is kept. */
  keep(bytes: Bytes | Uint8Array, expected?: Expected): Promise<Digest>;
  /** A value, whole and checked; `undefined` when there is none or it is damaged. */
  value(kind: string, key: string): Promise<Uint8Array | undefined>;
  /** A value to be read in places. Only its length and the presence of its seal are checked. The caller closes it. */
  openValue(kind: string, key: string): Promise<FileAccess | undefined>;
  /** Keeps a value, in place of an earlier one of that key. Throws DISK_FULL, CACHE_UNWRITABLE. */
  keepValue(kind: string, key: string, bytes: Bytes | Uint8Array): Promise<void>;
  /** Forgets a value, when its reader found it broken. */
  removeValue(kind: string, key: string): Promise<void>;
  /** A new path in `tmp/`, not made yet. What is there is removed by a later run when this process is gone. */
  temporary(): string;
  size(): Promise<StoreSize>;
  /** Removes what was not used for longest. */
  prune(options: PruneOptions): Promise<Pruned>;
}

export interface StoreOptions {
  /** The clock, for marks of use and leftovers. */
  readonly now?: () => Date;
}

/** Opens the store in a folder, and makes it when it is not there. Throws CACHE_UNWRITABLE, DISK_FULL. */
export async function openStore(directory: string, options: StoreOptions = {}): Promise<Store> {
  const now = options.now ?? (() => new Date());
  await makeFolders(directory);
  await markStore(directory);
  await removeLeftovers(join(directory, "tmp"), now());
  return { directory, ...blobs(directory, now), ...values(directory, now), ...upkeep(directory) };
}

async function makeFolders(directory: string): Promise<void> {
  for (const folder of ["blobs/sha256", "values", "tmp"]) {
    const path = join(directory, folder);
    try {
      await mkdir(path, { recursive: true });
    } catch (error) {
      throw describeWriteError(error, { path, unwritable: "CACHE_UNWRITABLE" });
    }
  }
}

function blobs(
  directory: string,
  now: () => Date,
): Pick<Store, "has" | "sizeOf" | "verify" | "path" | "open" | "keep"> {
  const path = (digest: Digest): string => join(directory, "blobs/sha256", hexOf(digest));

  const has = async (digest: Digest, sizeBytes?: number): Promise<boolean> => {
    const found = await stat(path(digest)).catch(() => undefined);
    if (found === undefined || (sizeBytes !== undefined && found.size !== sizeBytes)) return false;
    await markUsed(path(digest), found.mtime, now());
    return true;
  };

  const sizeOfBlob = async (digest: Digest): Promise<number | undefined> =>
    (await stat(path(digest)).catch(() => undefined))?.size;

  const open = (digest: Digest): Bytes => readFileStream(path(digest));

  const verify = async (digest: Digest, sizeBytes: number): Promise<boolean> => {
    if (!(await has(digest, sizeBytes))) return false;
    try {
      for await (const _ of verified(open(digest), { digest, sizeBytes, what: path(digest) }));
      return true;
    } catch (error) {
      if (!(error instanceof DodaiError)) throw error;
      await rm(path(digest), { force: true });
      return false;
    }
  };

  const keep = async (bytes: Bytes | Uint8Array, expected?: Expected): Promise<Digest> => {
    if (bytes instanceof Uint8Array && expected === undefined) {
      const digest = sha256(bytes);
      if (await has(digest, bytes.byteLength)) return digest;
    }
    const stream = bytes instanceof Uint8Array ? bytesOf(bytes) : bytes;
    const state = startDigest();
    let known = expected?.digest;
    const digestOnce = (): Digest => {
      known ??= state.digest();
      return known;
    };
    await writeAside(expected === undefined ? observed(stream, state.update) : verified(stream, expected), {
      temporary: temporaryIn(join(directory, "tmp")),
      target: () => path(digestOnce()),
      unwritable: "CACHE_UNWRITABLE",
    });
    return digestOnce();
  };

  return { has, sizeOf: sizeOfBlob, verify, path, open, keep };
}

/** A file in chunks that are large enough to keep a hash busy. Throws CACHE_BROKEN when it is not there. */
export async function* readFileStream(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) yield chunk as Uint8Array;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EIO") throw error;
    throw new DodaiError("CACHE_BROKEN", `Cannot read "${path}": it is gone or damaged (${code})`, {
      fix: "Run the command again. It may have been removed by another run that made space.",
      cause: error,
    });
  }
}

async function* observed(bytes: Bytes, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    see(chunk);
    yield chunk;
  }
}

function values(directory: string, now: () => Date): Pick<Store, "value" | "openValue" | "keepValue" | "removeValue"> {
  const path = (kind: string, key: string): string => join(directory, "values", assertName(kind), assertName(key));
  return {
    value: (kind, key) => readSealed(path(kind, key), now()),
    openValue: (kind, key) => openSealed(path(kind, key), now()),
    keepValue: async (kind, key, bytes) => {
      const target = path(kind, key);
      await mkdir(join(directory, "values", kind), { recursive: true }).catch((error: unknown) => {
        throw describeWriteError(error, { path: target, unwritable: "CACHE_UNWRITABLE" });
      });
      await writeAside(sealed(bytes), {
        temporary: temporaryIn(join(directory, "tmp")),
        target,
        unwritable: "CACHE_UNWRITABLE",
      });
    },
    removeValue: (kind, key) => rm(path(kind, key), { force: true }),
  };
}

/** Kinds and keys are chosen by dodai's own code; one that is no plain file name is our bug. */
function assertName(name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/.test(name)) throw new TypeError(`"${name}" is no name for a value`);
  return name;
}

function upkeep(directory: string): Pick<Store, "temporary" | "size" | "prune"> {
  return {
    temporary: () => temporaryIn(join(directory, "tmp")),
    size: () => sizeOfStore(directory),
    prune: (options) => pruneStore(directory, options),
  };
}
