// A build context that is a tar: nothing of it is unpacked. Its files lie one after the other in a file of ours, and links are
// followed among its entries alone.
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Entry } from "../../archive/entry.ts";
import { noXattrs } from "../../archive/entry.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { type Bytes, bytesOf, collect } from "../../core/bytes.ts";
import { type Digest, startDigest } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { parentsOf } from "../../core/path-order.ts";
import { parseIgnore } from "../../frontends/dockerfile/ignore.ts";
import { readFileStream } from "../../io/store.ts";
import { streamRanges } from "../ranges.ts";
import { type ArchiveFile, findArchive, readArchive } from "./archive-file.ts";
import type { BuildContext } from "./context.ts";

interface Stored {
  readonly entry: Entry;
  readonly offset: number;
  readonly digest: Digest | undefined;
}

/** `path` is the archive, `spool` a new file for what is in it. Throws FILE_UNREADABLE and what reading archives throws. */
export async function openArchiveContext(
  path: string,
  { ignoreText, spool }: { readonly ignoreText: string; readonly spool: string },
): Promise<BuildContext> {
  const all = await storeFiles(await archiveAt(path), spool);
  const children = childrenOf(all.keys());
  const ignore = parseIgnore(ignoreText);
  const isIgnored = (one: string): boolean => one !== "" && ignore.has(one);
  const isWanted = (one: string): boolean =>
    !isIgnored(one) || (ignore.hasExceptions && all.get(one)?.entry.kind === "directory");
  return {
    isIgnored,
    find: (one) => (isWanted(one) ? (one === "" ? folder(".") : all.get(one)?.entry) : undefined),
    list: (one) => (children.get(one) ?? []).filter((name) => isWanted(one === "" ? name : `${one}/${name}`)),
    open: (one) => {
      const { entry, offset } = all.get(one) ?? {};
      if (entry?.kind !== "file" || offset === undefined) return bytesOf();
      return streamRanges(spool, [{ offset, length: entry.sizeBytes }]);
    },
    digest: async (one) => all.get(one)?.digest ?? startDigest().digest(),
    keep: async () => {},
  };
}

const maxTextBytes = 1 << 20;

/** Small files of an archive, by name; those that are not there are left out. Throws as `openArchiveContext`. */
export async function readArchiveTexts(path: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for await (const { entry, body } of readArchive(await archiveAt(path))) {
    if (entry.kind !== "file" || !names.includes(entry.path)) continue;
    const bytes = await collect(body, { maxBytes: maxTextBytes, what: `"${entry.path}"` });
    texts.set(entry.path, Buffer.from(bytes).toString("utf8"));
  }
  return texts;
}

export async function isArchive(path: string): Promise<boolean> {
  return (await findArchive(fileAt(path, path))) !== undefined;
}

const fileAt = (path: string, name: string): Parameters<typeof findArchive>[0] => ({
  name,
  sizeBytes: statSync(path).size,
  open: () => readFileStream(path),
});

async function archiveAt(path: string): Promise<ArchiveFile> {
  const archive = await findArchive(fileAt(path, "the build context"));
  if (archive) return archive;
  throw new DodaiError("FILE_UNREADABLE", "Cannot read the build context: it is no tar", {
    fix: "Hand in a tar, plain or compressed with gzip, bzip2, xz or zstd.",
  });
}

/** What an archive names twice is what it says last; a hard link is a file like the one that it names. */
async function storeFiles(archive: ArchiveFile, spool: string): Promise<Map<string, Stored>> {
  const all = new Map<string, Stored>();
  const handle = await open(spool, "wx");
  let at = 0;
  const write = async (body: Bytes): Promise<Digest> => {
    const state = startDigest();
    for await (const chunk of body) {
      state.update(chunk);
      await handle.writeFile(chunk);
      at += chunk.byteLength;
    }
    return state.digest();
  };
  try {
    for await (const { entry: named, body } of readArchive(archive)) {
      const { path } = named;
      if (path === ".") continue;
      for (const parent of parentsOf(path)) if (all.get(parent)?.entry.kind !== "directory") put(all, folder(parent));
      const linked = named.kind === "hardlink" ? all.get(named.target) : undefined;
      if (linked) all.set(path, { ...linked, entry: { ...linked.entry, path } });
      // Devices are no part of a context.
      if (named.kind === "hardlink" || named.kind === "block-device" || named.kind === "character-device") continue;
      const offset = at;
      const digest = named.kind === "file" ? await write(body) : undefined;
      const entry: Entry = { ...named, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };
      all.set(path, { entry, offset, digest });
    }
  } finally {
    await handle.close();
  }
  return all;
}

const put = (all: Map<string, Stored>, entry: Entry): unknown =>
  all.set(entry.path, { entry, offset: 0, digest: undefined });

const folder = (path: string): Entry => ({
  kind: "directory",
  ...{ path, mode: 0o755, uid: 0, gid: 0, mtime: 0 },
  xattrs: noXattrs,
});

function childrenOf(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const path of paths) {
    const slash = path.lastIndexOf("/");
    const parent = slash < 0 ? "" : path.slice(0, slash);
    const list = children.get(parent) ?? [];
    list.push(path.slice(slash + 1));
    children.set(parent, list);
  }
  for (const names of children.values()) names.sort(compareBytes);
  return children;
}
