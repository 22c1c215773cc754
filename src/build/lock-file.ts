// The lock: exact packages per platform and the signed chain that vouches for them. It names paths and hashes, never a
// mirror, so any mirror serves it; a build from it neither solves nor reads an index.
import { formatReadableJson, type Json } from "../core/canonical-json.ts";
import { type Digest, parseDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type ControlChecksum, isControlChecksum, type RepositoryChain } from "../packages/contract.ts";
import type { ResolvedPackage, ResolvedSource, ScriptRecord } from "./contract.ts";

/** Changes when a lock written before can no longer be read. */
const lockVersion = 1;

export interface LockedSource extends ResolvedSource {
  /** The newest time in it that is not after the day of the lock. */
  readonly date: Date;
}

/** The image that is built on, pinned by its digest. */
export interface LockedBase {
  /** Its name in a registry; of a file of this machine `file:` and the file's name. */
  readonly name: string;
  /** Of the platform's manifest. */
  readonly digest: Digest;
  /** When it was made. */
  readonly date: Date;
}

export interface LockedPlatform {
  readonly platform: string;
  readonly repositories: readonly RepositoryChain[];
  /** Sorted by name. */
  readonly packages: readonly ResolvedPackage[];
  readonly source?: LockedSource;
  /** The image below. */
  readonly base?: LockedBase;
  /** What the last build did about maintainer scripts; absent before a build. */
  readonly scripts?: ScriptSummary;
}

const doneWords = ["native", "not-needed", "run", "skipped"] as const;

/** Maintainer scripts, `PACKAGE.SCRIPT`, by what was done about them (see `ScriptRecord`); words that fit none are absent. */
export type ScriptSummary = Readonly<Partial<Record<(typeof doneWords)[number], readonly string[]>>>;

export function summaryOf(scripts: readonly ScriptRecord[]): ScriptSummary {
  const named = doneWords.map((word) => {
    const names = scripts.filter(({ done }) => done === word).map((one) => `${one.package}.${one.script}`);
    return [word, names] as const;
  });
  return Object.fromEntries(named.filter(([, names]) => names.length > 0));
}

export interface Lock {
  /** Digest of what of the recipe decides packages. */
  readonly recipe: Digest;
  readonly platforms: readonly LockedPlatform[];
}

export function formatLock({ recipe, platforms }: Lock): string {
  return formatReadableJson({
    schemaVersion: lockVersion,
    recipe,
    platforms: Object.fromEntries(platforms.map((one) => [one.platform, platformJson(one)])),
  });
}

function platformJson({ repositories, packages, scripts, source, base }: LockedPlatform): Json {
  return {
    base: base && { name: base.name, sha256: base.digest, date: formatDate(base.date) },
    source: source && {
      path: source.path,
      size: source.sizeBytes,
      sha256: source.digest,
      sha512: source.sha512 && `sha512:${source.sha512}`,
      signedBy: source.signedBy,
      serial: source.serial,
      date: formatDate(source.date),
    },
    repositories: repositories.map(
      ({ repository, suite, components, signedBy, unsignedPackages, release, indexes }) => ({
        name: repository,
        suite,
        components,
        signedBy,
        unsignedPackages,
        release: {
          path: release.path,
          sha256: release.digest,
          date: formatDate(release.date),
          validUntil: release.validUntil && formatDate(release.validUntil),
        },
        indexes: indexes.map(({ path, digest, sizeBytes }) => ({ path, sha256: digest, size: sizeBytes })),
      }),
    ),
    packages: packages.map((one) => ({
      name: one.name,
      version: one.version,
      architecture: one.architecture,
      source: one.source,
      sourceVersion: one.sourceVersion,
      repository: one.repository,
      path: one.path,
      size: one.sizeBytes,
      ...(isControlChecksum(one.digest) ? { checksum: one.digest } : { sha256: one.digest }),
    })),
    scripts: scripts as Json | undefined,
  };
}

const formatDate = (date: Date): string => date.toISOString().replace(".000Z", "Z");

/** Reads a lock and checks every member that a build relies on. Throws LOCK_SYNTAX, which names the member. */
export function parseLock(text: string, file: string): Lock {
  const root = reader(parseJson(text, file), file, "");
  const version = root.number("schemaVersion");
  if (version !== lockVersion) {
    throw new DodaiError(
      "LOCK_SYNTAX",
      `Cannot read lock "${file}": its schemaVersion is ${version}, wanted ${lockVersion}`,
      {
        fix: 'Write it anew with "dodai lock".',
      },
    );
  }
  const platforms = root.member("platforms");
  return {
    recipe: root.digest("recipe"),
    platforms: platforms.keys().map((platform) => readPlatform(platform, platforms.member(platform))),
  };
}

function readPlatform(platform: string, member: Reader): LockedPlatform {
  const common = {
    platform,
    repositories: member.list("repositories").map(readChain),
    packages: member.list("packages").map(readPackage),
    ...(member.has("source") ? { source: readSource(member.member("source")) } : {}),
    ...(member.has("base") ? { base: readBase(member.member("base")) } : {}),
  };
  return member.has("scripts") ? { ...common, scripts: readSummary(member.member("scripts")) } : common;
}

function readSummary(member: Reader): ScriptSummary {
  const words = doneWords.filter((word) => member.has(word));
  return Object.fromEntries(words.map((word) => [word, member.texts(word)]));
}

