// The payload of a package as entries: contents from the cpio archive, everything else from the header. Each content is
// checked against the digest that the (signed) header has of it.
import { createHash, type Hash } from "node:crypto";
import { type CpioMember, readCpio } from "../../archive/cpio.ts";
import { type ArchiveItem, type Entry, noXattrs } from "../../archive/entry.ts";
import { cleanPath, encodeName, printable } from "../../archive/tar-name.ts";
import { type Bytes, bytesOf, collect } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageLimits } from "../contract.ts";
import { parseCapabilities } from "./capability.ts";
import { FILE_TYPE, fileType, type RpmFile, relativePath } from "./files.ts";
import { gidOf, uidOf } from "./owners.ts";
import { fileFlag } from "./tags.ts";

export interface PayloadOptions {
  readonly files: readonly RpmFile[];
  /** Node's name of the algorithm of file digests. */
  readonly algorithm: string;
  readonly limits: PackageLimits;
  /** Whose payload, for messages. */
  readonly what: string;
}

/** Of several hard links the content comes with one, usually the last (rpm's rpmfiArchiveReadHeader). */
interface LinkSet {
  readonly files: readonly RpmFile[];
  readonly seen: Set<RpmFile>;
  /** The one whose content has come. */
  content: RpmFile | undefined;
}

interface Payload extends PayloadOptions {
  readonly byPath: ReadonlyMap<string, RpmFile>;
  readonly links: ReadonlyMap<RpmFile, LinkSet>;
  readonly seen: Set<RpmFile>;
}

/**
 * The entries of an uncompressed payload. Ghosts are not among them. Throws PACKAGE_BROKEN, DIGEST_MISMATCH, and what
 * `readCpio` throws.
 */
export async function* readPayload(bytes: Bytes, options: PayloadOptions): AsyncGenerator<ArchiveItem> {
  const { files, limits, what } = options;
  const payload: Payload = {
    ...options,
    byPath: new Map(files.map((file) => [relativePath(file.path), file])),
    links: linkSets(files),
    seen: new Set(),
  };
  const members = readCpio(bytes, {
    maxEntries: limits.maxEntries,
    maxTotalBytes: limits.maxTreeBytes,
    what: `the payload of ${what}`,
    sizeOf: (index) => strippedSize(payload, index),
  });
  for await (const member of members) {
    const file = fileOf(payload, member);
    if (payload.seen.has(file)) throw broken(what, `"${printable(file.path)}" is in its payload twice`);
    payload.seen.add(file);
    yield* itemsOf(payload, file, member);
  }
  for (const set of new Set(payload.links.values())) {
    if (set.content === undefined && set.seen.size > 0)
      throw broken(what, `"${printable(set.files[0]?.path ?? "")}" has no content`);
  }
  const missing = files.find((file) => (file.flags & fileFlag.ghost) === 0 && !payload.seen.has(file));
  if (missing) throw broken(what, `its payload lacks "${printable(missing.path)}"`);
}

function linkSets(files: readonly RpmFile[]): ReadonlyMap<RpmFile, LinkSet> {
  const sets = new Map<RpmFile, LinkSet>();
  const linkable = files.filter(
    ({ mode, inode, flags }) => (mode & FILE_TYPE) === fileType.file && inode !== "" && (flags & fileFlag.ghost) === 0,
  );
  for (const group of Map.groupBy(linkable, ({ inode }) => inode).values()) {
    if (group.length < 2) continue;
    const set: LinkSet = { files: group, seen: new Set(), content: undefined };
    for (const file of group) sets.set(file, set);
  }
  return sets;
}

/** Size of what a stripped payload has of a file. */
function strippedSize({ files, links }: Payload, index: number): number | undefined {
  const file = files[index];
  if (file === undefined) return undefined;
  const type = file.mode & FILE_TYPE;
  if (type !== fileType.file && type !== fileType.symlink) return 0;
  const set = links.get(file);
  return set !== undefined && set.files.at(-1) !== file ? 0 : file.sizeBytes;
}

function fileOf({ files, byPath, what }: Payload, { index, name }: CpioMember): RpmFile {
  // Some payloads have absolute names.
  const file = index >= 0 ? files[index] : byPath.get(cleanPath(name.replace(/^\/+(?=.)/, "")));
  if (file === undefined) throw broken(what, `its payload holds "${printable(name)}", which its header does not list`);
  if ((file.flags & fileFlag.ghost) !== 0) throw broken(what, `its payload holds the ghost "${printable(file.path)}"`);
  return file;
}

