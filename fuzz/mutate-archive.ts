// Changes inside tar and ar archives that keep them readable: another field in a header, with its checksum right again.
import { mutateBytes, replaced } from "./mutate.ts";
import type { Random } from "./random.ts";

const block = 512;

/** Offset and length of the fields of a tar header (POSIX ustar). */
const fields: readonly [readonly [number, number], ...(readonly [number, number])[]] = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [156, 1],
  [157, 100],
  [257, 8],
  [329, 8],
  [337, 8],
  [345, 155],
  [386, 97],
  [482, 1],
  [483, 12],
];

const names = [
  "",
  "/",
  ".",
  "..",
  "./",
  "../x",
  "/etc",
  "a/../../b",
  "a//b",
  "x".repeat(100),
  "\xff\xfe",
  "a\nb",
  "etc",
];
const numbers = [
  "",
  "0",
  "7",
  "777",
  "1000",
  "77777777777",
  "-1",
  "8",
  " 12 ",
  "\x80\0\0\0\0\0\0\0\0\0\x02\0",
  "\xff\xff",
];
const types = [..."01234567xgLKSDVMAX\0Z"];
const records = [
  "path=a/../b",
  "path=",
  "size=5",
  "size=99999999999",
  "linkpath=/etc",
  "mtime=1.5",
  "uid=-1",
  "SCHILY.xattr.user.x=y",
  "GNU.sparse.major=1",
  "GNU.sparse.map=0,1,2",
  "GNU.sparse.size=100",
  "GNU.sparse.realsize=1024",
  "GNU.sparse.offset=0",
  "GNU.sparse.numbytes=3",
  "GNU.sparse.name=\0",
  "SUN.holesdata=",
];

/** Changes some headers, inserts extended ones, or moves whole blocks; then each header's checksum is made right. */
export function mutateTar(input: Uint8Array, random: Random): Uint8Array {
  let tar: Uint8Array = Buffer.from(input);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const headers = headersOf(tar);
    const [first = 0, ...others] = headers;
    const at = random.pick([first, ...others]);
    switch (random.below(8)) {
      case 0:
        tar = replaced(tar, at, at, extendedHeader(random));
        break;
      case 1:
        tar = replaced(tar, at, Math.min(tar.length, at + block * (1 + random.below(4))), new Uint8Array(0));
        break;
      case 2:
        tar = replaced(tar, at, at, tar.subarray(random.pick([first, ...others])).subarray(0, block * 3));
        break;
      default:
        changeField(tar, at, random);
    }
  }
  return withChecksums(tar);
}

function changeField(tar: Uint8Array, header: number, random: Random): void {
  const [at, length] = random.pick(fields);
  const [first = "", ...others] = at === 156 ? types : length >= 97 ? names : numbers;
  const text = random.pick([first, ...others]);
  const padded = length > 1 && random.oneIn(2) ? text.padStart(length - 1, "0") : text;
  const value = Buffer.alloc(length);
  value.write(padded.slice(0, length), "latin1");
  tar.set(value.subarray(0, Math.max(0, tar.length - header - at)), Math.min(header + at, tar.length));
}

function extendedHeader(random: Random): Uint8Array {
  const chosen = Array.from({ length: 1 + random.below(3) }, () => {
    const [first = "", ...others] = records;
    return paxRecord(random.pick([first, ...others]));
  });
  const type = random.pick(["x", "x", "g", "L", "K"]);
  const body = Buffer.from(type === "x" || type === "g" ? chosen.join("") : random.pick(["a/b\0", "../c\0", "d"]));
  const header = Buffer.alloc(block);
  header.write("extended", 0);
  header.write("0000644\0", 100);
  header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write(type, 156);
  header.write("ustar\x0000", 257);
  return Buffer.concat([header, body, Buffer.alloc(-body.length & (block - 1))]);
}

/** POSIX pax: the length counts itself. */
export function paxRecord(text: string): string {
  const rest = Buffer.byteLength(text, "latin1") + 2;
  const length = rest + String(rest).length;
  return `${rest + String(length).length} ${text}\n`;
}

/** Where headers stand, going by the sizes that they state. */
function headersOf(tar: Uint8Array): readonly number[] {
  const found: number[] = [];
  for (let at = 0; at + block <= tar.length && found.length < 200; ) {
    if (tar[at] === 0) break;
    found.push(at);
    const size = Number.parseInt(Buffer.from(tar.subarray(at + 124, at + 136)).toString("latin1"), 8);
    at += block + (size > 0 ? Math.ceil(size / block) * block : 0);
  }
  return found;
}

export function withChecksums(tar: Uint8Array): Uint8Array {
  const fixed = Buffer.from(tar);
  for (const at of headersOf(fixed)) {
    fixed.write("        ", at + 148, "latin1");
    let sum = 0;
    for (const byte of fixed.subarray(at, at + block)) sum += byte;
    fixed.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return fixed;
}

export interface ArPart {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The members of an ar archive as this file's own writer made it. */
export function arPartsOf(bytes: Uint8Array): ArPart[] {
  const parts: ArPart[] = [];
  for (let at = 8; at + 60 <= bytes.length; ) {
    const header = Buffer.from(bytes.subarray(at, at + 60)).toString("latin1");
    const size = Number(header.slice(48, 58));
    if (!Number.isSafeInteger(size)) break;
    parts.push({ name: header.slice(0, 16).trim(), bytes: bytes.subarray(at + 60, at + 60 + size) });
    at += 60 + size + (size % 2);
  }
  return parts;
}

const arNames = [
  "debian-binary",
  "control.tar",
  "data.tar",
  "data.tar.xz",
  "data.tar.valueOf",
  "_gpg",
  "#1/20",
  "/0",
  "x/",
];

/** Changes one field of one header of an ar archive, or its members' order. */
export function mutateAr(input: Uint8Array, random: Random): Uint8Array {
  const parts = arPartsOf(input);
  const at = random.below(parts.length);
  const part = parts[at];
  if (part === undefined || random.oneIn(6)) return mutateBytes(input, random, { other: input, words: [] });
  const [first = "", ...others] = arNames;
  if (random.oneIn(3)) parts[at] = { ...part, name: random.pick([first, ...others]) };
  if (random.oneIn(6)) parts.splice(random.below(parts.length + 1), 0, part);
  if (random.oneIn(6)) parts.splice(at, 1);
  if (random.oneIn(3)) {
    parts[at] = { ...part, bytes: mutateBytes(part.bytes, random, { other: input, words: [] }) };
  }
  const size = random.oneIn(6) ? random.pick(["0", "-1", "9999999999", "1e3", "", "0x10"]) : undefined;
  return formatAr(parts, size === undefined ? undefined : { index: at, size });
}

export function formatAr(
  parts: readonly ArPart[],
  lie?: { readonly index: number; readonly size: string },
): Uint8Array {
  const chunks: Uint8Array[] = [Buffer.from("!<arch>\n")];
  for (const [index, { name, bytes }] of parts.entries()) {
    const size = lie?.index === index ? lie.size : String(bytes.length);
    const header = `${name.slice(0, 16).padEnd(16)}${"0".padEnd(12)}0     0     100644  ${size.padEnd(10)}\`\n`;
    chunks.push(Buffer.from(header, "latin1"), bytes, Buffer.alloc(bytes.length % 2, "\n"));
  }
  return Buffer.concat(chunks);
}
