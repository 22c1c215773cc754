// The files of an image on disk, whether they lie in a folder or in a tar: read in place, nothing is unpacked.
import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Entry } from "../archive/entry.ts";
import { BLOCK_BYTES, isZeroBlock, parseTarHeader } from "../archive/tar-header.ts";
import { cleanPath } from "../archive/tar-name.ts";
import { tarSteps } from "../archive/tar-steps.ts";
import { tarPadding } from "../archive/tar-write.ts";
import { type Bytes, collect } from "../core/bytes.ts";
import { brokenImage, type DocumentText, maxDocumentBytes } from "../image/read-documents.ts";

export interface ImageFiles {
  /** The folder or file, for messages. */
  readonly place: string;
  /** Size of a regular file in bytes; `undefined` when there is none. */
  sizeOf(path: string): Promise<number | undefined>;
  /** Its bytes, from their start each time. Throws IMAGE_BROKEN when there is no such file. */
  open(path: string): Bytes;
  close(): Promise<void>;
}

/** A small text of an image. Throws IMAGE_BROKEN when it is not there or too large. */
export async function readDocument(files: ImageFiles, path: string): Promise<DocumentText> {
  const what = `"${path}" of "${files.place}"`;
  const bytes = await collect(files.open(path), { maxBytes: maxDocumentBytes, what, code: "IMAGE_BROKEN" });
  return { what, text: Buffer.from(bytes).toString("utf8") };
}

const CHUNK_BYTES = 1 << 20;

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Links in it are followed, as official images have them in place of blobs, but never out of it. */
export function openImageFolder(place: string): ImageFiles {
  const find = async (path: string): Promise<string | undefined> => {
    const [root, at] = await Promise.all(
      [place, join(place, cleanPath(path))].map((one) => realpath(one).catch(() => "")),
    );
    return root && at?.startsWith(`${root}/`) ? at : undefined;
  };
  return {
    place,
    sizeOf: async (path) => {
      const at = await find(path);
      const found = at === undefined ? undefined : await lstat(at);
      return found?.isFile() ? found.size : undefined;
    },
    open: (path) => readWholeFile(() => find(path), `"${path}" of "${place}"`),
    close: async () => {},
  };
}

async function* readWholeFile(find: () => Promise<string | undefined>, what: string): AsyncGenerator<Uint8Array> {
  const path = await find();
  if (path === undefined) throw brokenImage(what, "it is not there");
  const handle = await open(path, READ).catch((cause: Error) => {
    throw brokenImage(what, cause.message, cause);
  });
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw brokenImage(what, "it is not an ordinary file");
    yield* readRange(handle, { offset: 0, sizeBytes: found.size });
  } finally {
    await handle.close();
  }
}

interface Range {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Bytes of an open file, in chunks that nobody writes over. Ends early when the file does. */
export async function* readRange(handle: FileHandle, { offset, sizeBytes }: Range): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < sizeBytes; ) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, sizeBytes - done));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** A member of a tar in a file: an ordinary file, or a link to one (old Docker archives name one layer twice so). */
type Member = Range | { readonly target: string };

/** The most members that an archive of an image may have. */
const MAX_MEMBERS = 100_000;
const MAX_HEADER_BYTES = 1 << 20;
const MAX_LINKS = 8;

/**
 * A tar of an image, by its headers alone: bodies are passed over unread. `isPart` is asked for every path; the first that is
 * no part of an image ends the reading, and gives `undefined`. The handle is the caller's until this gives files.
 */
export async function openImageTar(
  handle: FileHandle,
  { place, isPart }: { readonly place: string; readonly isPart: (path: string) => boolean },
): Promise<ImageFiles | undefined> {
  const members = new Map<string, Member>();
  for await (const { entry, offset } of membersOf(handle, place)) {
    if (!isPart(entry.path)) return undefined;
    if (entry.kind === "file") members.set(entry.path, { offset, sizeBytes: entry.sizeBytes });
    if (entry.kind === "hardlink") members.set(entry.path, { target: entry.target });
    if (entry.kind === "symlink") {
      members.set(entry.path, { target: posix.join(posix.dirname(entry.path), entry.target) });
    }
    if (members.size > MAX_MEMBERS) throw brokenImage(`"${place}"`, `it has more than ${MAX_MEMBERS} members`);
  }
  const find = (path: string): Range | undefined => {
    let member = members.get(cleanPath(path));
    for (let links = 0; member && "target" in member && links < MAX_LINKS; links++) member = members.get(member.target);
    return member && "offset" in member ? member : undefined;
  };
  return {
    place,
    sizeOf: async (path) => find(path)?.sizeBytes,
    open: (path) => {
      const range = find(path);
      if (range === undefined) throw brokenImage(`"${path}" of "${place}"`, "it is not there");
      return readRange(handle, range);
    },
    close: () => handle.close(),
  };
}

interface Placed {
  readonly entry: Entry;
  /** Where its body starts. */
  readonly offset: number;
}

async function* membersOf(handle: FileHandle, place: string): AsyncGenerator<Placed> {
  const { size } = await handle.stat();
  for (let at = 0; at < size; ) {
    const blocks = await readHeaders(handle, at, place);
    if (blocks === undefined) return;
    const entry = entryOf(blocks, place);
    const offset = at + blocks.length;
    const sizeBytes = entry.kind === "file" ? entry.sizeBytes : 0;
    if (offset + sizeBytes > size) throw brokenImage(`"${place}"`, "it ends early");
    yield { entry, offset };
    at = offset + sizeBytes + tarPadding(sizeBytes);
  }
}

/** The header of the next member with the extended headers in front of it; `undefined` at the end of the archive. */
async function readHeaders(handle: FileHandle, start: number, place: string): Promise<Uint8Array | undefined> {
  let length = 0;
  for (;;) {
    const block = Buffer.alloc(BLOCK_BYTES);
    const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, start + length);
    if (bytesRead < BLOCK_BYTES || isZeroBlock(block)) return undefined;
    const header = parseTarHeader(block);
    if (header === "bad checksum")
      throw brokenImage(`"${place}"`, "the checksum of a header is wrong, or it is no tar");
    length += BLOCK_BYTES;
    if (!"xXgLKVA".includes(header.typeflag)) break;
    const sizeBytes = header.sizeBytes ?? -1;
    if (sizeBytes < 0 || length + sizeBytes > MAX_HEADER_BYTES)
      throw brokenImage(`"${place}"`, "a header is too large");
    length += sizeBytes + tarPadding(sizeBytes);
  }
  const blocks = Buffer.alloc(length);
  await handle.read(blocks, 0, length, start);
  return blocks;
}

function entryOf(blocks: Uint8Array, place: string): Entry {
  const steps = tarSteps({ maxEntries: 1, maxTotalBytes: 2 ** 50, maxHeaderBytes: MAX_HEADER_BYTES, what: place });
  steps.next();
  const { done, value } = steps.next(blocks);
  if (done || value.kind !== "entry") throw brokenImage(`"${place}"`, "it has a sparse member, and images have none");
  return value.entry;
}
