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
import { assertClaims } from "./source-claims.ts";
import { sourcePackage } from "./source-package.ts";
import { type Place, type PlannedSource, type StatedSource, statePublished } from "./source-plan.ts";
import { judgeInline, judgeSignature, unsigned } from "./source-trust.ts";

/** Past all root tarballs that are published: those of whole desktops have some 3 GB. */
const maxTarballBytes = 8 * 2 ** 30;
/** A signature over the tarball itself is checked in memory. */
const maxSignedBytes = 1 << 30;
/** Files beside it. */
const maxBesideBytes = 4 << 20;

export interface SourceContext {
  readonly plan: Plan;
  readonly source: StatedSource;
  readonly session: Session;
  readonly insecureUnsigned: NonNullable<CommonOptions["insecureUnsigned"]>;
}

/**
 * Asks what the tarball is called that the plan wants, where nobody stated it. Throws INDEX_MISSING, INDEX_SYNTAX, SUM_MISSING,
 * and what fetching throws.
 */
export async function stateSource(source: PlannedSource, { plan, session }: IndexContext): Promise<StatedSource> {
  if (source.kind === "stated") return source;
  const { urls, index, readIndex } = source.published;
  const platform = formatPlatform(plan.platform);
  session.emit({ kind: "stage", stage: "index", platform, text: `reading ${index}` });
  const bytes = await (await session.mirrors()).fetch(urls, index, { maxBytes: maxBesideBytes });
  if (bytes) {
    const tarball = await readIndex(await collect(bytes, { maxBytes: maxBesideBytes, what: index }));
    return statePublished(source, tarball);
  }
  throw new DodaiError("INDEX_MISSING", `Cannot find the root tarball for ${platform}: no mirror has ${index}`, {
    fix: "Check the mirrors, and that they have this release for this platform.",
  });
}

type IndexContext = Pick<SourceContext, "plan" | "session">;

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
    ...(plan.source?.kind === "published" ? sha512Stated(checksums) : {}),
  };
  const piece = await unpackOne(sourcePackage(found, plan), { plan, session });
  assertClaims(piece, context);
  const now = session.now.getTime() / 1000;
  const newest = piece.entries.reduce((last, { entry: { mtime } }) => (mtime <= now ? Math.max(last, mtime) : last), 0);
  return { platform, repositories: [], packages: [], source: { ...found, date: new Date(newest * 1000) } };
}

function sha512Stated(checksums: readonly Checksum[]): Pick<ResolvedSource, "sha512"> {
  const stated = checksums.find(({ algorithm }) => algorithm === "sha512");
  return stated ? { sha512: stated.hex } : {};
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

async function fetchBeside(place: Place, context: SourceContext): Promise<Uint8Array> {
  const { path } = place;
  const bytes = await fetchIfThere(place, context);
  if (bytes) return bytes;
  throw new DodaiError("DOWNLOAD_FAILED", `Cannot fetch "${path}" of the source: it is not there`, {
    fix: "Check its place; a bare name is looked for in the tarball's folder, a path beside the recipe starts with ./",
  });
}

async function fetchIfThere({ roots, path }: Place, { session }: SourceContext): Promise<Uint8Array | undefined> {
  const bytes = await (await session.mirrors()).fetch(roots, path, { maxBytes: maxBesideBytes });
  return bytes && collect(bytes, { maxBytes: maxBesideBytes, what: path });
}

/** From the store where a sum tells what to look for, else from its place. */
async function obtain({ source, session, plan }: SourceContext, checksums: readonly Checksum[]): Promise<Obtained> {
  const digest = await knownDigest(checksums, session.store);
  const sizeBytes = digest && (await session.store.sizeOf(digest));
  if (digest && sizeBytes !== undefined && (await session.store.verify(digest, sizeBytes))) {
    return { path: session.store.path(digest), digest, sizeBytes };
  }
  const { roots, path } = source.rootfs;
  const what = `${path} for ${formatPlatform(plan.platform)}`;
  let seen = 0;
  return (await session.mirrors()).obtain(roots, path, {
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
  // What a recipe names must be there; what a publisher forgot has been left out by somebody.
  const isPublished = context.plan.source?.kind === "published";
  const made = isPublished ? await fetchIfThere(signature, context) : await fetchBeside(signature, context);
  if (made) return judgeSignature(await readFile(tarball.path), made, { ...context, what: rootfs.path });
  unsigned(context, `no mirror has its signature ${signature.path}`);
  return [];
}

/** The serial that the source states for this platform. */
async function readSerial(context: SourceContext): Promise<string | undefined> {
  const { serial, rootfs } = context.source;
  if (!serial) return undefined;
  if ("value" in serial) return serial.value;
  const { file = rootfs, pattern } = serial;
  const text = serial.file ? Buffer.from(await fetchBeside(serial.file, context)).toString("utf8") : rootfs.whole;
  const found = pattern.exec(text);
  const value = found?.[1] ?? found?.[0] ?? "";
  if (/^[\x20-\x7e]{1,200}$/.test(value)) return value;
  throw new DodaiError("SERIAL_MISMATCH", `Cannot find the serial in ${file.path}: nothing fits ${String(pattern)}`, {
    fix: 'Check "serial" of the source.',
  });
}

/** What a platform's tarball says that it is, where that is known. */
export interface PlatformSerial {
  readonly platform: string;
  readonly serial: string | undefined;
  /** What its publisher calls that. */
  readonly word: "serial" | "version";
}

export const serialWord = ({ source }: Pick<Plan, "source">): PlatformSerial["word"] =>
  source?.kind === "published" ? "version" : "serial";

/** Tarballs of different builds are not one image. Throws SERIAL_MISMATCH. */
export function assertOneSerial(platforms: readonly PlatformSerial[]): void {
  const serials = platforms.filter(({ serial }) => serial !== undefined);
  const [first] = serials;
  const other = serials.find(({ serial }) => serial !== first?.serial);
  if (!first || !other) return;
  throw new DodaiError(
    "SERIAL_MISMATCH",
    `Cannot make one image of the source: its ${first.word} is "${first.serial}" for ${first.platform}, and "${other.serial}" for ${other.platform}`,
    {
      fix:
        first.word === "version"
          ? "Wait until the mirror has the release for all of them, or use another mirror."
          : "Wait until all tarballs of a build are published, or name places of one build.",
    },
  );
}