async function* itemsOf(payload: Payload, file: RpmFile, member: CpioMember): AsyncGenerator<ArchiveItem> {
  const { what } = payload;
  const type = file.mode & FILE_TYPE;
  if (member.index < 0 && (member.mode & FILE_TYPE) !== type) {
    throw broken(what, `"${printable(file.path)}" has another type in its payload than in its header`);
  }
  if (type === fileType.file) return yield* fileItems(payload, file, member);
  if (type === fileType.symlink) await assertTarget(payload, file, member);
  yield { entry: plainEntry(file, what), body: bytesOf() };
}

async function* fileItems(payload: Payload, file: RpmFile, member: CpioMember): AsyncGenerator<ArchiveItem> {
  const set = payload.links.get(file);
  if (set === undefined) return yield contentItem(payload, file, member);
  set.seen.add(file);
  if (set.content === undefined && (member.sizeBytes > 0 || set.seen.size === set.files.length)) {
    yield contentItem(payload, file, member);
    set.content = file;
    for (const other of set.seen) if (other !== file) yield linkItem(other, file, payload.what);
  } else if (set.content !== undefined) {
    // A payload of before rpm 4.6 may have the content with each of them.
    if (member.sizeBytes > 0) await collectNothing(member.body);
    yield linkItem(file, set.content, payload.what);
  }
}

function contentItem({ algorithm, what }: Payload, file: RpmFile, member: CpioMember): ArchiveItem {
  if (member.sizeBytes !== file.sizeBytes) {
    throw broken(
      what,
      `"${printable(file.path)}" has ${member.sizeBytes} bytes, and its header says ${file.sizeBytes}`,
    );
  }
  const entry: Entry = { ...metadataOf(file), kind: "file", sizeBytes: file.sizeBytes };
  // Only packages of before rpm 3 have files without a digest.
  const body = file.digest === "" ? member.body : checked(member.body, createHash(algorithm), { file, what });
  return { entry, body };
}

async function* checked(
  body: Bytes,
  hash: Hash,
  { file, what }: { readonly file: RpmFile; readonly what: string },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = hash.digest("hex");
  if (actual === file.digest.toLowerCase()) return;
  throw new DodaiError(
    "DIGEST_MISMATCH",
    `Cannot use ${what}: "${printable(file.path)}" has the digest ${actual}, wanted ${file.digest}`,
    { fix: "The package was changed or damaged. Fetch it again, or tell whoever runs the repository." },
  );
}

function linkItem(file: RpmFile, content: RpmFile, what: string): ArchiveItem {
  if (file.digest !== content.digest) throw broken(what, `hard links to "${printable(file.path)}" differ`);
  const entry: Entry = { ...metadataOf(file), kind: "hardlink", target: relativePath(content.path) };
  return { entry, body: bytesOf() };
}

async function assertTarget({ what }: Payload, file: RpmFile, { body }: CpioMember): Promise<void> {
  const target = await collect(body, { maxBytes: 4096, what: `a link of ${what}` });
  const told = Buffer.from(target).toString("latin1");
  if (told !== "" && told !== encodeName(file.target).toString("latin1")) {
    throw broken(what, `the link "${printable(file.path)}" leads elsewhere than its header says`);
  }
}

async function collectNothing(body: Bytes): Promise<void> {
  for await (const _ of body) {
    // Passed over.
  }
}

function plainEntry(file: RpmFile, what: string): Entry {
  const metadata = metadataOf(file);
  const { major, minor } = { major: file.device >> 8, minor: file.device & 0xff };
  switch (file.mode & FILE_TYPE) {
    case fileType.directory:
      return { ...metadata, kind: "directory" };
    case fileType.symlink:
      if (file.target === "") throw broken(what, `the link "${printable(file.path)}" leads nowhere`);
      return { ...metadata, kind: "symlink", target: file.target };
    case fileType.characterDevice:
      return { ...metadata, kind: "character-device", major, minor };
    case fileType.blockDevice:
      return { ...metadata, kind: "block-device", major, minor };
    case fileType.fifo:
      return { ...metadata, kind: "fifo" };
    default:
      throw broken(what, `"${printable(file.path)}" is of no type that an image can hold`);
  }
}

function metadataOf(file: RpmFile): Omit<Extract<Entry, { kind: "fifo" }>, "kind"> {
  const capabilities = file.capabilities === "" ? undefined : parseCapabilities(file.capabilities);
  return {
    path: relativePath(file.path),
    mode: file.mode & 0o7777,
    uid: uidOf(file.user),
    gid: gidOf(file.group),
    mtime: file.mtime,
    xattrs: capabilities === undefined ? noXattrs : new Map([["security.capability", capabilities]]),
  };
}

function broken(what: string, state: string): DodaiError {
  return new DodaiError("PACKAGE_BROKEN", `Cannot open ${what}: ${state}`, {
    fix: "The file is damaged or was not made by rpmbuild. Fetch it again, or ask who made it.",
  });
}
