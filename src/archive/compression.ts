/** How bytes can be compressed; also the names that `Packages` indexes and deb members go by, up to their extension. */
export type Compression = "none" | "gzip" | "xz" | "zstd" | "bzip2" | "lzma";

/** How many first bytes `detectCompression` wants; with fewer it may say `none`. */
export const DETECT_BYTES = 13;

/** What the extension of a file name says: `data.tar.xz`, `Packages.gz`. `none` for any other. */
export function compressionOfName(name: string): Compression {
  return byExtension.get(name.slice(name.lastIndexOf(".") + 1)) ?? "none";
}

/** What the first bytes of a file say. Only `lzma` is a guess: it has no magic, only properties that are usual. */
export function detectCompression(firstBytes: Uint8Array): Compression {
  for (const [compression, magic] of magics) {
    if (magic.every((byte, at) => firstBytes[at] === byte)) return compression;
  }
  if (isZstdSkippable(firstBytes)) return "zstd";
  return isLzmaAlone(firstBytes) ? "lzma" : "none";
}

const byExtension: ReadonlyMap<string, Compression> = new Map([
  ["gz", "gzip"],
  ["xz", "xz"],
  ["zst", "zstd"],
  ["bz2", "bzip2"],
  ["lzma", "lzma"],
]);

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b, 0x08]], // RFC 1952, 2.3.1
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]], // the .xz file format, 2.1.1.1
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]], // RFC 8878, 3.1.1
  ["bzip2", [0x42, 0x5a, 0x68]], // "BZh"
];

/** RFC 8878, 3.1.2: a frame of user data may stand in front, magic 0x184D2A50 to 0x184D2A5F. */
function isZstdSkippable(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xf0) === 0x50 && bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18;
}

/** What liblzma checks: properties below 225, a dictionary of 2^n or 2^n + 2^(n-1), a size that is unknown or below 2^38. */
function isLzmaAlone(bytes: Uint8Array): boolean {
  if (bytes.length < DETECT_BYTES || (bytes[0] ?? 0) >= 225) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dictionary = view.getUint32(1, true);
  const size = view.getBigUint64(5, true);
  const top = 31 - Math.clz32(dictionary);
  const usual = dictionary !== 0 && (dictionary === 2 ** top || dictionary === 2 ** top + 2 ** (top - 1));
  return usual && dictionary >= 4096 && (size === 0xffff_ffff_ffff_ffffn || size < 1n << 38n);
}
