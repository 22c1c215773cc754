// Opens an .apk of apk-tools 2 (apk-v2(5)): gzip members one after another. Signatures come first and sign the control member;
// the index's checksum is of the control member; the control member has the digest of what follows, which is the data.

import { createHash, hash } from "node:crypto";
import { decompress } from "../../archive/decompress.ts";
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { type GzipSource, splitGzip } from "../../archive/gzip-split.ts";
import { readTar, readTarBuffer } from "../../archive/tar.ts";
import { printable } from "../../archive/tar-name.ts";
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { packageFaults } from "../broken-package.ts";
import type { ControlMember, PackageDigest, PackageFile, PackageItem, PackageLimits } from "../contract.ts";
import { firstOf, packageInfoOf } from "./package-info.ts";
import { readSignatures } from "./signature.ts";

/** Errors of the layers below that say that the package is broken. */
const { asPackage, bodyOf, broken } = packageFaults("abuild or melange", [
  "ARCHIVE_BROKEN",
  "COMPRESSION_BROKEN",
  "CONTROL_SYNTAX",
]);

/** Two, when a distribution signs what another one signed. */
const MAX_MEMBERS_BEFORE_CONTROL = 8;
const MAX_CONTROL_FILES = 1000;
const MAX_HEADER_BYTES = 1 << 20;
/** abuild writes the SHA-1 of each file so. */
const CHECKSUM_RECORD = "APK-TOOLS.checksum.SHA1";

/**
 * PackageFormat.openPackage for apk. Signatures of packages are not looked at: the index, which is signed, vouches for the
 * control member. Throws DIGEST_MISMATCH, PACKAGE_BROKEN, ARCHIVE_UNSAFE_PATH, ARCHIVE_TOO_LARGE.
 */
export async function openPackage(bytes: Bytes, limits: PackageLimits, digest?: PackageDigest): Promise<PackageFile> {
  const source = splitGzip(bytes);
  await assertVersion2(source);
  return await asPackage("a package", async () => {
    const { raw, plain } = await controlMember(source, limits);
    assertChecksum(raw, digest);
    const control = readControl(plain, limits);
    const info = packageInfoOf(control);
    const name = firstOf(info, "pkgname");
    const dataHash = firstOf(info, "datahash");
    const what = `package "${printable(name)}"`;
    if (name === "") throw broken("a package", 'its ".PKGINFO" has no pkgname');
    if (!/^[0-9a-f]{64}$/.test(dataHash))
      throw broken(what, 'its ".PKGINFO" has no datahash, by which its files are known');
    return { control, items: readItems({ source, dataHash, what }, limits) };
  });
}

/** The control part of a package as the index calls it: `Q1` and base64 of its SHA-1. */
export const checksumOf = (raw: Uint8Array): string => `Q1${hash("sha1", raw, "base64")}`;

async function assertVersion2(source: GzipSource): Promise<void> {
  const magic = Buffer.from(await source.peek(3)).toString("latin1");
  if (magic !== "ADB") return;
  throw new DodaiError(
    "PACKAGE_BROKEN",
    "Cannot open a package: it is in the form of apk-tools 3 (ADB), wanted apk v2",
    {
      fix: "dodai reads packages of apk-tools 2, which Alpine and Wolfi publish. Ask the repository's owner for those.",
    },
  );
}

async function controlMember(
  source: GzipSource,
  { maxControlBytes }: PackageLimits,
): Promise<{ readonly raw: Uint8Array; readonly plain: Uint8Array }> {
  for (let count = 0; count <= MAX_MEMBERS_BEFORE_CONTROL; count++) {
    const member = await source.member({ maxBytes: maxControlBytes, what: "its control part" });
    if (member === undefined) throw broken("a package", "it ends before its control part");
    if (readSignatures(member.plain, "its signatures") === undefined) return member;
  }
  throw broken("a package", `it has more than ${MAX_MEMBERS_BEFORE_CONTROL} parts with signatures`);
}

function assertChecksum(raw: Uint8Array, digest: PackageDigest | undefined): void {
  const actual = checksumOf(raw);
  if (!digest?.startsWith("Q1") || digest === actual) return;
  throw new DodaiError("DIGEST_MISMATCH", `Cannot use a package: its checksum is ${actual}, wanted ${digest}`, {
    fix: "The index of the repository is older or newer than its packages. Try again, or use another mirror.",
  });
}

