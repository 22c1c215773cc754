// The ar archive that a .deb is (deb(5), ar(5)): a magic, then 60-byte headers, each with its member's bytes.
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";

export interface ArLimits {
  readonly maxEntries: number;
  /** All bytes of the archive. */
  readonly maxTotalBytes: number;
  /** Whose archive, for messages: a package file or a URL. */
  readonly what: string;
}

/** A member on its way past. Whoever iterates takes `body` before asking for the next one; what is left is passed over. */
export interface ArMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly body: Bytes;
}

const magic = "!<arch>\n";
const HEADER_BYTES = 60;

/**
 * The members in their order, without the space and the one "/" that end a name. Throws ARCHIVE_TOO_LARGE; and
 * ARCHIVE_BROKEN, also for the long names of BSD ("#1/") and GNU ("//", "/0"), which dpkg does not take either.
 */
export async function* readAr(bytes: Bytes, limits: ArLimits): AsyncGenerator<ArMember> {
  const input = startInput(bytes, limits);
  try {
    const start = await take(input, magic.length);
    if (start === undefined || latin1(start) !== magic) throw broken(limits, "it does not start as an ar archive");
    for (let count = 1; ; count++) {
      const header = await take(input, HEADER_BYTES);
      if (header === undefined) return;
      if (count > limits.maxEntries) throw tooLarge(limits, `it has more than ${limits.maxEntries} members`);
      const { name, sizeBytes } = parseHeader(latin1(header), limits);
      if (sizeBytes > limits.maxTotalBytes) throw tooLarge(limits, `it is larger than ${limits.maxTotalBytes} bytes`);
      const member: Member = { left: sizeBytes };
      yield { name, sizeBytes, body: bodyOf(input, member) };
      while (member.left > 0) await takePart(input, member);
      // The pad of the last member may be missing, as dpkg takes it.
      if (sizeBytes % 2 === 1) await take(input, 1);
    }
  } finally {
    await input.chunks.return?.();
  }
}

interface Input {
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly limits: ArLimits;
  chunk: Uint8Array;
  seenBytes: number;
}

/** The member that is out, and how many of its bytes nobody took yet. */
interface Member {
  left: number;
}

/** Name 16, mtime 12, uid 6, gid 6, mode 8, size 10, and "`\n". Only the name and the size mean anything in a .deb. */
function parseHeader(header: string, limits: ArLimits): { readonly name: string; readonly sizeBytes: number } {
  if (header.slice(58) !== "`\n") throw broken(limits, "a member's header is damaged");
  const spelled = header.slice(0, 16).trimEnd();
  if (/^(#1\/|\/)/.test(spelled)) throw broken(limits, `its member "${spelled}" has a long name, which no .deb has`);
  const name = spelled.endsWith("/") ? spelled.slice(0, -1) : spelled;
  if (!/^[!-~]+$/.test(name)) throw broken(limits, "the name of a member is not printable ASCII");
  const size = header.slice(48, 58).trimEnd();
  if (!/^\d{1,10}$/.test(size)) throw broken(limits, `the size of its member "${name}" is not a number`);
  return { name, sizeBytes: Number(size) };
}

async function* bodyOf(input: Input, member: Member): AsyncGenerator<Uint8Array> {
  while (member.left > 0) yield await takePart(input, member);
}

async function takePart(input: Input, member: Member): Promise<Uint8Array> {
  if (!(await fill(input))) throw truncated(input.limits);
  const part = input.chunk.subarray(0, member.left);
  input.chunk = input.chunk.subarray(part.length);
  member.left -= part.length;
  return part;
}

/** Exactly `count` bytes, few; `undefined` when the input ended in front of them. */
async function take(input: Input, count: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count; ) {
    if (!(await fill(input))) {
      if (filled === 0) return undefined;
      throw truncated(input.limits);
    }
    const part = input.chunk.subarray(0, count - filled);
    bytes.set(part, filled);
    filled += part.length;
    input.chunk = input.chunk.subarray(part.length);
  }
  return bytes;
}

async function fill(input: Input): Promise<boolean> {
  while (input.chunk.length === 0) {
    const { done, value } = await input.chunks.next();
    if (done) return false;
    input.chunk = value;
    input.seenBytes += value.length;
    const { maxTotalBytes } = input.limits;
    if (input.seenBytes > maxTotalBytes) throw tooLarge(input.limits, `it is larger than ${maxTotalBytes} bytes`);
  }
  return true;
}

function startInput(bytes: Bytes, limits: ArLimits): Input {
  return { chunks: bytes[Symbol.asyncIterator](), limits, chunk: new Uint8Array(0), seenBytes: 0 };
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const truncated = (limits: ArLimits): DodaiError => broken(limits, "it ends in the middle of a member");

function broken({ what }: ArLimits, reason: string): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", `Cannot read ${what}: ${reason}`);
}

function tooLarge({ what }: ArLimits, reason: string): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot read ${what}: ${reason}`);
}
