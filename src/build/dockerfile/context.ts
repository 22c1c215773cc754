// The build context: files of a folder of the host, less what `.dockerignore` names. Only what instructions ask for is looked
// at. No link is followed by the host's kernel, so nothing outside the folder is ever read.
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { type Entry, noXattrs } from "../../archive/entry.ts";
import { compareBytes } from "../../core/byte-order.ts";
import type { Bytes } from "../../core/bytes.ts";
import { formatCanonicalJson } from "../../core/canonical-json.ts";
import { type Digest, hexOf, parseDigest, sha256, startDigest } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { type Ignore, parseIgnore } from "../../frontends/dockerfile/ignore.ts";
import type { Store } from "../../io/store.ts";

export interface BuildContext {
  /** Whether a path is left out by `.dockerignore`. */
  isIgnored(path: string): boolean;
  /** The entry at a path, without looking through links; `undefined` when there is none or it is left out. */
  find(path: string): Entry | undefined;
  /** Names in a folder that are not left out, in byte order. */
  list(path: string): readonly string[];
  open(path: string): Bytes;
  digest(path: string): Promise<Digest>;
  /** Remembers digests that were taken, for the next build. */
  keep(): Promise<void>;
}

const kind = "contexts";

/** `now` says when files are so new that their times may not tell of the next change. Throws FILE_UNREADABLE. */
export async function openContext(
  directory: string,
  { ignoreText, store, now }: { readonly ignoreText: string; readonly store: Store; readonly now: Date },
): Promise<BuildContext> {
  const ignore = parseIgnore(ignoreText);
  const key = hexOf(sha256(directory));
  const known = await readDigests(store, key);
  const taken = new Map<string, KnownDigest>();
  const at = (path: string): string => (path === "" ? directory : join(directory, path));
  const judged = new Map<string, boolean>();
  const isIgnored = (path: string): boolean => {
    const known = judged.get(path) ?? (path !== "" && ignore.has(path));
    judged.set(path, known);
    return known;
  };
  return {
    isIgnored,
    find: (path) => (isIgnored(path) && !mayHoldWanted(path, ignore, at) ? undefined : entryAt(at(path), path)),
    list: (path) =>
      namesIn(at(path), path)
        .sort(compareBytes)
        .filter((name) => {
          const child = path === "" ? name : `${path}/${name}`;
          return !isIgnored(child) || mayHoldWanted(child, ignore, at);
        }),
    open: (path) => readFile(at(path), path),
    digest: async (path) => {
      const stat = lstatSync(at(path), { bigint: true });
      const stamp = [stat.size, stat.mtimeNs, stat.ctimeNs, stat.ino].join(" ");
      const before = known.get(path);
      const digest = before?.stamp === stamp ? parseDigest(before.digest) : await digestOf(readFile(at(path), path));
      const isOld = now.getTime() - Number(stat.mtimeMs) > freshMs && now.getTime() - Number(stat.ctimeMs) > freshMs;
      if (isOld) taken.set(path, { stamp, digest });
      return digest;
    },
    keep: async () => {
      if ([...taken].every(([path, { stamp }]) => known.get(path)?.stamp === stamp)) return;
      const all = [...known, ...taken].slice(-maxKnown);
      await store.keepValue(kind, key, Buffer.from(JSON.stringify(all)));
    },
  };
}

/** A file that changed so lately may change again without its times telling. */
const freshMs = 2000;
const maxKnown = 200_000;

interface KnownDigest {
  readonly stamp: string;
  readonly digest: string;
}

async function readDigests(store: Store, key: string): Promise<ReadonlyMap<string, KnownDigest>> {
  const bytes = await store.value(kind, key);
  return new Map(bytes ? (JSON.parse(Buffer.from(bytes).toString()) as [string, KnownDigest][]) : []);
}

/** A folder that is left out, when `!` may want something in it. */
function mayHoldWanted(path: string, ignore: Ignore, at: (path: string) => string): boolean {
  return ignore.hasExceptions && (lstatSync(at(path), { throwIfNoEntry: false })?.isDirectory() ?? false);
}

async function digestOf(bytes: Bytes): Promise<Digest> {
  const state = startDigest();
  for await (const chunk of bytes) state.update(chunk);
  return state.digest();
}

/** A link that took a file's place meanwhile is not followed. */
const flags: number = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Files up to this size are read at once: a stream for each of thousands takes longer than reading them. */
const smallBytes = 1 << 20;

async function* readFile(at: string, path: string): AsyncGenerator<Uint8Array> {
  try {
    const file = openSync(at, flags);
    if (fstatSync(file).size <= smallBytes) {
      try {
        yield readFileSync(file);
      } finally {
        closeSync(file);
      }
      return;
    }
    for await (const chunk of createReadStream(at, { fd: file, highWaterMark: smallBytes })) yield chunk as Uint8Array;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function entryAt(at: string, path: string): Entry | undefined {
  const stat = statAt(at, path);
  if (stat === undefined) return undefined;
  const common = {
    path: path === "" ? "." : path,
    mode: stat.mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: 0,
    xattrs: noXattrs,
  };
  if (stat.isFile()) return { ...common, kind: "file", sizeBytes: stat.size };
  if (stat.isDirectory()) return { ...common, kind: "directory" };
  if (stat.isSymbolicLink()) return { ...common, mode: 0o777, kind: "symlink", target: readlinkSync(at) };
  if (stat.isFIFO()) return { ...common, kind: "fifo" };
  // Sockets and devices of the host are no part of an image.
  return undefined;
}

function statAt(at: string, path: string): Stats | undefined {
  try {
    return lstatSync(at, { throwIfNoEntry: false });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw unreadable(path, cause);
  }
}

function namesIn(at: string, path: string): string[] {
  try {
    return readdirSync(at);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): DodaiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DodaiError("FILE_UNREADABLE", `Cannot read "${path || "."}" of the build context: ${reason}`, {
    fix: "Make it readable, or name it in .dockerignore.",
    cause,
  });
}

/** One digest for a list of things, in its order. */
export function digestOfList(values: readonly (readonly (string | number)[])[]): Digest {
  return sha256(formatCanonicalJson(values));
}
