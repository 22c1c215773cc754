// The cpio archive that an rpm package has its files in: "newc" (cpio(5), "New ASCII Format"), and the form that rpm strips to
// a number for files above 4 GiB, where everything but the content is in the package's header.
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type ByteReader, readerOfBytes } from "./byte-reader.ts";
import { printable } from "./tar-name.ts";

export interface CpioLimits {
  readonly maxEntries: number;
  /** All bytes of the archive. */
  readonly maxTotalBytes: number;
  /** Whose archive, for messages. */
  readonly what: string;
  /** Size of the content of the file with this number, for the stripped form; `undefined` when there is no such file. */
  readonly sizeOf?: (index: number) => number | undefined;
}

/** A member on its way past. Whoever iterates takes `body` before asking for the next one; what is left is passed over. */
export interface CpioMember {
  /** As the archive spells it; "" in the stripped form. */
  readonly name: string;
  /** Number of the file in the package's header, in the stripped form; -1 otherwise. */
  readonly index: number;
  /** As stat(2) gives it: type and permissions; 0 in the stripped form. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly body: Bytes;
}

const TRAILER = "TRAILER!!!";
const NEWC_BYTES = 110;
/** The stripped header: magic and number, padded to a multiple of four. */
const STRIPPED_BYTES = 14;
/** A path of Linux is at most this long, its NUL included. */
const MAX_NAME_BYTES = 4096;

/**
 * The members up to the trailer; anything but padding after it is refused. Throws ARCHIVE_TOO_LARGE and ARCHIVE_BROKEN. A
 * checksum ("070702") is not looked at: rpm has digests of its own.
 */
export async function* readCpio(bytes: Bytes, limits: CpioLimits): AsyncGenerator<CpioMember> {
  const reader = readerOfBytes(bytes, limits.what);
  try {
    for (let count = 0; ; count++) {
      if (count > limits.maxEntries) throw tooLarge(limits, `it has more than ${limits.maxEntries} members`);
      const member = await readHeader(reader, limits);
      if (member === undefined) break;
      if (reader.taken + member.sizeBytes > limits.maxTotalBytes) {
        throw tooLarge(limits, `it is larger than ${limits.maxTotalBytes} bytes`);
      }
      const state = { left: member.sizeBytes };
      yield { ...member, body: bodyOf(reader, state, limits) };
      for await (const _ of bodyOf(reader, state, limits)) {
        // What nobody took.
      }
      await skipPadding(reader);
    }
    for await (const chunk of reader.rest()) {
      if (chunk.some((byte) => byte !== 0)) throw broken(limits, "bytes follow its trailer");
    }
  } finally {
    await reader.close();
  }
}

type Header = Omit<CpioMember, "body">;

/** The next member's header; `undefined` for the trailer. */
async function readHeader(reader: ByteReader, limits: CpioLimits): Promise<Header | undefined> {
  const start = latin1(await reader.take(6));
  if (start === "07070X") return readStripped(reader, limits);
  if (start !== "070701" && start !== "070702") {
    throw broken(limits, `a member starts with "${printable(start)}", wanted "070701"`);
  }
  const fields = latin1(await reader.take(NEWC_BYTES - 6));
  const [mode, sizeBytes, nameBytes] = [hexAt(fields, 1, limits), hexAt(fields, 6, limits), hexAt(fields, 11, limits)];
  if (nameBytes < 2 || nameBytes > MAX_NAME_BYTES) throw broken(limits, `a name has ${nameBytes} bytes`);
  const spelled = await reader.take(nameBytes);
  if (spelled.indexOf(0) !== nameBytes - 1) throw broken(limits, "a name does not end with a NUL");
  await skipPadding(reader);
  const name = Buffer.from(spelled.subarray(0, -1)).toString("utf8");
  return name === TRAILER ? undefined : { name, index: -1, mode, sizeBytes };
}

async function readStripped(reader: ByteReader, limits: CpioLimits): Promise<Header> {
  const index = hexAt(latin1(await reader.take(STRIPPED_BYTES - 6)), 0, limits);
  await skipPadding(reader);
  const sizeBytes = limits.sizeOf?.(index);
  if (sizeBytes === undefined) throw broken(limits, `it has a file ${index}, which its header does not have`);
  return { name: "", index, mode: 0, sizeBytes };
}

/** The field at a place, of eight hex digits each. */
function hexAt(fields: string, place: number, limits: CpioLimits): number {
  const text = fields.slice(8 * place, 8 * place + 8);
  if (!/^[0-9A-Fa-f]{8}$/.test(text)) throw broken(limits, `"${printable(text)}" is no number of a header`);
  return Number.parseInt(text, 16);
}

async function* bodyOf(
  reader: ByteReader,
  state: { left: number },
  limits: CpioLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  while (state.left > 0) {
    const part = await reader.part(state.left);
    if (part === undefined) throw broken(limits, "it ends in the middle of a file");
    state.left -= part.length;
    yield part;
  }
}

/** Names and contents are padded to a multiple of four. */
async function skipPadding(reader: ByteReader): Promise<void> {
  const over = reader.taken % 4;
  if (over > 0) await reader.take(4 - over);
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

function broken({ what }: CpioLimits, state: string): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", `Cannot read ${what}: ${state}`);
}

function tooLarge({ what }: CpioLimits, state: string): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot read ${what}: ${state}`);
}
