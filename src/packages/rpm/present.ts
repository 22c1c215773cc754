// What an image has installed, as packages on offer: rows as primary.xml would give them, from the headers of its database.
import { hash } from "node:crypto";
import { DodaiError } from "../../core/dodai-error.ts";
import type {
  ControlMember,
  FileMeeting,
  InstalledDatabase,
  InstalledFiles,
  PackageFormat,
  PresentPackage,
  PresentRpmDatabase,
} from "../contract.ts";
import { asInstalled } from "../installed-index.ts";
import { memoryAccess } from "../memory-access.ts";
import { broken } from "./database-fault.ts";
import { readDatabase } from "./database-read.ts";
import { databaseHeader, identityOf } from "./database-rows.ts";
import { digestAlgorithm, filesOf, isNarrow, isPreferred, type RpmFile } from "./files.ts";
import type { Header } from "./header.ts";
import { readWishes } from "./image-wishes.ts";
import { openIndex } from "./index.ts";
import { startIndex } from "./index-compile.ts";
import { headersOf } from "./installed.ts";
import type { PackageRow, RowRelation } from "./record.ts";
import { parseRelation } from "./relation.ts";
import { fileFlag, sense, tags } from "./tags.ts";
import { compareVersions } from "./version.ts";

/** rpm's database of an image. Throws DATABASE_BROKEN. */
export function readInstalled(
  format: Pick<PackageFormat, "satisfies">,
  files: InstalledFiles,
  architecture: string,
): InstalledDatabase | undefined {
  const rpm = readDatabase(files);
  if (rpm === undefined) return undefined;
  const present = presentIn(rpm);
  const wishes = readWishes(files);
  return {
    packages: present.map(({ identity }) => identity),
    index: asInstalled(indexOf(present, architecture), { format, architecture }),
    files,
    rpm,
    leftovers: leftoversOf(rpm, files),
    ...(wishes ? { wishes } : {}),
    meeting: (control) => meetingWith(present, control),
    pathsOf: (one, going = [one]) => pathsOf(present, one, { going, files }),
  };
}

interface Present {
  readonly identity: PresentPackage;
  readonly header: Header;
  readonly what: string;
}

/** Imported keys are no packages that anybody could ask for. */
function presentIn({ headers, folder }: PresentRpmDatabase): readonly Present[] {
  return headers.flatMap(({ id, bytes }) => {
    const what = `header ${id} of the image's database in "${folder}"`;
    const header = databaseHeader(bytes, what);
    const identity = identityOf(header);
    if (!/^[A-Za-z0-9_][\w.+-]*$/.test(identity.name)) throw broken(what, "it names no package");
    return identity.name === "gpg-pubkey" ? [] : [{ identity, header, what }];
  });
}

/** Of a package that is there in several versions, as kernels are, the newest. */
function indexOf(present: readonly Present[], architecture: string): ReturnType<typeof openIndex> {
  const compiler = startIndex("the database of the base image");
  const newest = new Map<string, Present>();
  for (const one of present) {
    const { name, version, architecture: own } = one.identity;
    if (!isOwn(own, architecture)) continue;
    const before = newest.get(name);
    if (before === undefined || isNewer(version, before.identity.version, one.what)) newest.set(name, one);
  }
  for (const one of newest.values()) compiler.add(rowOf(one), one.identity.name);
  const pieces = compiler.finish({ groups: [], modules: { streams: [], defaults: [] } });
  return openIndex(memoryAccess(Buffer.concat(pieces)));
}

/** Packages of i386 to i686 go together, and those of x86_64's newer levels with x86_64. */
function isOwn(own: string, architecture: string): boolean {
  if (own === "noarch" || own === architecture) return true;
  return architecture === "i686" ? /^i[3-5]86$/.test(own) : own.startsWith(`${architecture}_v`);
}

function isNewer(a: string, b: string, what: string): boolean {
  try {
    return compareVersions(a, b) > 0;
  } catch (error) {
    if (error instanceof DodaiError) throw broken(what, `its version is "${a}"`);
    throw error;
  }
}

function rowOf({ identity, header, what }: Present): PackageRow {
  const { name, version, architecture } = identity;
  const relations: Partial<Record<RowRelation, readonly string[]>> = {};
  for (const [letter, of] of relationTags) relations[letter] = relationsOf(header, of);
  const [size = 0] = header.numbers(header.has(tags.longSize) ? tags.longSize : tags.size);
  const [source = "", summary = ""] = [header.text(tags.sourceRpm), header.text(tags.summary)];
  const provides = { names: tags.provideNames, flags: tags.provideFlags, versions: tags.provideVersions };
  const files = guarded(what, () => filesOf(header, what).map(({ path }) => path));
  const start = [name, version, architecture, "installed", 0, size, noDigest, source, summary] as const;
  return [...start, relationsOf(header, provides), relations, files];
}

/** Nobody fetches it. */
const noDigest = `sha256:${"0".repeat(64)}`;

