// The fields of `Packages` that the index compiler knows, found by their bytes without making strings.

/**
 * Fields that the compiler looks at; what is not listed is kept unread. `DROP` are those that nobody needs: what an image
 * says of a package comes from the package itself.
 */
export const PACKAGE = 1;
const VERSION = 2;
const ARCHITECTURE = 3;
const FILENAME = 4;
const SIZE = 5;
const SHA256 = 6;
export const PRIORITY = 7;
export const ESSENTIAL = 8;
export const DROP = 9;
/** From here to PROVIDES: fields that name packages, in the order in which apt reads them. */
export const FIRST_RELATION = 10;
export const PROVIDES = 18;
export const required: readonly string[] = ["", "Package", "Version", "Architecture", "Filename", "Size", "SHA256"];
export const ALL_REQUIRED = 0b1111110;

const codes: readonly (readonly [string, number])[] = [
  ["package", PACKAGE],
  ["version", VERSION],
  ["architecture", ARCHITECTURE],
  ["filename", FILENAME],
  ["size", SIZE],
  ["sha256", SHA256],
  ["priority", PRIORITY],
  ["essential", ESSENTIAL],
  ["pre-depends", FIRST_RELATION],
  ["depends", 11],
  ["conflicts", 12],
  ["breaks", 13],
  ["recommends", 14],
  ["suggests", 15],
  ["replaces", 16],
  ["enhances", 17],
  ["provides", PROVIDES],
  ["built-using", DROP],
  ["description-md5", DROP],
  ["ghc-package", DROP],
  ["homepage", DROP],
  ["maintainer", DROP],
  ["md5sum", DROP],
  ["ruby-versions", DROP],
  ["sha1", DROP],
  ["sha512", DROP],
  ["static-built-using", DROP],
  ["tag", DROP],
];
const codesByLength: readonly (readonly { readonly bytes: Uint8Array; readonly code: number }[])[] = Array.from(
  { length: 20 },
  (_, length) =>
    codes.filter(([name]) => name.length === length).map(([name, code]) => ({ bytes: Buffer.from(name), code })),
);

/** The code of the field whose name is in `text` from `at` to `colon`, in any case; 0 for one that is kept unread. */
export function codeOf(text: Buffer, at: number, colon: number): number {
  const candidates = codesByLength[colon - at];
  if (candidates === undefined) return 0;
  for (const { bytes, code } of candidates) {
    let same = 0;
    // 0x20 makes letters lower-case and leaves digits and dashes.
    while (same < bytes.length && ((text[at + same] ?? 0) | 0x20) === bytes[same]) same++;
    if (same === bytes.length) return code;
  }
  return 0;
}