function readBase(one: Reader): LockedBase {
  return { name: one.text("name"), digest: one.digest("sha256"), date: one.date("date") };
}

function readSource(one: Reader): LockedSource {
  return {
    path: one.path("path"),
    digest: one.digest("sha256"),
    sizeBytes: one.number("size"),
    signedBy: one.texts("signedBy"),
    ...(one.has("serial") ? { serial: one.text("serial") } : {}),
    ...(one.has("sha512") ? { sha512: one.sha512("sha512") } : {}),
    date: one.date("date"),
  };
}

function readChain(one: Reader): RepositoryChain {
  const release = one.member("release");
  const validUntil = release.has("validUntil") ? { validUntil: release.date("validUntil") } : {};
  return {
    repository: one.text("name"),
    suite: one.text("suite"),
    components: one.texts("components"),
    signedBy: one.texts("signedBy"),
    ...(one.has("unsignedPackages") ? { unsignedPackages: "taken" } : {}),
    release: {
      path: release.text("path"),
      digest: release.digest("sha256"),
      date: release.date("date"),
      ...validUntil,
    },
    indexes: one.list("indexes").map((index) => ({
      path: index.text("path"),
      digest: index.digest("sha256"),
      sizeBytes: index.number("size"),
    })),
  };
}

function readPackage(one: Reader): ResolvedPackage {
  return {
    name: one.name("name"),
    version: one.text("version"),
    architecture: one.text("architecture"),
    source: one.text("source"),
    sourceVersion: one.text("sourceVersion"),
    repository: one.text("repository"),
    path: one.path("path"),
    sizeBytes: one.number("size"),
    digest: one.has("checksum") ? one.checksum("checksum") : one.digest("sha256"),
  };
}

/** Typed access to a member of the lock; each fault names the way to it. */
interface Reader {
  has(key: string): boolean;
  keys(): readonly string[];
  member(key: string): Reader;
  list(key: string): readonly Reader[];
  text(key: string): string;
  texts(key: string): readonly string[];
  /** Becomes part of file names in the image. */
  name(key: string): string;
  /** Below a repository's root, and never out of it. */
  path(key: string): string;
  number(key: string): number;
  date(key: string): Date;
  digest(key: string): Digest;
  /** Hex digits of `sha512:HEX`. */
  sha512(key: string): string;
  /** apk's, of the control part of a package. */
  checksum(key: string): ControlChecksum;
}

function reader(value: unknown, file: string, at: string): Reader {
  const fault = (key: string, wanted: string): DodaiError =>
    new DodaiError("LOCK_SYNTAX", `Cannot read lock "${file}": ${at === "" ? key : `${at}.${key}`} is not ${wanted}`, {
      fix: 'Take the lock as it was committed, or write it anew with "dodai lock".',
    });
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fault("it", "an object");
  const members = value as Readonly<Record<string, unknown>>;
  const within = (key: string): string => (at === "" ? key : `${at}.${key}`);

  const list = (key: string): readonly unknown[] => {
    const found = members[key];
    if (!Array.isArray(found)) throw fault(key, "a list");
    return found;
  };
  const text = (key: string): string => {
    const found = members[key];
    if (typeof found !== "string") throw fault(key, "a text");
    return found;
  };
  return {
    has: (key) => members[key] !== undefined,
    keys: () => Object.keys(members),
    member: (key) => reader(members[key], file, within(key)),
    list: (key) => list(key).map((one, index) => reader(one, file, `${within(key)}[${index}]`)),
    text,
    texts: (key) => {
      const found = list(key);
      if (!found.every((one) => typeof one === "string")) throw fault(key, "a list of texts");
      return found;
    },
    name: (key) => {
      const found = text(key);
      if (!/^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(found)) throw fault(key, "the name of a package");
      return found;
    },
    path: (key) => {
      const found = text(key);
      const parts = found.replace(/^(?:\.\/)+/, "").split("/");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
      if (/[\0-\x1f\\]/.test(found) || parts.some((part) => part === "" || part === "." || part === "..")) {
        throw fault(key, "a path below its repository");
      }
      return found;
    },
    number: (key) => {
      const found = members[key];
      if (typeof found !== "number" || !Number.isSafeInteger(found) || found < 0) throw fault(key, "a whole number");
      return found;
    },
    date: (key) => {
      const found = text(key);
      const date = new Date(found);
      // Other forms mean a moment that depends on the machine's time zone.
      if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z$/.test(found) || Number.isNaN(date.getTime()))
        throw fault(key, "a date");
      return date;
    },
    digest: (key) => {
      const found = text(key);
      if (!/^sha256:[0-9a-f]{64}$/.test(found)) throw fault(key, "a sha256 digest");
      return parseDigest(found);
    },
    sha512: (key) => {
      const found = text(key);
      if (!/^sha512:[0-9a-f]{128}$/.test(found)) throw fault(key, "a sha512 digest");
      return found.slice("sha512:".length);
    },
    checksum: (key) => {
      const found = text(key);
      if (!isControlChecksum(found)) throw fault(key, "a checksum of apk");
      return found;
    },
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DodaiError("LOCK_SYNTAX", `Cannot read lock "${file}": it is not JSON`, {
      fix: 'Take the lock as it was committed, or write it anew with "dodai lock".',
      cause,
    });
  }
}
