// The one error class that users meet: a code, what went wrong, where, and what to do.
// Anything else that is thrown is a bug of ours and the command line says so.

/** What kind of failure a code is; the command line turns it into its exit code. */
export type ErrorKind = "build" | "usage" | "network" | "verification" | "unsatisfiable" | "lock";

/** Every code that a user can see, each with a page of its name in `docs/errors/`. */
export const errorKinds = {
  ARCHIVE_BROKEN: "build",
  ARCHIVE_TOO_LARGE: "build",
  ARCHIVE_UNSAFE_PATH: "build",
  BASE_IMAGE_UNUSABLE: "build",
  CACHE_BROKEN: "build",
  CACHE_UNWRITABLE: "build",
  CANCELLED: "build",
  COMPRESSION_BROKEN: "build",
  COMPRESSION_UNKNOWN: "build",
  CONTROL_SYNTAX: "build",
  CREDENTIALS_UNUSABLE: "usage",
  DATABASE_BROKEN: "build",
  DIGEST_MISMATCH: "verification",
  DIGEST_SYNTAX: "usage",
  DISK_FULL: "build",
  DISTRIBUTION_UNKNOWN: "usage",
  DOCKERFILE_SYNTAX: "usage",
  DOCKERFILE_UNSUPPORTED: "usage",
  DOWNLOAD_FAILED: "network",
  EFFECT_FAILED: "build",
  FILE_CONFLICT: "build",
  FILE_UNREADABLE: "usage",
  IMAGE_BROKEN: "build",
  IMAGE_MISSING: "network",
  IMAGE_NAME_SYNTAX: "usage",
  IMAGE_UNKNOWN: "usage",
  INDEX_MISSING: "network",
  INDEX_SYNTAX: "build",
  KEY_SYNTAX: "usage",
  KICKSTART_SYNTAX: "usage",
  KICKSTART_UNSUPPORTED: "usage",
  LOCK_DOWNGRADE: "verification",
  LOCK_MISSING: "lock",
  LOCK_OUT_OF_DATE: "lock",
  LOCK_SYNTAX: "lock",
  NETWORK_OFFLINE: "network",
  OUTPUT_UNWRITABLE: "build",
  PACKAGE_BROKEN: "build",
  PACKAGE_MISSING: "unsatisfiable",
  PATH_MISSING: "build",
  PLATFORM_SYNTAX: "usage",
  PLATFORM_UNSUPPORTED: "usage",
  RECIPE_SYNTAX: "usage",
  RECIPE_UNKNOWN: "usage",
  REGISTRY_DENIED: "network",
  REGISTRY_FAILED: "network",
  RELATION_SYNTAX: "build",
  RELEASE_EXPIRED: "verification",
  RELEASE_FROM_FUTURE: "verification",
  RELEASE_SYNTAX: "build",
  RELEASE_WRONG_SUITE: "verification",
  SANDBOX_FAILED: "build",
  SANDBOX_UNAVAILABLE: "build",
  SCRIPT_FAILED: "build",
  SCRIPT_UNKNOWN: "build",
  SERIAL_MISMATCH: "verification",
  SIGNATURE_INVALID: "verification",
  SIGNATURE_MISSING: "verification",
  SNAPSHOT_UNAVAILABLE: "network",
  STEP_FAILED: "build",
  SUM_MISSING: "verification",
  UNSATISFIABLE: "unsatisfiable",
  USAGE: "usage",
  VERSION_SYNTAX: "build",
} as const;

export type ErrorCode = keyof typeof errorKinds;

/** A place in a file that a person wrote. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface ErrorDetails {
  /** Where the fault is: a place in a recipe (drawn with a caret), or a file, URL or package in words. */
  readonly where?: Position | string;
  /** What the reader can do about it, as whole sentences. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** Message form: `Cannot VERB THING: state, wanted state`, no final period, values in double quotes. */
export class DodaiError extends Error {
  override readonly name = "DodaiError";
  readonly code: ErrorCode;
  readonly where: Position | string | undefined;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.where = details.where;
    this.fix = details.fix;
  }
}
