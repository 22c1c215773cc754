// Names in archives are bytes; in dodai they are strings. Nearly all are UTF-8, as Debian Policy 10.10 wants. A byte that is
// not part of valid UTF-8 becomes the lone surrogate U+DC80 to U+DCFF (Python's "surrogateescape", PEP 383): UTF-8 cannot say
// those, so two names never collide, and `encodeName` gives exactly the bytes back. Whoever writes a name as bytes uses it.
import { isUtf8 } from "node:buffer";
import { DodaiError } from "../core/dodai-error.ts";

/** The longest path that Linux takes, in bytes: PATH_MAX without its NUL. */
const MAX_PATH_BYTES = 4095;

/** The name that these bytes are. */
export function decodeName(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString("utf8");
  return text.includes("\ufffd") && !isUtf8(buffer) ? decodeEscaped(buffer) : text;
}

/** The bytes of a name that `decodeName` gave, or of any well-formed string. Throws ARCHIVE_UNSAFE_PATH for others. */
export function encodeName(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name);
  const parts = name.split(/([\udc80-\udcff]+)/u).map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part);
    return Buffer.from(part, "utf16le").filter((_, at) => at % 2 === 0);
  });
  const bytes = Buffer.concat(parts);
  if (decodeName(bytes) !== name) {
    throw new DodaiError(
      "ARCHIVE_UNSAFE_PATH",
      `Cannot write path "${printable(name)}": it is not well-formed Unicode`,
    );
  }
  return bytes;
}

/**
 * A path as `Entry` has it: relative, without `.` parts, doubled or trailing `/`; the root is `"."`. Throws
 * ARCHIVE_UNSAFE_PATH when it is empty, absolute, has a `..` part or a NUL, or is longer than Linux allows.
 */
export function cleanPath(raw: string, role: "entry" | "target" = "entry"): string {
  let path = raw.startsWith("./") ? raw.slice(2) : raw;
  if (path.endsWith("/")) path = path.slice(0, -1);
  const simple = path !== "" && !/^[./]|\/[./]|\/$|\0/.test(path);
  if (simple && path.length <= MAX_PATH_BYTES / 3) return path;
  return cleanParts(raw, role);
}

/** A name for messages: control characters shown as escapes, cut when it is endless. */
export function printable(name: string): string {
  const short = name.length > 200 ? `${name.slice(0, 200)}...` : name;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  return short.replace(/[\u0000-\u001f\u007f-\u009f\ud800-\udfff]/g, (one) => {
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function cleanParts(raw: string, role: "entry" | "target"): string {
  if (raw === "") throw unsafe(raw, role, "it is empty");
  if (raw.startsWith("/")) throw unsafe(raw, role, "it is absolute");
  if (raw.includes("\0")) throw unsafe(raw, role, "it contains a NUL");
  const parts = raw.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw unsafe(raw, role, 'it contains ".."');
  const path = parts.length === 0 ? "." : parts.join("/");
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw unsafe(raw, role, `it is longer than ${MAX_PATH_BYTES} bytes`);
  return path;
}

function unsafe(raw: string, role: "entry" | "target", state: string): DodaiError {
  const what = role === "entry" ? "entry" : "hard link to";
  return new DodaiError(
    "ARCHIVE_UNSAFE_PATH",
    `Cannot read archive ${what} "${printable(raw)}": ${state}, wanted a path inside the archive`,
    { fix: "The archive is broken or hostile. Do not use it." },
  );
}

/** Valid sequences as UTF-8, every other byte escaped. Slow and rare. */
function decodeEscaped(bytes: Buffer): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at);
    const first = bytes[at] ?? 0;
    text += length === 0 ? String.fromCharCode(0xdc00 + first) : bytes.toString("utf8", at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** How many bytes the character that starts here has; 0 when none does. */
function validLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const end = at + length;
  return end <= bytes.length && isUtf8(bytes.subarray(at, end)) ? length : 0;
}
