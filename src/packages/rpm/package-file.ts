// Opens an .rpm: a lead that means nothing any more, the signature header, the header, and the payload, a compressed cpio
// archive (rpm's docs/manual/format.md). The header is verified before anything in it is used; the payload while it passes.

import { createHash } from "node:crypto";
import { type ByteReader, readerOfBytes } from "../../archive/byte-reader.ts";
import { type Compression, DETECT_BYTES, detectCompression } from "../../archive/compression.ts";
import { decompress } from "../../archive/decompress.ts";
import type { ArchiveItem } from "../../archive/entry.ts";
import { printable } from "../../archive/tar-name.ts";
import { type Bytes, bytesOf, concatBytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { packageFaults } from "../broken-package.ts";
import type { ControlMember, PackageFile, PackageLimits, PackageTrust } from "../contract.ts";
import { digestAlgorithm, filesOf } from "./files.ts";
import { ENTRY_BYTES, HEADER_INTRO_BYTES, HEADER_MAGIC, type Header, headerSize, parseHeader } from "./header.ts";
import { readPayload } from "./payload.ts";
import { scriptsOf } from "./scripts.ts";
import { signatureTags, tags } from "./tags.ts";
import { assertHeaderDigests, judgePackage } from "./trust.ts";

/** Errors of the layers below that say that the package is broken. */
const { asPackage, bodyOf, broken } = packageFaults("rpmbuild", [
  "ARCHIVE_BROKEN",
  "COMPRESSION_BROKEN",
  "COMPRESSION_UNKNOWN",
]);

const LEAD_BYTES = 96;
const LEAD_MAGIC: Uint8Array = Uint8Array.of(0xed, 0xab, 0xee, 0xdb);
/** Type of a lead: 0 for packages to install, 1 for sources. */
const LEAD_SOURCE = 1;
/** A package whose signature is over all of it is held in memory until that was seen; only ones of before rpm 4 are. */
const MAX_WHOLE_BYTES = 512 << 20;

/**
 * Opens a package file. Without `trust` nobody asks who signed it. Throws SIGNATURE_MISSING, SIGNATURE_INVALID,
 * DIGEST_MISMATCH, PACKAGE_BROKEN, ARCHIVE_UNSAFE_PATH, ARCHIVE_TOO_LARGE.
 */
export async function openPackage(bytes: Bytes, limits: PackageLimits, trust?: PackageTrust): Promise<PackageFile> {
  return await asPackage("a package", async () => {
    const reader = readerOfBytes(bytes, "the package file");
    const { signature, header, signed } = await readHeaders(reader, limits);
    const what = `package "${printable(header.text(tags.name) ?? "")}"`;
    if (header.has(tags.sourcePackage) || signed.isSource)
      throw broken(what, "it is a source package, wanted a binary one");
    assertHeaderDigests({ signature, header: signed.bytes, what });
    const payload = startPayload(reader);
    const whole = (): Promise<Uint8Array> => payload.whole(signed.bytes, what);
    const unsigned = trust && (await judgePackage({ signature, header: signed.bytes, whole, what }, trust));
    const items = await readItems(header, signature, { payload, signed: signed.bytes, limits, what });
    return { control: controlOf(header, signature), items, ...(unsigned === undefined ? {} : { unsigned }) };
  });
}

interface Headers {
  readonly signature: Header;
  readonly header: Header;
  /** The main header with its magic, as signatures and digests are over it. */
  readonly signed: { readonly bytes: Uint8Array; readonly isSource: boolean };
}

async function readHeaders(reader: ByteReader, limits: PackageLimits): Promise<Headers> {
  const lead = await reader.take(LEAD_BYTES);
  if (!LEAD_MAGIC.every((byte, at) => lead[at] === byte))
    throw broken("a package", "it does not start as an rpm package");
  const isSource = lead[7] === LEAD_SOURCE;
  const signature = await readHeader(reader, limits, { what: "its signature header", region: tags.headerSignatures });
  const over = reader.taken % 8;
  if (over > 0) await reader.take(8 - over);
  const main = await readHeader(reader, limits, { what: "its header", region: tags.headerImmutable });
  return { signature: signature.header, header: main.header, signed: { bytes: main.bytes, isSource } };
}

async function readHeader(
  reader: ByteReader,
  { maxControlBytes }: PackageLimits,
  options: { readonly what: string; readonly region: number },
): Promise<{ readonly header: Header; readonly bytes: Uint8Array }> {
  const intro = await reader.take(HEADER_INTRO_BYTES);
  const { entryCount, dataBytes } = headerSize(intro, options.what);
  const restBytes = ENTRY_BYTES * entryCount + dataBytes;
  if (restBytes > maxControlBytes) {
    throw new DodaiError(
      "ARCHIVE_TOO_LARGE",
      `Cannot read ${options.what}: it is larger than ${maxControlBytes} bytes`,
    );
  }
  const bytes = concatBytes([Uint8Array.from(intro), Uint8Array.from(await reader.take(restBytes))]);
  return { header: parseHeader(bytes.subarray(HEADER_MAGIC.length), options), bytes };
}

/** The compressed payload: read once, or held in memory because somebody wanted all of it before. */
interface PayloadSource {
  whole(header: Uint8Array, what: string): Promise<Uint8Array>;
  bytes(): Bytes;
}

function startPayload(reader: ByteReader): PayloadSource {
  let held: Uint8Array | undefined;
  return {
    whole: async (header, what) => {
      const chunks: Uint8Array[] = [];
      let seen = 0;
      for await (const chunk of reader.rest()) {
        seen += chunk.length;
        if (seen > MAX_WHOLE_BYTES)
          throw new DodaiError(
            "ARCHIVE_TOO_LARGE",
            `Cannot verify ${what}: it is larger than ${MAX_WHOLE_BYTES} bytes`,
          );
        chunks.push(Uint8Array.from(chunk));
      }
      held = concatBytes(chunks);
      return concatBytes([header, held]);
    },
    bytes: () => (held === undefined ? reader.rest() : bytesOf(held)),
  };
}

interface ItemOptions {
  readonly payload: PayloadSource;
  readonly signed: Uint8Array;
  readonly limits: PackageLimits;
  readonly what: string;
}

async function readItems(
  header: Header,
  signature: Header,
  options: ItemOptions,
): Promise<AsyncGenerator<ArchiveItem>> {
  const { payload, limits, what } = options;
  const format = header.text(tags.payloadFormat) ?? "cpio";
  if (format !== "cpio") throw broken(what, `its payload is "${printable(format)}", wanted "cpio"`);
  const files = filesOf(header, what);
  const algorithm = digestAlgorithm(header, tags.fileDigestAlgorithm, what);
  const checks = payloadChecks(header, signature, options);
  const { compression, bytes } = await detected(payload.bytes());
  const plain = decompress(checked(bytes, checks, what), {
    compression,
    maxBytes: limits.maxTreeBytes,
    what: `the payload of ${what}`,
  });
  return asItems(readPayload(plain, { files, algorithm, limits, what }), what);
}

/** A hash over the payload, and what it must be. */
interface PayloadCheck {
  update(chunk: Uint8Array): void;
  digest(): string;
  readonly wanted: string;
}

/** The payload's digest; in packages of before rpm 4.14, which have none, MD5 over header and payload. */
function payloadChecks(header: Header, signature: Header, { signed, what }: ItemOptions): readonly PayloadCheck[] {
  const wanted = header.text(tags.payloadSha256);
  if (wanted !== undefined) {
    const hash = createHash(
      header.has(tags.payloadDigestAlgorithm) ? digestAlgorithm(header, tags.payloadDigestAlgorithm, what) : "sha256",
    );
    return [
      { update: (chunk) => void hash.update(chunk), digest: () => hash.digest("hex"), wanted: wanted.toLowerCase() },
    ];
  }
  const md5 = signature.bin(signatureTags.md5);
  if (md5 === undefined) return [];
  const hash = createHash("md5").update(signed);
  const hex = Buffer.from(md5).toString("hex");
  return [{ update: (chunk) => void hash.update(chunk), digest: () => hash.digest("hex"), wanted: hex }];
}

async function* checked(bytes: Bytes, checks: readonly PayloadCheck[], what: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    for (const check of checks) check.update(chunk);
    yield chunk;
  }
  for (const check of checks) {
    const actual = check.digest();
    if (actual === check.wanted) continue;
    throw new DodaiError(
      "DIGEST_MISMATCH",
      `Cannot use ${what}: its payload has the digest ${actual}, wanted ${check.wanted}`,
      { fix: "The package was changed or damaged. Fetch it again, or tell whoever runs the repository." },
    );
  }
}

