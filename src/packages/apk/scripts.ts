// `scripts.tar`: every package's scripts, named after the package and its checksum. The header is the one that apk writes, GNU's
// with owners by name, so that the file is apk's byte for byte.
import { readTarBuffer } from "../../archive/tar.ts";
import type { ApkDatabase, ControlMember, InstalledPackage } from "../contract.ts";

/** In apk's order. */
const kinds: readonly string[] = [
  ".pre-install",
  ".post-install",
  ".pre-deinstall",
  ".post-deinstall",
  ".pre-upgrade",
  ".post-upgrade",
  ".trigger",
];

const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 99;

/** A package's records. apk-tools 2 names a package by its checksum as the index has it, 3 in hex. */
export function formatScripts(
  { name, version, control, apk }: InstalledPackage,
  tools: ApkDatabase["tools"],
): Uint8Array {
  const records = kinds.flatMap((kind) => {
    const script = control.find((one) => one.name === kind);
    return script === undefined
      ? []
      : record(`${name}-${version}.${spelled(apk?.checksum ?? "", tools)}${kind}`, script);
  });
  return Buffer.concat(records);
}

/** What ends the archive. */
export const scriptsEnd: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

const spelled = (checksum: string, tools: ApkDatabase["tools"]): string =>
  tools === 2 ? checksum : `X1${Buffer.from(checksum.slice(2), "base64").toString("hex")}`;

const limits = { maxEntries: 100_000, maxTotalBytes: 64 << 20, maxHeaderBytes: 1 << 16, what: "scripts of packages" };

/** The records of an archive that is there, by checksum of their package as the index has it. Throws ARCHIVE_BROKEN. */
export function scriptRecords(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const files = [...readTarBuffer(bytes, limits)].filter(({ entry }) => entry.kind === "file");
  const bySum = Map.groupBy(files, ({ entry }) => checksumIn(entry.path));
  return new Map(
    [...bySum].map(([sum, scripts]) => {
      const records = scripts.flatMap(({ entry: { path, mode, mtime }, body }) =>
        record(path, { name: path, mode, mtime, bytes: body }),
      );
      return [sum, Buffer.concat(records)];
    }),
  );
}

/** `NAME-VERSION.CHECKSUM.KIND`. */
function checksumIn(path: string): string {
  const [, base64, hex] = /\.(?:(Q[12][A-Za-z0-9+/=]+)|X1([0-9a-f]+))\.[a-z-]+$/.exec(path) ?? [];
  return hex === undefined ? (base64 ?? "") : `Q1${Buffer.from(hex, "hex").toString("base64")}`;
}

function record(name: string, { mode, mtime = 0, bytes }: ControlMember): readonly Uint8Array[] {
  const body = Buffer.from(name);
  const long = body.length > MAX_NAME_BYTES ? longName(body) : [];
  return [
    ...long,
    header({ name: body, mode, mtime, sizeBytes: bytes.length, type: "0" }),
    bytes,
    padding(bytes.length),
  ];
}

/** GNU's record of a name that does not fit. */
function longName(name: Buffer): readonly Uint8Array[] {
  const body = Buffer.concat([name, Buffer.alloc(1)]);
  const head = header({ name: Buffer.from("././@LongLink"), mode: 0, mtime: 0, sizeBytes: body.length, type: "L" });
  return [head, body, padding(body.length)];
}

interface Header {
  readonly name: Uint8Array;
  readonly mode: number;
  readonly mtime: number;
  readonly sizeBytes: number;
  readonly type: string;
}

function header({ name, mode, mtime, sizeBytes, type }: Header): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(name.subarray(0, 100));
  block.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100, "latin1");
  block.write(`${octal(sizeBytes, 12)}${octal(mtime, 12)}`, 124, "latin1");
  block.write(`        ${type}`, 148, "latin1");
  block.write("ustar  ", 257, "latin1");
  block.write("root", 265, "latin1");
  block.write("root", 297, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return block;
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
const padding = (length: number): Uint8Array => Buffer.alloc((BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES);
