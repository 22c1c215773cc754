// rpm packages made in memory: the same call gives the same bytes. Written from rpm's format alone, so that it shares no code
// with the reader that it tests; rpm itself takes them (see test/packages/rpm/kit.test.ts).
import { createHash } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { Signer } from "./repository.ts";

/** One file of a package; `path` has no leading `/`. Folders are those that are listed: rpm has no others. */
export type RpmEntry = {
  readonly path: string;
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
  /** Bits of FILEFLAGS: config 1, doc 2, ghost 64. */
  readonly flags?: number;
  readonly caps?: string;
  readonly lang?: string;
  /** Name in the payload, for names that no honest package has; `./PATH` when absent. */
  readonly spelled?: string;
  /** Files with the same number are hard links of each other. */
  readonly inode?: number;
} & (
  | { readonly kind?: "file"; readonly content: string | Uint8Array }
  | { readonly kind: "directory" }
  | { readonly kind: "symlink"; readonly target: string }
  | { readonly kind: "character-device"; readonly major: number; readonly minor: number }
);

/** `name`, `name >= 1.0`, or `(a or b)`. */
export type RpmRelation = string;

export interface RpmSpec {
  readonly name: string;
  readonly epoch?: number;
  readonly version?: string;
  readonly release?: string;
  readonly arch?: string;
  readonly tree?: readonly RpmEntry[];
  readonly requires?: readonly RpmRelation[];
  /** Beside `name = EVR`, which each has. */
  readonly provides?: readonly RpmRelation[];
  readonly conflicts?: readonly RpmRelation[];
  readonly obsoletes?: readonly RpmRelation[];
  readonly recommends?: readonly RpmRelation[];
  readonly suggests?: readonly RpmRelation[];
  readonly supplements?: readonly RpmRelation[];
  readonly enhances?: readonly RpmRelation[];
  /** `pre`, `post`, `pretrans`, `posttrans`; what runs it may follow: `pre <lua>`. */
  readonly scripts?: Readonly<Record<string, string>>;
  readonly compression?: "none" | "gzip" | "zstd";
  /** Seconds since 1970; of every file. */
  readonly mtime?: number;
  readonly signer?: Signer;
  /** The cpio archive, in place of one of the tree. */
  readonly payload?: Uint8Array;
  /** Changes the whole file before an index learns its size and hash. */
  readonly spoil?: (rpm: Uint8Array) => Uint8Array;
}

export const evrOf = ({ epoch, version = "1.0", release = "1" }: RpmSpec): string =>
  `${epoch ? `${epoch}:` : ""}${version}-${release}`;
export const archOf = ({ arch = "x86_64" }: RpmSpec): string => arch;
/** `Packages/NAME-VERSION-RELEASE.ARCH.rpm` */
export const rpmPath = (spec: RpmSpec): string =>
  `Packages/${spec.name}-${spec.version ?? "1.0"}-${spec.release ?? "1"}.${archOf(spec)}.rpm`;

/** So that the same call gives the same bytes. */
const signedAt = new Date("2025-01-01T00:00:00Z");

const MAGIC = Buffer.from("8eade80100000000", "hex");

/** A whole .rpm file. */
export function makeRpm(spec: RpmSpec): Uint8Array {
  const { lead, signature, header, payload } = rpmParts(spec);
  const rpm = Buffer.concat([lead, signature, padding(signature.length, 8), header, payload]);
  return spec.spoil?.(rpm) ?? rpm;
}

/** Where the header of a package starts and ends in its file, as primary.xml tells. */
export function headerRange(spec: RpmSpec): { readonly start: number; readonly end: number } {
  const { lead, signature, header } = rpmParts(spec);
  const start = lead.length + signature.length + padding(signature.length, 8).length;
  return { start, end: start + header.length };
}