/** PAYLOADCOMPRESSOR says the same, but not everybody sets it right; an empty payload is one of no files. */
async function detected(bytes: Bytes): Promise<{ readonly compression: Compression; readonly bytes: Bytes }> {
  const chunks = bytes[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < DETECT_BYTES) {
    const { done, value } = await chunks.next();
    if (done) break;
    first.push(Uint8Array.from(value));
    length += value.length;
  }
  const start = concatBytes(first);
  async function* all(): AsyncGenerator<Uint8Array> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { compression: detectCompression(start), bytes: all() };
}

/** The headers as the database wants them, and the scripts as files. */
function controlOf(header: Header, signature: Header): readonly ControlMember[] {
  return [
    { name: "header", mode: 0o644, bytes: Uint8Array.from(header.bytes) },
    { name: "signature", mode: 0o644, bytes: Uint8Array.from(signature.bytes) },
    ...scriptsOf(header),
  ];
}

async function* asItems(items: AsyncGenerator<ArchiveItem>, what: string): AsyncGenerator<ArchiveItem> {
  try {
    for (;;) {
      const { done, value } = await asPackage(what, () => items.next());
      if (done) return;
      yield value.entry.kind === "file" ? { entry: value.entry, body: bodyOf(value.body, what) } : value;
    }
  } finally {
    await items.return(undefined);
  }
}