interface RelationTags {
  readonly names: number;
  readonly flags: number;
  readonly versions: number;
}

/** Names, versions and flags of the weak ones follow each other. */
const weak = (names: number): RelationTags => ({ names, versions: names + 1, flags: names + 2 });

const relationTags: readonly (readonly [RowRelation, RelationTags])[] = [
  ["r", { names: tags.requireNames, flags: tags.requireFlags, versions: tags.requireVersions }],
  ["c", { names: tags.conflictNames, flags: tags.conflictFlags, versions: tags.conflictVersions }],
  ["o", { names: tags.obsoleteNames, flags: tags.obsoleteFlags, versions: tags.obsoleteVersions }],
  ["m", weak(tags.recommendNames)],
  ["s", weak(tags.suggestNames)],
  ["p", weak(tags.supplementNames)],
  ["e", weak(tags.enhanceNames)],
];

/** What rpm itself must be able to do is left out, and what nobody can read: rpm installs packages that have such. */
function relationsOf(header: Header, { names, flags, versions }: RelationTags): readonly string[] {
  const [allFlags, allVersions] = [header.numbers(flags), header.texts(versions)];
  const texts = header.texts(names).flatMap((name, at) => {
    const [flag = 0, version = ""] = [allFlags[at], allVersions[at]];
    if ((flag & sense.rpmlib) !== 0 || name.startsWith("rpmlib(")) return [];
    const sign = signOf(flag);
    const text = sign === "" || version === "" ? name : `${name} ${sign} ${version}`;
    return isReadable(text) ? [text] : [];
  });
  return [...new Set(texts)];
}

function signOf(flag: number): string {
  const less = (flag & sense.less) !== 0 ? "<" : "";
  const greater = (flag & sense.greater) !== 0 ? ">" : "";
  const sign = less || greater;
  return `${sign}${(flag & sense.equal) !== 0 ? "=" : ""}`;
}

function isReadable(text: string): boolean {
  try {
    parseRelation(text, "depends");
    return true;
  } catch (error) {
    if (error instanceof DodaiError) return false;
    throw error;
  }
}

function guarded<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof DodaiError) throw broken(what, error.message.replace(/^Cannot read .*?: /, ""));
    throw error;
  }
}

/** A program for 64 bits stays where a package has one for 32. */
function meetingWith(present: readonly Present[], control: readonly ControlMember[]): (path: string) => FileMeeting {
  const narrow = filesOf(headersOf(control, "a package").header, "a package").filter(isNarrow);
  if (narrow.length === 0) return () => "apart";
  const files = present.flatMap(({ header, what }) => guarded(what, () => filesOf(header, what)));
  const wide = new Set(files.filter(isPreferred).map(({ path }) => path));
  const under = new Set(narrow.map(({ path }) => path).filter((path) => wide.has(path)));
  return (path) => (under.has(path) ? "under" : "apart");
}

/** Configuration that somebody changed stays, and so does what programs made; a file that a package has that stays is its too. */
function pathsOf(
  present: readonly Present[],
  { name, version, architecture }: PresentPackage,
  { going, files }: { readonly going: readonly PresentPackage[]; readonly files: InstalledFiles },
): readonly string[] {
  const isOne = (one: PresentPackage, other: Present): boolean =>
    one.name === other.identity.name &&
    one.version === other.identity.version &&
    one.architecture === other.identity.architecture;
  const own = present.find((one) => isOne({ name, version, architecture }, one));
  if (own === undefined) return [];
  const algorithm = guarded(own.what, () => digestAlgorithm(own.header, tags.fileDigestAlgorithm, own.what));
  const isChanged = ({ path, digest }: RpmFile): boolean =>
    !files.has(path.slice(1)) || hash(algorithm, files.read(path.slice(1))) !== digest;
  const left = new Set(
    guarded(own.what, () => filesOf(own.header, own.what))
      .filter(({ flags }) => (flags & fileFlag.ghost) === 0)
      .filter((file) => (file.flags & fileFlag.config) === 0 || !isChanged(file))
      .map(({ path }) => path),
  );
  for (const other of present) {
    if (going.some((one) => isOne(one, other))) continue;
    for (const { path } of guarded(other.what, () => filesOf(other.header, other.what))) left.delete(path);
  }
  return [...left].filter((path) => path !== "/").map((path) => path.slice(1));
}

/** A log would change what is written anew, caches would answer for what was there before; indexes that nobody writes here would lie. */
function leftoversOf({ folder, backend }: PresentRpmDatabase, files: InstalledFiles): readonly string[] {
  const patterns = {
    sqlite: /^rpmdb\.sqlite-(?:wal|shm|journal)$/,
    berkeley: /^(?:__db\.\d+|Provideversion|Requireversion|Filemd5s|Filedigests|Pubkeys|Packagecolor)$/,
    ndb: /^Index\.db$/,
  } as const;
  return files
    .names(folder)
    .filter((name) => patterns[backend].test(name))
    .map((name) => `${folder}/${name}`);
}