function rpmParts(spec: RpmSpec): { lead: Buffer; signature: Buffer; header: Buffer; payload: Buffer } {
  const tree = sorted(spec.tree ?? []);
  const plain = spec.payload === undefined ? makeCpio(tree, spec) : Buffer.from(spec.payload);
  const payload = compress(plain, spec);
  const header = Buffer.concat([MAGIC, makeHeader(mainTags(spec, tree, payload, plain.length), 63)]);
  const hash = (name: string, ...parts: readonly Uint8Array[]): Buffer =>
    createHash(name).update(Buffer.concat(parts)).digest();
  const signed = spec.signer === undefined ? [] : [bin(268, dearmored(spec.signer.detached(header, { at: signedAt })))];
  const signature = makeHeader(
    [
      ...signed,
      text(269, hash("sha1", header).toString("hex")),
      text(273, hash("sha256", header).toString("hex")),
      int32(1000, header.length + payload.length),
      bin(1004, hash("md5", header, payload)),
      int32(1007, plain.length),
    ],
    62,
  );
  return { lead: leadOf(spec), signature: Buffer.concat([MAGIC, signature]), header, payload };
}

function leadOf(spec: RpmSpec): Buffer {
  const lead = Buffer.alloc(96);
  lead.set([0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0, 0, 1]);
  lead.write(`${spec.name}-${spec.version ?? "1.0"}-${spec.release ?? "1"}`.slice(0, 65), 10, "latin1");
  lead.writeUInt16BE(1, 76);
  lead.writeUInt16BE(5, 78);
  return lead;
}

/** rpm looks files up by halving: its lists are sorted by folder, then name. */
function sorted(tree: readonly RpmEntry[]): readonly RpmEntry[] {
  const key = ({ path }: RpmEntry): string => `/${path}`;
  return [...tree].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

interface Tag {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly bytes: Buffer;
  readonly align: number;
}

const text = (tag: number, value: string): Tag => ({
  tag,
  type: 6,
  count: 1,
  bytes: Buffer.from(`${value}\0`),
  align: 1,
});
const i18n = (tag: number, value: string): Tag => ({ ...text(tag, value), type: 9 });
const bin = (tag: number, bytes: Buffer): Tag => ({ tag, type: 7, count: bytes.length, bytes, align: 1 });
const texts = (tag: number, values: readonly string[]): Tag => ({
  tag,
  type: 8,
  count: values.length,
  bytes: Buffer.from(values.map((one) => `${one}\0`).join("")),
  align: 1,
});
function int32(tag: number, ...values: readonly number[]): Tag {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => void bytes.writeUInt32BE(value >>> 0, 4 * at));
  return { tag, type: 4, count: values.length, bytes, align: 4 };
}
function int16(tag: number, ...values: readonly number[]): Tag {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, at) => void bytes.writeUInt16BE(value & 0xffff, 2 * at));
  return { tag, type: 3, count: values.length, bytes, align: 2 };
}

/** Counts, entries and data, with a region around all of them. */
export function makeHeader(all: readonly Tag[], region: number): Buffer {
  const tags = [...all].filter(({ count }) => count > 0).sort((a, b) => a.tag - b.tag);
  const data: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const { tag, type, count, bytes, align } of tags) {
    const pad = padding(at, align);
    data.push(pad, bytes);
    at += pad.length;
    entries.push(numbers(tag, type, at, count));
    at += bytes.length;
  }
  const trailer = numbers(region, 7, -16 * (tags.length + 1), 16);
  const start = numbers(region, 7, at, 16);
  return Buffer.concat([numbers(tags.length + 1, at + 16), start, ...entries, ...data, trailer]);
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => void bytes.writeInt32BE(value, 4 * at));
  return bytes;
}

const padding = (length: number, align: number): Buffer => Buffer.alloc((align - (length % align)) % align);

