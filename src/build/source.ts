// The lock station of a ready root file system: fetched, its signature and sums checked, and what it is written down.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { collect } from "../core/bytes.ts";
import { type Digest, hexOf, parseDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import { type Checksum, checksumsOf } from "../crypto/checksums.ts";
import type { Obtained } from "../io/mirrors.ts";
import { readFileStream, type Store } from "../io/store.ts";
import type { CommonOptions, ResolvedSource } from "./contract.ts";
import type { LockedPlatform } from "./lock-file.ts";
import { unpackOne } from "./pieces.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";
import { sourcePackage } from "./source-package.ts";
import type { Place, PlannedSource } from "./source-plan.ts";
import { judgeInline, judgeSignature, unsigned } from "./source-trust.ts";

/** Past all root tarballs that are published: those of whole desktops have some 3 GB. */
const maxTarballBytes = 8 * 2 ** 30;
/** A signature over the tarball itself is checked in memory. */
const maxSignedBytes = 1 << 30;
/** Files beside it. */
const maxBesideBytes = 4 << 20;

export interface SourceContext {
  readonly plan: Plan;
  readonly source: PlannedSource;
  readonly session: Session;
  readonly insecureUnsigned: NonNullable<CommonOptions["insecureUnsigned"]>;
}

/**
 * Fetches and verifies the plan's tarball. Throws SIGNATURE_MISSING when neither a signature nor a sum of the recipe's
 * vouches for it, SIGNATURE_INVALID, SUM_MISSING, DIGEST_MISMATCH, and what fetching and unpacking throw.
 */
export async function solveSource(context: SourceContext): Promise<LockedPlatform> {
  const { plan, source, session } = context;
  const platform = formatPlatform(plan.platform);
  session.emit({ kind: "stage", stage: "index", platform, text: `reading the root tarball ${source.rootfs.path}` });
  const { checksums, signedBy, isVouched } = await readSums(context);
  if (!isVouched) {
    const { sums } = source;
    unsigned(
      context,
      sums ? `the sums in ${sums.path} are not signed` : "neither a signature nor a sum vouches for it",
    );
  }
  const tarball = await obtain(context, checksums);
  await assertSums(tarball, checksums, context);
  const signers = source.sums ? signedBy : await judgeTarball(tarball, context);
  const serial = await readSerial(context);
  const { digest, sizeBytes } = tarball;
  const found: ResolvedSource = {
    path: source.rootfs.name,
    digest,
    sizeBytes,
    signedBy: signers,
    ...(serial === undefined ? {} : { serial }),
  };
  const piece = await unpackOne(sourcePackage(found, plan), { plan, session });
  const now = session.now.getTime() / 1000;
  const newest = piece.entries.reduce((last, { entry: { mtime } }) => (mtime <= now ? Math.max(last, mtime) : last), 0);
  return { platform, repositories: [], packages: [], source: { ...found, date: new Date(newest * 1000) } };
}

interface Sums {
  readonly checksums: readonly Checksum[];
  /** Of the keys that signed the sums. */
  readonly signedBy: readonly string[];
  /** By a signature, or by its author: in the recipe, or in a file of this machine that nobody is said to sign. */
  readonly isVouched: boolean;
}

/** The sums of recipe and sums file; a sums file that should be signed is looked at only when the signature is good. */
async function readSums(context: SourceContext): Promise<Sums> {
  const { sums, signature, keys, checksums, rootfs } = context.source;
  const isPinned = checksums.length > 0;
  // Without sums the signature is over the tarball, and judged once that is here.
  if (!sums) return { checksums, signedBy: [], isVouched: isPinned || signature !== undefined };
  const bytes = await fetchBeside(sums, context);
  const judged = { ...context, what: sums.path };
  const withListed = (text: Uint8Array): readonly Checksum[] => [
    ...checksums,
    ...checksumsOf(Buffer.from(text).toString("utf8"), rootfs.whole, sums.path),
  ];
  if (signature) {
    const signedBy = judgeSignature(bytes, await fetchBeside(signature, context), judged);
    return { checksums: withListed(bytes), signedBy, isVouched: true };
  }
  if (keys.length > 0) {
    const { text, signedBy } = judgeInline(bytes, judged);
    return { checksums: withListed(text), signedBy, isVouched: true };
  }
  return { checksums: withListed(bytes), signedBy: [], isVouched: sums.isLocal || isPinned };
}

async function fetchBeside({ root, path }: Place, { session }: SourceContext): Promise<Uint8Array> {
  const bytes = await (await session.mirrors()).fetch([root], path, { maxBytes: maxBesideBytes });
  if (bytes) return collect(bytes, { maxBytes: maxBesideBytes, what: path });
  throw new DodaiError("DOWNLOAD_FAILED", `Cannot fetch "${path}" of the source: it is not there`, {
    fix: "Check its place; a bare name is looked for in the tarball's folder, a path beside the recipe starts with ./",
  });
}

/** From the store where a sum tells what to look for, else from its place. */
async function obtain({ source, session, plan }: SourceContext, checksums: readonly Checksum[]): Promise<Obtained> {
  const digest = await knownDigest(checksums, session.store);
  const sizeBytes = digest && (await session.store.sizeOf(digest));
  if (digest && sizeBytes !== undefined && (await session.store.verify(digest, sizeBytes))) {
    return { path: session.store.path(digest), digest, sizeBytes };
  }
  const { root, path } = source.rootfs;
  const what = `${path} for ${formatPlatform(plan.platform)}`;
  let seen = 0;
  return (await session.mirrors()).obtain([root], path, {
    maxBytes: maxTarballBytes,
    onBytes: (count) => {
      seen += count;
      session.emit({ kind: "progress", stage: "download", doneBytes: seen, totalBytes: seen, what });
    },
  });
}

/** Kind of values that tell the SHA-256, by which the store keeps a file, of one whose SHA-512 is known. */
const sha512Values = "sha512";

/** What the sums say that the tarball is, in the store's terms. */
async function knownDigest(checksums: readonly Checksum[], store: Store): Promise<Digest | undefined> {
  for (const { algorithm, hex } of checksums) {
    if (algorithm === "sha256") return parseDigest(`sha256:${hex}`);
    const known = await store.value(sha512Values, hex);
    if (known) return parseDigest(Buffer.from(known).toString());
  }
  return undefined;
}

async function assertSums(tarball: Obtained, checksums: readonly Checksum[], context: SourceContext): Promise<void> {
  const { store } = context.session;
  const { path } = context.source.rootfs;
  for (const { algorithm, hex } of checksums) {
    const actual = algorithm === "sha256" ? hexOf(tarball.digest) : await sha512Of(tarball, hex, store);
    if (actual === hex) continue;
    throw new DodaiError("DIGEST_MISMATCH", `Cannot use ${path}: its ${algorithm} is ${actual}, wanted ${hex}`, {
      fix: "The tarball was changed on the way, or belongs to other sums. Try again, or use another place.",
    });
  }
}

async function sha512Of({ path, digest }: Obtained, expected: string, store: Store): Promise<string> {
  const known = await store.value(sha512Values, expected);
  if (known && Buffer.from(known).toString() === digest) return expected;
  const state = createHash("sha512");
  for await (const chunk of readFileStream(path)) state.update(chunk);
  const hex = state.digest("hex");
  await store.keepValue(sha512Values, hex, Buffer.from(digest));
  return hex;
}

async function judgeTarball(tarball: Obtained, context: SourceContext): Promise<readonly string[]> {
  const { signature, rootfs } = context.source;
  if (!signature) return [];
  if (tarball.sizeBytes > maxSignedBytes) {
    throw new DodaiError(
      "ARCHIVE_TOO_LARGE",
      `Cannot verify ${rootfs.path}: it has ${tarball.sizeBytes} bytes, and at most ${maxSignedBytes} are taken`,
      { fix: "Let the signature be over a file with its sum." },
    );
  }
  const bytes = await readFile(tarball.path);
  return judgeSignature(bytes, await fetchBeside(signature, context), { ...context, what: rootfs.path });
}

/** The serial that the source states for this platform. */
async function readSerial(context: SourceContext): Promise<string | undefined> {
  const { serial, rootfs } = context.source;
  if (!serial) return undefined;
  const { file = rootfs, pattern } = serial;
  const text = serial.file ? Buffer.from(await fetchBeside(serial.file, context)).toString("utf8") : rootfs.whole;
  const found = pattern.exec(text);
  const value = found?.[1] ?? found?.[0] ?? "";
  if (/^[\x20-\x7e]{1,200}$/.test(value)) return value;
  throw new DodaiError("SERIAL_MISMATCH", `Cannot find the serial in ${file.path}: nothing fits ${String(pattern)}`, {
    fix: 'Check "serial" of the source.',
  });
}

/** Tarballs of different builds are not one image. Throws SERIAL_MISMATCH. */
export function assertOneSerial(platforms: readonly LockedPlatform[]): void {
  const serials = platforms.flatMap(({ platform, source }) =>
    source?.serial === undefined ? [] : [{ platform, serial: source.serial }],
  );
  const [first] = serials;
  const other = serials.find(({ serial }) => serial !== first?.serial);
  if (!first || !other) return;
  throw new DodaiError(
    "SERIAL_MISMATCH",
    `Cannot make one image of the source: its serial is "${first.serial}" for ${first.platform}, and "${other.serial}" for ${other.platform}`,
    { fix: "Wait until all tarballs of a build are published, or name places of one build." },
  );
}
