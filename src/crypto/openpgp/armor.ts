// ASCII armor, RFC 9580 section 6. Headers are read for their form and otherwise ignored. A checksum that is there must be
// right, as GnuPG wants it (RFC 9580 6.1 would let a wrong one pass).
import { malformed, type Subject } from "./cursor.ts";
import { trimBlanks } from "./text.ts";

export interface ArmorBlock {
  /** What stands between the dashes after BEGIN: `PGP SIGNATURE`. */
  readonly label: string;
  readonly bytes: Uint8Array;
}

export interface ArmorOptions {
  readonly subject: Subject;
  /** Key files often start with a note for people; around a signature nothing may stand (apt, CVE-2019-3462). */
  readonly around: "ignored" | "refused";
}

const begin = /^-----BEGIN ([A-Z0-9 ,/]{1,60})-----$/;
const header = /^[A-Za-z][A-Za-z0-9-]*:(?: |$)/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
const checksum = /^=[A-Za-z0-9+/]{4}$/;

/** All blocks of a text, in order. Blank lines and white space at the end of lines never matter. */
export function parseArmor(text: string, options: ArmorOptions): readonly ArmorBlock[] {
  const lines = text.split("\n").map(trimBlanks);
  const blocks: ArmorBlock[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    const label = begin.exec(line)?.[1];
    if (label !== undefined) {
      const end = lines.indexOf(`-----END ${label}-----`, at);
      if (end < 0) throw malformed(options.subject, `its armor has no line "-----END ${label}-----"`);
      blocks.push({ label, bytes: decodeBlock(lines.slice(at + 1, end), options.subject) });
      at = end + 1;
    } else {
      if (line !== "" && options.around === "refused") {
        throw malformed(options.subject, `line ${at + 1} of it stands outside the armor`);
      }
      at++;
    }
  }
  return blocks;
}

function decodeBlock(lines: readonly string[], subject: Subject): Uint8Array {
  const blank = lines.indexOf("");
  const headers = blank < 0 ? lines : lines.slice(0, blank);
  if (blank < 0 || !headers.every((line) => header.test(line))) {
    throw malformed(subject, "its armor headers are not NAME: VALUE lines with an empty line after them");
  }
  const body = lines.slice(blank + 1).filter((line) => line !== "");
  const last = body.at(-1) ?? "";
  const sum = checksum.test(last) ? last : undefined;
  const text = (sum === undefined ? body : body.slice(0, -1)).join("");
  if (!base64.test(text) || text.length % 4 !== 0) throw malformed(subject, "its armor is not base64");
  const bytes = Buffer.from(text, "base64");
  if (sum !== undefined && crc24(bytes) !== Buffer.from(sum.slice(1), "base64").readUIntBE(0, 3)) {
    throw malformed(subject, "its armor checksum is wrong");
  }
  return bytes;
}

/** One block with its checksum, without which GnuPG 2.2 cannot read it. */
export function formatArmor({ label, bytes }: ArmorBlock): string {
  const sum = Buffer.alloc(3);
  sum.writeUIntBE(crc24(bytes), 0, 3);
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, "", ...lines, `=${sum.toString("base64")}`, `-----END ${label}-----`, ""].join(
    "\n",
  );
}

/** RFC 9580 6.1: CRC-24 with generator 0x864CFB and start 0xB704CE. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) crc = ((crc << 8) & 0xffffff) ^ (crcTable[(crc >>> 16) ^ byte] ?? 0);
  return crc;
}

const crcTable: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? ((crc << 1) & 0xffffff) ^ 0x864cfb : crc << 1;
  return crc;
});