function mainTags(spec: RpmSpec, tree: readonly RpmEntry[], payload: Buffer, plainBytes: number): readonly Tag[] {
  const {
    name,
    version = "1.0",
    release = "1",
    epoch,
    mtime = 1_700_000_000,
    compression = "gzip",
    scripts = {},
  } = spec;
  const provides = [`${name} = ${evrOf(spec)}`, ...(spec.provides ?? [])];
  return [
    texts(100, ["C"]),
    text(1000, name),
    text(1001, version),
    text(1002, release),
    ...(epoch === undefined ? [] : [int32(1003, epoch)]),
    i18n(1004, `Package ${name} of a test`),
    i18n(1005, `Package ${name}.`),
    int32(1006, mtime),
    text(1007, "localhost"),
    int32(1009, plainBytes),
    text(1014, "MIT"),
    i18n(1016, "Unspecified"),
    text(1021, "linux"),
    text(1022, archOf(spec)),
    ...Object.entries(scripts).flatMap(([kind, body]) => scriptTags(kind, body)),
    text(1044, `${name}-${version}-${release}.src.rpm`),
    text(1124, "cpio"),
    ...(compression === "none" ? [] : [text(1125, compression), text(1126, "9")]),
    texts(5092, [createHash("sha256").update(payload).digest("hex")]),
    int32(5093, 8),
    ...relationTags(provides, [1047, 1112, 1113]),
    ...relationTags([...(spec.requires ?? []), "rpmlib(CompressedFileNames) <= 3.0.4-1"], [1049, 1048, 1050]),
    ...relationTags(spec.conflicts ?? [], [1054, 1053, 1055]),
    ...relationTags(spec.obsoletes ?? [], [1090, 1114, 1115]),
    ...relationTags(spec.recommends ?? [], [5046, 5048, 5047]),
    ...relationTags(spec.suggests ?? [], [5049, 5051, 5050]),
    ...relationTags(spec.supplements ?? [], [5052, 5054, 5053]),
    ...relationTags(spec.enhances ?? [], [5055, 5057, 5056]),
    ...fileTags(tree, mtime),
  ];
}

const scriptNumbers: Readonly<Record<string, readonly [body: number, program: number]>> = {
  pre: [1023, 1085],
  post: [1024, 1086],
  pretrans: [1151, 1153],
  posttrans: [1152, 1154],
};

function scriptTags(named: string, body: string): readonly Tag[] {
  const [kind = "", ...program] = named.split(" ");
  const [bodyTag, programTag] = scriptNumbers[kind] ?? [0, 0];
  return [text(bodyTag, body), texts(programTag, program.length > 0 ? program : ["/bin/sh"])];
}

const flagsOf: Readonly<Record<string, number>> = { "<": 2, ">": 4, "=": 8, "<=": 10, ">=": 12 };

/** A relation in its parts: name, flags, version. */
export function splitRelation(relation: RpmRelation): { name: string; operator: string; version: string } {
  if (relation.startsWith("(")) return { name: relation, operator: "", version: "" };
  const [name = "", operator = "", version = ""] = relation.split(" ");
  return { name, operator, version };
}

function relationTags(
  relations: readonly RpmRelation[],
  [names, flags, versions]: readonly [names: number, flags: number, versions: number],
): readonly Tag[] {
  const parts = relations.map(splitRelation);
  const senses = parts.map(({ name, operator }) => {
    const kind = name.startsWith("rpmlib(") ? 0x1000000 : name.startsWith("(") ? 0x8000000 : 0;
    return kind | (flagsOf[operator] ?? 0);
  });
  return [
    texts(
      names,
      parts.map(({ name }) => name),
    ),
    int32(flags, ...senses),
    texts(
      versions,
      parts.map(({ version }) => version),
    ),
  ];
}

const types: Readonly<Record<string, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  "character-device": 0o020000,
};

export const modeOf = ({ kind = "file", mode }: RpmEntry): number =>
  (types[kind] ?? 0) | (mode ?? (kind === "symlink" ? 0o777 : kind === "directory" ? 0o755 : 0o644));
const contentOf = (entry: RpmEntry): Buffer => ("content" in entry ? Buffer.from(entry.content) : Buffer.alloc(0));

