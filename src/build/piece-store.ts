// Where pieces lie: `pieces/ab/KEY.records` and `.json`, and beside them one file for each compressed run of records. A
// name says everything that its bytes depend on, so a file that is there is never written again.
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type PathRules, pieceVersion } from "../image/piece.ts";
import { type Piece, parsePiece } from "../image/piece-file.ts";
import type { PackageDigest, PackageTrust } from "../packages/contract.ts";

export interface PieceStore {
  /** Name for the files of a job, without ending: unique in this process and thread. */
  temporary(): string;
  recordsPath(key: string): string;
  descriptionPath(key: string): string;
  /** Of run number `run` of a segment. */
  memberPath(segment: string, codec: string, run: number): string;
  /** The piece when it was made before and is whole. */
  find(key: string): Piece | undefined;
  /** Size of a file of the store; `undefined` when it is not there. */
  sizeOf(path: string): number | undefined;
}

/**
 * Key of the piece that a package and path rules give. Where package files are signed one by one, whom to trust belongs to it:
 * a piece that was made for others is not used.
 */
export function pieceKey(packageDigest: PackageDigest, { mergedUsr }: PathRules, trust?: PackageTrust): string {
  const trusted = trust && {
    unsigned: trust.insecureUnsigned,
    keys: trust.keys.map(({ armored, fingerprint }) => sha256(`${fingerprint ?? ""} ${armored}`)).sort(),
  };
  const value = {
    version: pieceVersion,
    package: packageDigest,
    mergedUsr: [...mergedUsr].sort(),
    ...(trusted && { trusted }),
  };
  return hexOf(sha256(formatCanonicalJson(value)));
}

/** `temporaryFolder` names a folder of this process on the same file system; it is asked for when it is needed. */
export function openPieceStore(directory: string, temporaryFolder: () => string): PieceStore {
  const made = new Set<string>();
  let count = 0;
  const place = (key: string, ending: string): string => {
    const path = join(directory, key.slice(0, 2), `${key}.${ending}`);
    const folder = dirname(path);
    if (!made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      made.add(folder);
    }
    return path;
  };
  const store: PieceStore = {
    temporary: () => join(temporaryFolder(), `piece-${count++}`),
    recordsPath: (key) => place(key, "records"),
    descriptionPath: (key) => place(key, "json"),
    memberPath: (segment, codec, run) => place(segment, `${codec}.${run}`),
    sizeOf,
    find: (key) => findPiece(store, key),
  };
  return store;
}

function findPiece(store: PieceStore, key: string): Piece | undefined {
  try {
    const piece = parsePiece(key, readFileSync(store.descriptionPath(key), "utf8"));
    return sizeOf(store.recordsPath(key)) === piece.recordsBytes ? piece : undefined;
  } catch (error) {
    // Not there yet, or of a power cut: it is made anew.
    if (error instanceof DodaiError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
