// Locked packages become pieces: those that were made before are read, the others are fetched, verified and unpacked, the
// biggest first. Each piece is compressed as soon as it is there, while others are still on their way.
import { type Digest, hexOf, parseDigest, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { oneAtATime } from "../core/one-at-a-time.ts";
import { formatPlatform } from "../core/platform.ts";
import type { PathRules } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import { type ControlChecksum, isControlChecksum, type PackageTrust } from "../packages/contract.ts";
import { compileGlob } from "../rootfs/glob.ts";
import { excludedPaths } from "../rootfs/normalize-excluded.ts";
import type { ResolvedPackage } from "./contract.ts";
import type { Job, JobResult } from "./jobs.ts";
import { namesApart } from "./package-names.ts";
import { pieceKey } from "./piece-store.ts";
import type { Plan } from "./plan.ts";
import { rootTarball } from "./root-tarball.ts";
import { type CompressContext, compressSegment, pieceSegment } from "./segments.ts";
import type { Session } from "./session.ts";
import { sourceFile } from "./source-package.ts";
import type { PiecedPackage } from "./tree.ts";

export interface PiecesOptions {
  readonly plan: Plan;
  readonly packages: readonly ResolvedPackage[];
  readonly session: Session;
  readonly compress: CompressContext;
}

/**
 * In the order of `packages`. Compressing goes on when this is done, since scripts can run meanwhile; whoever needs a member
 * waits for it. Throws what fetching and unpacking throw.
 */
export async function makePieces(options: PiecesOptions): Promise<readonly PiecedPackage[]> {
  const { plan, packages, session, compress } = options;
  const rules: PathRules = { mergedUsr: plan.supply.mergedUsr };
  const known = new Map<ResolvedPackage, Piece>();
  for (const one of packages) {
    const piece = session.pieces.find(pieceKey(one.digest, rules, trustFor(one, options)));
    if (piece) known.set(one, piece);
  }
  const missing = packages.filter((one) => !known.has(one));
  const progress = startProgress(missing, plan, session);
  const large = oneAtATime();
  const bySize = missing.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  const mismatches: Mismatch[] = [];
  await Promise.all(
    bySize.map(async (one) => {
      const piece = await makePiece(one, { ...options, rules, large, onBytes: progress.downloaded }).catch((error) =>
        noteMismatch(one, error, mismatches),
      );
      if (piece === undefined) return;
      known.set(one, piece);
      progress.unpacked(one);
      // A failure is met by who assembles the layer, which asks for the same members.
      void compressSegment(pieceSegment(session.pieces, piece, removedPaths(piece, plan)), compress).catch(() => {});
    }),
  );
  if (mismatches.length > 0) throw mismatchError(mismatches);
  const names = namesApart(packages, plan.architecture);
  const pieced = packages.map((locked, at) => ({
    name: names[at] ?? locked.name,
    locked,
    piece: known.get(locked) as Piece,
  }));
  warnOfUnsigned(pieced, session);
  return pieced;
}

const namedAtMost = 12;

/** What was taken on trust is told in every build that has it. */
function warnOfUnsigned(all: readonly PiecedPackage[], session: Session): void {
  const unsigned = all.filter(({ piece }) => piece.unsigned !== undefined);
  for (const [repository, some] of Map.groupBy(unsigned, ({ locked }) => locked.repository)) {
    const reason = some.length === 1 ? ` (${some[0]?.piece.unsigned})` : "";
    const names = some.slice(0, namedAtMost).map(({ locked }) => locked.name);
    const more = some.length > namedAtMost ? `, and ${some.length - namedAtMost} more` : "";
    const what = `${some.length} package${some.length === 1 ? "" : "s"} of "${repository}"`;
    const text = `Without a good signature, as was asked: ${what}: ${names.join(", ")}${more}${reason}`;
    session.emit({ kind: "warning", text });
  }
}

interface Mismatch {
  readonly one: ResolvedPackage;
  readonly error: DodaiError;
}

/** An index that disagrees with its packages does so with many: all are told at once. */
function noteMismatch(one: ResolvedPackage, error: unknown, mismatches: Mismatch[]): undefined {
  if (!(error instanceof DodaiError) || error.code !== "DIGEST_MISMATCH") throw error;
  mismatches.push({ one, error });
}

function mismatchError(mismatches: readonly Mismatch[]): DodaiError {
  const [first] = mismatches;
  if (first !== undefined && mismatches.length === 1) return first.error;
  const lines = mismatches
    .map(({ one, error }) => `\n  ${one.name} ${one.version} of ${one.repository}: ${reasonOf(error)}`)
    .sort();
  return new DodaiError(
    "DIGEST_MISMATCH",
    `Cannot use ${mismatches.length} packages: they are not what the index or the lock says${lines.join("")}`,
    { fix: "The mirror may be in the middle of an update. Try again, use another mirror, or write the lock anew." },
  );
}

/** The state alone of `Cannot VERB THING: state`, in one line. */
const reasonOf = ({ message }: DodaiError): string =>
  message.slice(message.lastIndexOf(": ") + 2).replaceAll("\n", " ");

/** What recipe and variant take away, seen from this package alone; what else goes shows when packages are merged. */
function removedPaths({ entries, key }: Piece, { recipe, supply }: Plan): ReadonlySet<string> {
  const globs = recipe.remove.map(compileGlob);
  const removed = entries.map(({ entry }) => entry.path).filter((path) => globs.some((matches) => matches(path)));
  if (supply.excluded.paths.length === 0) return new Set(removed);
  const tree = new Map(entries.map(({ entry }) => [entry.path, { entry, owner: key, content: undefined }]));
  return new Set([...removed, ...excludedPaths(tree, supply.excluded)]);
}

/** The decoder of xz takes some 200 MB for packages of several blocks, which large ones are: one of them at a time. */
const largeBytes = 6 << 20;

/** One piece alone, read when it was made before. */
export async function unpackOne(
  one: ResolvedPackage,
  { plan, session }: Pick<PiecesOptions, "plan" | "session">,
): Promise<Piece> {
  const rules: PathRules = { mergedUsr: plan.supply.mergedUsr };
  const known = session.pieces.find(pieceKey(one.digest, rules, trustFor(one, { plan, session })));
  return known ?? makePiece(one, { plan, session, rules, large: oneAtATime(), onBytes: () => {} });
}

interface MakePiece extends Pick<PiecesOptions, "plan" | "session"> {
  readonly large: ReturnType<typeof oneAtATime>;
  readonly rules: PathRules;
  readonly onBytes: (count: number) => void;
}

async function makePiece(one: ResolvedPackage, options: MakePiece): Promise<Piece> {
  const { session } = options;
  const { digest, sizeBytes } = one;
  if (isControlChecksum(digest)) return unpackFile(await acquire(one, digest, options), one, options);
  const unpack = (path: string): Promise<Piece> => unpackFile({ path, digest }, one, options);
  if (!(await session.store.has(digest, sizeBytes))) return unpack(await download(one, digest, options));
  try {
    return await unpack(session.store.path(digest));
  } catch (error) {
    // The copy in the store was damaged: verifying it removes it, and it is fetched again. A bad package stays bad.
    if (await session.store.verify(digest, sizeBytes)) throw error;
    return unpack(await download(one, digest, options));
  }
}

/** A package file, and the digest that it was seen to have. */
interface FoundFile {
  readonly path: string;
  readonly digest: Digest;
}

/** A file of another size than its index says is told as that, as long as it is not of another kind altogether. */
const sizeSlack = 16 << 20;

/** Where the digest of a file is kept that an index calls by another checksum. */
const filesKind = "package-files";

/** A file that no digest is known of is known by the one that it had when it was fetched; what it holds is checked as it is unpacked. */
async function acquire(one: ResolvedPackage, checksum: ControlChecksum, options: MakePiece): Promise<FoundFile> {
  const { session, onBytes } = options;
  const { store } = session;
  const key = hexOf(sha256(`${checksum} ${one.sizeBytes}`));
  const kept = await store.value(filesKind, key);
  if (kept !== undefined) {
    const digest = parseDigest(Buffer.from(kept).toString());
    if (await store.verify(digest, one.sizeBytes)) return { path: store.path(digest), digest };
  }
  const maxBytes = 2 * one.sizeBytes + sizeSlack;
  const found = await (await session.mirrors()).obtain(rootsOf(one, options), one.path, { maxBytes, onBytes });
  if (found.sizeBytes !== one.sizeBytes) {
    throw new DodaiError(
      "DIGEST_MISMATCH",
      `Cannot use ${one.name} ${one.version}: it has ${found.sizeBytes} bytes, wanted ${one.sizeBytes}`,
      { fix: "The index of the repository is older or newer than its packages. Try again, or use another mirror." },
    );
  }
  await store.keepValue(filesKind, key, Buffer.from(found.digest));
  return found;
}

async function unpackFile({ path, digest }: FoundFile, one: ResolvedPackage, options: MakePiece): Promise<Piece> {
  const { session, rules } = options;
  const { sizeBytes } = one;
  const trust = trustFor(one, options);
  const key = pieceKey(one.digest, rules, trust);
  const job: Job = {
    kind: "unpack",
    format: options.plan.source ? rootTarball : options.plan.distribution.format.name,
    packagePath: path,
    digest,
    sizeBytes,
    ...(isControlChecksum(one.digest) ? { checksum: one.digest } : {}),
    ...(trust && { trust }),
    what: `${one.name} ${one.version}`.trimEnd(),
    key,
    rules,
    recordsPath: session.pieces.recordsPath(key),
    descriptionPath: session.pieces.descriptionPath(key),
    temporary: session.pieces.temporary(),
  };
  const run = (): Promise<JobResult> => session.pool().run(job, { weightBytes: sizeBytes });
  await (sizeBytes > largeBytes ? options.large(run) : run()).catch((error: unknown) => {
    throw packageFault(error, one, options.plan);
  });
  const piece = session.pieces.find(key);
  if (piece) return piece;
  throw new DodaiError("CACHE_BROKEN", `Cannot read the piece of ${one.name} back from "${session.store.directory}"`);
}

/** What is wrong with a package, and with which. */
function packageFault(error: unknown, one: ResolvedPackage, { source }: Plan): unknown {
  if (source && error instanceof DodaiError && error.code === "PACKAGE_BROKEN") {
    return new DodaiError("ARCHIVE_BROKEN", error.message, { ...(error.fix ? { fix: error.fix } : {}), cause: error });
  }
  return source ? error : faultOf(error, one);
}

function faultOf(error: unknown, { name, version, path, repository }: ResolvedPackage): unknown {
  if (
    !(error instanceof DodaiError) ||
    !/^(?:ARCHIVE|COMPRESSION|PACKAGE|SIGNATURE)_|^(?:DIGEST_MISMATCH|FILE_CONFLICT)$/.test(error.code)
  )
    return error;
  const fix = error.fix ?? `Leave the package out ("!${name}" in packages), or tell whoever runs the repository.`;
  const where = `${name} ${version}, "${path}" of ${repository}`;
  return new DodaiError(error.code, error.message, { where, fix, cause: error.cause });
}

/** Who must have signed a package, where package files are signed one by one. */
function trustFor(
  one: ResolvedPackage,
  { plan, session }: Pick<PiecesOptions, "plan" | "session">,
): PackageTrust | undefined {
  if (plan.source || !plan.distribution.format.signedPackages) return undefined;
  const repository = plan.supply.repositories.find(({ name }) => name === one.repository);
  // Without a repository there is nobody to trust, and fetching says so.
  const { keys = [], insecureUnsigned = false } = repository ?? {};
  return { keys, insecureUnsigned, now: session.now };
}

function rootsOf(one: ResolvedPackage, { plan }: MakePiece): readonly string[] {
  const repository = plan.supply.repositories.find(({ name }) => name === one.repository);
  const urls = plan.source ? sourceFile(plan.source, one).roots : repository?.urls;
  if (!urls) {
    throw new DodaiError(
      "LOCK_OUT_OF_DATE",
      `Cannot fetch ${one.name} ${one.version}: the recipe has no repository "${one.repository}"`,
      {
        fix: 'Write the lock anew with "dodai lock".',
      },
    );
  }
  return urls;
}

async function download(one: ResolvedPackage, digest: Digest, options: MakePiece): Promise<string> {
  const { plan, session, onBytes } = options;
  const { sizeBytes } = one;
  const path = plan.source ? sourceFile(plan.source, one).path : one.path;
  return (await session.mirrors()).download(rootsOf(one, options), path, { digest, sizeBytes }, { onBytes });
}

function startProgress(
  missing: readonly ResolvedPackage[],
  { platform }: Plan,
  session: Session,
): { readonly downloaded: (count: number) => void; readonly unpacked: (one: ResolvedPackage) => void } {
  const totalBytes = missing.reduce((sum, one) => sum + one.sizeBytes, 0);
  if (missing.length > 0) {
    const text = `fetching and unpacking ${missing.length} package${missing.length === 1 ? "" : "s"}`;
    session.emit({ kind: "stage", stage: "download", platform: formatPlatform(platform), text });
  }
  let downloadedBytes = 0;
  let unpackedBytes = 0;
  return {
    downloaded: (count) => {
      downloadedBytes += count;
      session.emit({ kind: "progress", stage: "download", doneBytes: downloadedBytes, totalBytes, what: "packages" });
    },
    unpacked: (one) => {
      unpackedBytes += one.sizeBytes;
      session.emit({ kind: "progress", stage: "unpack", doneBytes: unpackedBytes, totalBytes, what: one.name });
    },
  };
}