function readControl(plain: Uint8Array, { maxControlBytes }: PackageLimits): readonly ControlMember[] {
  const control = new Map<string, ControlMember>();
  const limits = {
    maxEntries: MAX_CONTROL_FILES,
    maxTotalBytes: maxControlBytes,
    maxHeaderBytes: MAX_HEADER_BYTES,
    what: "its control part",
  };
  for (const { entry, body } of readTarBuffer(plain, limits)) {
    if (entry.kind !== "file" || !/^\.[A-Za-z0-9._+-]{1,99}$/.test(entry.path)) {
      throw broken(
        "a package",
        `its control part holds "${printable(entry.path)}", wanted plain files whose names start with a point`,
      );
    }
    if (control.has(entry.path)) throw broken("a package", `its control part holds "${entry.path}" twice`);
    const { path: name, mode, mtime } = entry;
    control.set(name, { name, mode, mtime, bytes: Uint8Array.from(body) });
  }
  return [...control.values()];
}

interface DataSource {
  readonly source: GzipSource;
  readonly dataHash: string;
  readonly what: string;
}

/** The files; once they are through, the digest of the whole is compared. */
async function* readItems({ source, dataHash, what }: DataSource, limits: PackageLimits): AsyncGenerator<PackageItem> {
  const raw = hashing(source.rest());
  const tar = decompress(raw.bytes, {
    compression: "gzip",
    maxBytes: limits.maxTreeBytes,
    what: `the data of ${what}`,
  });
  const items = readTar(tar, {
    maxEntries: limits.maxEntries,
    maxTotalBytes: limits.maxTreeBytes,
    maxHeaderBytes: MAX_HEADER_BYTES,
    what: `the data of ${what}`,
    record: CHECKSUM_RECORD,
  });
  const sums = new Map<string, string>();
  try {
    for (;;) {
      const { done, value } = await asPackage(what, () => items.next());
      if (done) break;
      // apk passes over them: they are not files of a system.
      if (value.entry.path.startsWith(".") && value.entry.path !== ".") continue;
      if (value.entry.path.includes("\n")) throw broken(what, `"${printable(value.entry.path)}" contains a newline`);
      yield itemOf(value, sums, what);
    }
    const actual = await raw.digest();
    if (actual !== dataHash) throw dataMismatch(what, actual, dataHash);
  } finally {
    await items.return(undefined);
  }
}

function dataMismatch(what: string, actual: string, dataHash: string): DodaiError {
  return new DodaiError(
    "DIGEST_MISMATCH",
    `Cannot use ${what}: the digest of its files is ${actual}, wanted ${dataHash}`,
    {
      fix: "The file is damaged, or was changed on the way. Fetch it again, or use another mirror.",
    },
  );
}

/** With the checked sum beside; it is there to be read once the body was taken. */
function itemOf(
  { entry: { record, ...entry }, body }: ArchiveItem,
  sums: Map<string, string>,
  what: string,
): PackageItem {
  if (entry.kind === "hardlink") return { entry, body, ...sumOf(sums.get(entry.target)) };
  if (entry.kind !== "file") return { entry, body };
  return {
    entry,
    body: checked(entry, { body, record, what, note: (sum) => void sums.set(entry.path, sum) }),
    get sha1(): string {
      return sums.get(entry.path) ?? "";
    },
  };
}

const sumOf = (sha1: string | undefined): { readonly sha1?: string } => (sha1 === undefined ? {} : { sha1 });

interface CheckedBody {
  readonly body: Bytes;
  readonly record: string | undefined;
  readonly what: string;
  note(sum: string): void;
}

async function* checked(entry: Entry, { body, record, what, note }: CheckedBody): AsyncGenerator<Uint8Array> {
  const state = createHash("sha1");
  for await (const chunk of bodyOf(body, what)) {
    state.update(chunk);
    yield chunk;
  }
  const sum = state.digest("hex");
  if (record !== undefined && record !== sum) {
    throw broken(what, `the sum of "/${printable(entry.path)}" is ${sum}, and the package says ${printable(record)}`);
  }
  note(sum);
}

/** Passes bytes on and digests them; `digest` is of all of them, those too that nobody took. */
function hashing(bytes: Bytes): { readonly bytes: Bytes; digest(): Promise<string> } {
  const state = createHash("sha256");
  const chunks = bytes[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const result = await chunks.next();
    if (!result.done) state.update(result.value);
    return result;
  };
  return {
    bytes: { [Symbol.asyncIterator]: () => ({ next }) },
    digest: async () => {
      while (!(await next()).done);
      return state.digest("hex");
    },
  };
}