function fileTags(tree: readonly RpmEntry[], mtime: number): readonly Tag[] {
  if (tree.length === 0) return [];
  const folders = [...new Set(tree.map(({ path }) => folderOf(path)))];
  const all = <Value>(value: (entry: RpmEntry, at: number) => Value): Value[] => tree.map(value);
  const sha256 = (entry: RpmEntry): string =>
    "content" in entry && !((entry.flags ?? 0) & 64) ? createHash("sha256").update(contentOf(entry)).digest("hex") : "";
  return [
    int32(1028, ...all((one) => ("target" in one ? one.target.length : contentOf(one).length))),
    int16(1030, ...all(modeOf)),
    int16(1033, ...all((one) => ("major" in one ? (one.major << 8) | one.minor : 0))),
    int32(1034, ...all(() => mtime)),
    texts(1035, all(sha256)),
    texts(
      1036,
      all((one) => ("target" in one ? one.target : "")),
    ),
    int32(1037, ...all(({ flags = 0 }) => flags)),
    texts(
      1039,
      all(({ user = "root" }) => user),
    ),
    texts(
      1040,
      all(({ group = "root" }) => group),
    ),
    int32(1045, ...all(() => -1)),
    int32(1095, ...all(() => 1)),
    int32(1096, ...all(({ inode }, at) => inode ?? 1000 + at)),
    texts(
      1097,
      all(({ lang = "" }) => lang),
    ),
    int32(1116, ...all(({ path }) => folders.indexOf(folderOf(path)))),
    texts(
      1117,
      all(({ path }) => path.slice(path.lastIndexOf("/") + 1)),
    ),
    texts(1118, folders),
    ...(tree.some(({ caps }) => caps)
      ? [
          texts(
            5010,
            all(({ caps = "" }) => caps),
          ),
        ]
      : []),
    int32(5011, 8),
  ];
}

const folderOf = (path: string): string => `/${path.slice(0, path.lastIndexOf("/") + 1)}`;

/** newc; of hard links the last one has the content. */
export function makeCpio(tree: readonly RpmEntry[], { mtime = 1_700_000_000 }: Pick<RpmSpec, "mtime">): Buffer {
  const parts: Buffer[] = [];
  const shipped = tree.filter(({ flags = 0 }) => !(flags & 64));
  shipped.forEach((entry, at) => {
    const isLast = entry.inode === undefined || !shipped.slice(at + 1).some(({ inode }) => inode === entry.inode);
    const links = entry.inode === undefined ? 1 : shipped.filter(({ inode }) => inode === entry.inode).length;
    const body = "target" in entry ? Buffer.from(entry.target) : isLast ? contentOf(entry) : Buffer.alloc(0);
    const name = entry.spelled ?? `./${entry.path}`;
    parts.push(...cpioMember(name, body, [entry.inode ?? 1000 + at, modeOf(entry), 0, 0, links, mtime]));
  });
  parts.push(...cpioMember("TRAILER!!!", Buffer.alloc(0), [0, 0, 0, 0, 1, 0]));
  return Buffer.concat(parts);
}

export function cpioMember(name: string, body: Buffer, start: readonly number[]): readonly Buffer[] {
  const spelled = Buffer.from(`${name}\0`);
  const fields = [...start, body.length, 0, 0, 0, 0, spelled.length, 0];
  const header = Buffer.from(`070701${fields.map((one) => one.toString(16).padStart(8, "0")).join("")}`);
  return [header, spelled, padding(header.length + spelled.length, 4), body, padding(body.length, 4)];
}

function compress(bytes: Buffer, { compression = "gzip" }: RpmSpec): Buffer {
  if (compression === "none") return bytes;
  return compression === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes);
}

/** The bytes of an armored signature. */
function dearmored(armored: Uint8Array): Buffer {
  const [, body = ""] = /\n\r?\n([\s\S]*?)\n(?:=[^\n]*\n)?-----END/.exec(Buffer.from(armored).toString()) ?? [];
  return Buffer.from(body, "base64");
}
