// `Release`: what a suite offers and the digests of its indexes (Debian repository format, "Release files").
// It is parsed after its signature was verified, and still bounded: a key may be lost.
import { type Digest, parseDigest } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { fieldLines, fieldOf, parseStanza, type Stanza } from "./deb822.ts";

export interface ReleaseFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface Release {
  /** "" when the field is absent. */
  readonly suite: string;
  readonly codename: string;
  readonly date: Date;
  readonly validUntil?: Date;
  /** Files are also found as `by-hash/SHA256/HEX` beside their names. */
  readonly acquireByHash: boolean;
  /** Empty when the field is absent. */
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** Packages of architecture `all` are in `binary-all` alone, and not in the other architectures' indexes. */
  readonly separateAll: boolean;
  /** By path below the folder of `Release`, without `./` in front. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

/** Reads the verified text. `what` names it in messages: `Release of "debian/trixie"`. Throws RELEASE_SYNTAX. */
export function parseRelease(text: string, what: string): Release {
  const stanza = stanzaOf(text, what);
  const words = (name: string): readonly string[] =>
    (fieldOf(stanza, name) ?? "").split(/\s+/).filter((one) => one !== "");
  const validUntil = fieldOf(stanza, "Valid-Until");
  const architectures = words("Architectures");
  return {
    suite: fieldOf(stanza, "Suite") ?? "",
    codename: fieldOf(stanza, "Codename") ?? "",
    date: parseDate(stanza, "Date", what),
    ...(validUntil === undefined ? {} : { validUntil: parseDate(stanza, "Valid-Until", what) }),
    acquireByHash: fieldOf(stanza, "Acquire-By-Hash") === "yes",
    architectures,
    components: words("Components"),
    separateAll: architectures.includes("all") && !words("No-Support-for-Architecture-all").includes("Packages"),
    files: filesOf(stanza, what),
  };
}

function stanzaOf(text: string, what: string): Stanza {
  try {
    return parseStanza(text, { what });
  } catch (cause) {
    if (!(cause instanceof DodaiError)) throw cause;
    throw new DodaiError("RELEASE_SYNTAX", cause.message, { cause });
  }
}

const months: readonly string[] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Sat, 21 Nov 2026 09:15:44 UTC`, always in UTC; hours may have one digit, as old dak wrote them. */
function parseDate(stanza: Stanza, name: string, what: string): Date {
  const text = fieldOf(stanza, name);
  if (text === undefined) throw syntax(what, `it has no ${name}`);
  const form =
    /^(?:[A-Z][a-z]{2}, +)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) +(\d{1,2}):(\d{2}):(\d{2}) +(?:UTC|GMT|Z|[+-]0000)$/.exec(
      text,
    );
  const [, day = "", month = "", year, hour = "", minute, second] = form ?? [];
  const monthNumber = String(months.indexOf(month) + 1);
  const iso = `${year}-${twoDigits(monthNumber)}-${twoDigits(day)}T${twoDigits(hour)}:${minute}:${second}.000Z`;
  const date = new Date(iso);
  // Days that a month does not have are carried into the next one.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) {
    throw syntax(what, `its ${name} "${text}" is no date in UTC`);
  }
  return date;
}

const twoDigits = (digits: string): string => digits.padStart(2, "0");

/** A suite of everything Debian ever had lists a few thousand. */
const maxFiles = 100_000;

function filesOf(stanza: Stanza, what: string): ReadonlyMap<string, ReleaseFile> {
  const lines = fieldLines(stanza, "SHA256");
  if (lines.length === 0) {
    const weak = ["SHA512", "SHA1", "MD5Sum"].filter((name) => fieldOf(stanza, name) !== undefined);
    throw syntax(what, `it lists no SHA256 of its indexes${weak.length === 0 ? "" : `, only ${weak.join(" and ")}`}`);
  }
  if (lines.length > maxFiles) throw syntax(what, `it lists more than ${maxFiles} files`);
  const files = new Map<string, ReleaseFile>();
  for (const line of lines) {
    const [, hex, size, listed = ""] = /^([0-9a-f]{64})[ \t]+(\d{1,15})[ \t]+(\S+)$/.exec(line) ?? [];
    if (hex === undefined)
      throw syntax(what, `"${line.slice(0, 100)}" is no line of SHA256, wanted digest, size and path`);
    const path = listed.replace(/^\.\//, "");
    const file = { digest: parseDigest(`sha256:${hex}`), sizeBytes: Number(size) };
    const known = files.get(path);
    if (known !== undefined && (known.digest !== file.digest || known.sizeBytes !== file.sizeBytes)) {
      throw syntax(what, `it lists "${path}" twice, with different digests or sizes`);
    }
    files.set(path, file);
  }
  return files;
}

function syntax(what: string, state: string): DodaiError {
  return new DodaiError("RELEASE_SYNTAX", `Cannot read ${what}: ${state}`, {
    fix: "Use another mirror, or tell whoever runs the repository.",
  });
}
