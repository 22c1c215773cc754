// Locked packages become pieces: those that were made before are read, the others are fetched, verified and unpacked, the
// biggest first. Each piece is compressed as soon as it is there, while others are still on their way.
import { DodaiError } from "../core/dodai-error.ts";
import { oneAtATime } from "../core/one-at-a-time.ts";
import { formatPlatform } from "../core/platform.ts";
import type { PathRules } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import type { PackageTrust, Repository } from "../packages/contract.ts";
import { compileGlob } from "../rootfs/glob.ts";
import { excludedPaths } from "../rootfs/normalize-excluded.ts";
import type { ResolvedPackage } from "./contract.ts";
import type { Job, JobResult } from "./jobs.ts";
import { pieceKey } from "./piece-store.ts";
import type { Plan } from "./plan.ts";
import { type CompressContext, compressSegment, pieceSegment } from "./segments.ts";
import type { Session } from "./session.ts";
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
  await Promise.all(
    bySize.map(async (one) => {
      const piece = await makePiece(one, { ...options, rules, large, onBytes: progress.downloaded });
      known.set(one, piece);
      progress.unpacked(one);
      // A failure is met by who assembles the layer, which asks for the same members.
      void compressSegment(pieceSegment(session.pieces, piece, removedPaths(piece, plan)), compress).catch(() => {});
    }),
  );
  return packages.map((locked) => ({ locked, piece: known.get(locked) as Piece }));
}

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

interface MakePiece extends PiecesOptions {
  readonly large: ReturnType<typeof oneAtATime>;
  readonly rules: PathRules;
  readonly onBytes: (count: number) => void;
}

async function makePiece(one: ResolvedPackage, options: MakePiece): Promise<Piece> {
  const { session, rules } = options;
  const { digest, sizeBytes } = one;
  const trust = trustFor(one, options);
  const key = pieceKey(digest, rules, trust);
  const unpack = async (packagePath: string): Promise<Piece> => {
    const job: Job = {
      kind: "unpack",
      format: options.plan.distribution.format.name,
      packagePath,
      digest,
      sizeBytes,
      ...(trust && { trust }),
      what: `${one.name} ${one.version}`,
      key,
      rules,
      recordsPath: session.pieces.recordsPath(key),
      descriptionPath: session.pieces.descriptionPath(key),
      temporary: session.pieces.temporary(),
    };
    const run = (): Promise<JobResult> => session.pool().run(job, { weightBytes: sizeBytes });
    await (sizeBytes > largeBytes ? options.large(run) : run()).catch((error: unknown) => {
      throw packageFault(error, one);
    });
    const piece = session.pieces.find(key);
    if (!piece)
      throw new DodaiError(
        "CACHE_BROKEN",
        `Cannot read the piece of ${one.name} back from "${session.store.directory}"`,
      );
    return piece;
  };
  if (!(await session.store.has(digest, sizeBytes))) return unpack(await download(one, options));
  try {
    return await unpack(session.store.path(digest));
  } catch (error) {
    // The copy in the store was damaged: verifying it removes it, and it is fetched again. A bad package stays bad.
    if (await session.store.verify(digest, sizeBytes)) throw error;
    return unpack(await download(one, options));
  }
}

/** What is wrong with a package, and with which. */
function packageFault(error: unknown, { name, version, path, repository }: ResolvedPackage): unknown {
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
function trustFor(one: ResolvedPackage, { plan, session }: PiecesOptions): PackageTrust | undefined {
  if (!plan.distribution.format.signedPackages) return undefined;
  const { keys, insecureUnsigned } = repositoryOf(one, plan);
  return { keys, insecureUnsigned, now: session.now };
}

async function download(one: ResolvedPackage, { plan, session, onBytes }: MakePiece): Promise<string> {
  const { urls } = repositoryOf(one, plan);
  const { digest, sizeBytes } = one;
  return (await session.mirrors()).download(urls, one.path, { digest, sizeBytes }, { onBytes });
}

function repositoryOf(one: ResolvedPackage, plan: Plan): Repository {
  const repository = plan.supply.repositories.find(({ name }) => name === one.repository);
  if (!repository) {
    throw new DodaiError(
      "LOCK_OUT_OF_DATE",
      `Cannot fetch ${one.name} ${one.version}: the recipe has no repository "${one.repository}"`,
      {
        fix: 'Write the lock anew with "dodai lock".',
      },
    );
  }
  return repository;
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
