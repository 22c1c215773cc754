// Values in the store carry a seal at their end, since their name does not say what they hold: a value that a power cut or
// a bad disk damaged is told from a good one without fsync.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { type Bytes, bytesOf } from "../core/bytes.ts";
import { type FileAccess, openFileAccess } from "./file-access.ts";
import { markUsed } from "./store-prune.ts";

/** The seal: these 8 bytes, the length of what is before it as 8 bytes big-endian, and its SHA-256. */
const magic = Buffer.from("dodai v1", "latin1");
const sealBytes = 48;

/** The bytes with their seal. */
export async function* sealed(bytes: Bytes | Uint8Array): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of bytes instanceof Uint8Array ? bytesOf(bytes) : bytes) {
    hash.update(chunk);
    size += chunk.byteLength;
    yield chunk;
  }
  yield Buffer.concat([header(size), hash.digest()]);
}

/** What is sealed in a file; `undefined` when there is none or it is damaged. */
export async function readSealed(path: string, now: Date): Promise<Uint8Array | undefined> {
  const found = await stat(path).catch(() => undefined);
  const bytes = found && (await readFile(path).catch(() => undefined));
  if (found === undefined || bytes === undefined || bytes.byteLength < sealBytes) return undefined;
  const body = bytes.subarray(0, -sealBytes);
  const seal = Buffer.concat([header(body.byteLength), createHash("sha256").update(body).digest()]);
  if (!seal.equals(bytes.subarray(-sealBytes))) return undefined;
  await markUsed(path, found.mtime, now);
  return body;
}

/** The same to be read in places; the hash of the seal is not checked. */
export async function openSealed(path: string, now: Date): Promise<FileAccess | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.size < sealBytes) return undefined;
  const size = found.size - sealBytes;
  const whole = openFileAccess(path);
  const good = header(size).equals(whole.read(size, sealBytes - 32));
  whole.close();
  if (!good) return undefined;
  await markUsed(path, found.mtime, now);
  return openFileAccess(path, size);
}

function header(size: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(size));
  return Buffer.concat([magic, length]);
}
