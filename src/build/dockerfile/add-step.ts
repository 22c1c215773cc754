// ADD: files as COPY has them, archives taken apart, and files from the network.

import { type Compression, DETECT_BYTES, detectCompression } from "../../archive/compression.ts";
import { decompress } from "../../archive/decompress.ts";
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { noXattrs } from "../../archive/entry.ts";
import { readTar, type TarLimits } from "../../archive/tar.ts";
import { type Bytes, bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { parentsOf } from "../../core/path-order.ts";
import type { CopyInstruction } from "../../frontends/dockerfile/instruction.ts";
import { positionAt } from "../../frontends/dockerfile/source.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import type { TreeNode } from "../../rootfs/tree.ts";
import { planCopy } from "./copy-plan.ts";
import {
  type CopyWishes,
  copyStep,
  digestOfSelected,
  planFor,
  planOptions,
  readChmod,
  treeBelow,
  writeItems,
} from "./copy-step.ts";
import { type Fetched, fetchRemote, isGitSource, isRemote } from "./remote-file.ts";
import { type Selected, selectSources } from "./source-select.ts";
import { contextSource, itemsOfContext } from "./sources.ts";
import { put, whiteoutPrefix } from "./stage-tree.ts";
import type { StepContext } from "./state.ts";
import type { Step } from "./step.ts";

/** Throws STEP_FAILED, DOCKERFILE_UNSUPPORTED, DOWNLOAD_FAILED, DIGEST_MISMATCH, and what archives throw. */
export async function addStep(instruction: CopyInstruction, wishes: CopyWishes, context: StepContext): Promise<Step> {
  for (const [index, source] of wishes.sources.entries()) refuseGit(source, index, instruction);
  const remote = wishes.sources.filter(isRemote);
  const local = wishes.sources.filter((one) => !isRemote(one));
  if (remote.length === 0 && wishes.checksum !== undefined) {
    throw new DodaiError("DOCKERFILE_UNSUPPORTED", "Cannot check --checksum of ADD: it is for files from the network", {
      where: positionAt(instruction.source, instruction.checksum?.at ?? 0),
    });
  }
  const copy = await copyStep(instruction, { ...wishes, sources: local }, context);
  const fetched: Fetched[] = [];
  for (const url of remote) fetched.push(await fetchRemote(url, { wishes, instruction, context }));
  const selected = selectSources(contextSource(context.building.context), local, {
    exclude: wishes.exclude,
    parents: instruction.parents,
    where: instruction.position,
  });
  const archives = instruction.unpack === false ? [] : await archivesAmong(selected, context);
  if (archives.length === 0 && fetched.length === 0) return copy;
  const adding: Adding = { instruction, wishes, context, selected, archives, fetched };
  return {
    ...copy,
    createdBy: `ADD ${wishes.sources.join(" ")} ${wishes.destination}`,
    inputs: {
      copied: copy.inputs,
      files: await digestOfSelected(selected, context),
      fetched: fetched.map(({ name, digest }) => [name, digest]),
      unpack: instruction.unpack ?? null,
    },
    make: async () =>
      writeItems(itemsOf(adding), { instruction, wishes, modeOf: readChmod(wishes, instruction), context }),
  };
}

function refuseGit(source: string, index: number, { source: text, sources }: CopyInstruction): void {
  if (!isGitSource(source)) return;
  throw new DodaiError("DOCKERFILE_UNSUPPORTED", `Cannot add "${source}": dodai does not read git repositories`, {
    where: positionAt(text, sources[index]?.at ?? 0),
    fix: "Clone it into the build context, or add an archive of it with --checksum.",
  });
}

interface Adding {
  readonly instruction: CopyInstruction;
  readonly wishes: CopyWishes;
  readonly context: StepContext;
  readonly selected: readonly Selected[];
  readonly archives: readonly Archive[];
  readonly fetched: readonly Fetched[];
}

interface Archive {
  readonly selected: Selected;
  readonly compression: Compression;
}

/** What an archive may hold. */
const archiveLimits: TarLimits = {
  maxEntries: 2_000_000,
  maxTotalBytes: 2 ** 40,
  maxHeaderBytes: 1 << 20,
  what: "archive",
};

/** Files that are archives by what is in them, whatever they are called. */
async function archivesAmong(selected: readonly Selected[], { building }: StepContext): Promise<readonly Archive[]> {
  const found: Archive[] = [];
  for (const one of selected) {
    if (one.entry.kind !== "file") continue;
    const open = (): Bytes => building.context.open(one.place);
    const compression = await archiveCompression(open);
    if (compression !== undefined) found.push({ selected: one, compression });
  }
  return found;
}

/** How an archive is compressed; `undefined` for what is no tar. */
async function archiveCompression(open: () => Bytes): Promise<Compression | undefined> {
  const compression = detectCompression(await firstBytes(open(), DETECT_BYTES));
  if (compression === "lzma") return undefined;
  try {
    const plain = decompress(open(), { compression, maxBytes: archiveLimits.maxTotalBytes, what: "the file" });
    const block = await firstBytes(plain, 512);
    return isTarHeader(block) ? compression : undefined;
  } catch (error) {
    // Something that only begins like an archive is copied as it is.
    if (error instanceof DodaiError && error.code === "COMPRESSION_BROKEN") return undefined;
    throw error;
  }
}

async function firstBytes(bytes: Bytes, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let seen = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    seen += chunk.byteLength;
    if (seen >= count) break;
  }
  return Buffer.concat(chunks).subarray(0, count);
}

/** POSIX pax, "ustar Interchange Format": the sum of a header's bytes, its own field as spaces. */
function isTarHeader(block: Uint8Array): boolean {
  if (block.byteLength < 512) return false;
  const text = Buffer.from(block.subarray(148, 156))
    .toString("latin1")
    .replace(/[\0 ]+$/, "")
    .trim();
  if (!/^[0-7]+$/.test(text)) return false;
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === Number.parseInt(text, 8);
}

async function* itemsOf(adding: Adding): AsyncGenerator<ArchiveItem> {
  const { instruction, wishes, context, selected, archives, fetched } = adding;
  const modeOf = readChmod(wishes, instruction);
  const plain = selected.filter((one) => !archives.some((archive) => archive.selected === one));
  const tree = new Map(await treeBelow(instruction, context));
  const record = function* (items: readonly ArchiveItem[]): Generator<ArchiveItem> {
    for (const item of items) {
      put(tree, item.entry);
      yield item;
    }
  };
  if (plain.length > 0) {
    const plan = await planFor({ selected: plain, keepsTimes: false, instruction, wishes, modeOf, context });
    for await (const item of itemsOfContext(plan, context.building.context)) yield* record([item]);
  }
  if (fetched.length > 0) yield* record(await fetchedItems(adding));
  for (const archive of archives) yield* unpacked(archive, tree, adding);
}

/** Files of the network are root's own, 0600, as Docker makes them. */
async function fetchedItems({ instruction, wishes, context, fetched }: Adding): Promise<readonly ArchiveItem[]> {
  const modeOf = readChmod(wishes, instruction);
  const selected = fetched.map(({ name, sizeBytes }): Selected => {
    const entry: Entry = {
      kind: "file",
      path: name,
      mode: 0o600,
      uid: 0,
      gid: 0,
      mtime: 0,
      xattrs: noXattrs,
      sizeBytes,
    };
    return { path: name, place: name, entry, pivot: 0, below: [] };
  });
  const plan = planCopy(selected, await planOptions({ instruction, wishes, modeOf, context }, false));
  const byName = new Map(fetched.map((one) => [one.name, one]));
  return [
    ...plan.folders.map((entry) => ({ entry, body: bytesOf() })),
    ...[...plan.files].flatMap(([from, copies]) =>
      copies.map((entry) => ({ entry, body: byName.get(from)?.open() ?? bytesOf() })),
    ),
  ];
}

/** An archive's entries below the destination, in the archive's order, owners and times as it has them. */
async function* unpacked(
  { selected, compression }: Archive,
  tree: Map<string, TreeNode>,
  adding: Adding,
): AsyncGenerator<ArchiveItem> {
  const { context, wishes, instruction } = adding;
  const what = `"${selected.path}"`;
  const { maxTotalBytes: maxBytes } = archiveLimits;
  const plain = decompress(context.building.context.open(selected.place), { compression, maxBytes, what });
  const options = await planOptions({ instruction, wishes, modeOf: readChmod(wishes, instruction), context }, true);
  const place = startPlacing(tree, adding);
  yield* place.destination();
  for await (const { entry, body } of readTar(plain, { ...archiveLimits, what })) {
    const placed = place.entry(entry);
    yield* place.parents(placed.path);
    const { owner = { uid: entry.uid, gid: entry.gid }, epoch } = options;
    const mtime = context.building.options.sourceDateEpoch === undefined ? entry.mtime : Math.min(entry.mtime, epoch);
    const mode =
      options.modeOf && entry.kind !== "symlink"
        ? options.modeOf({ mode: entry.mode, isFolder: entry.kind === "directory" })
        : entry.mode;
    const item = { entry: { ...placed, ...owner, mode, mtime }, body };
    put(tree, item.entry);
    yield item;
  }
}

interface Placing {
  /** The destination, with the folders above it. */
  destination(): Generator<ArchiveItem>;
  /** Folders above an entry that nothing has made. */
  parents(path: string): Generator<ArchiveItem>;
  entry(entry: Entry): Entry;
}

/** Links among parents are followed inside the root, as a program that unpacks there would. */
function startPlacing(tree: Map<string, TreeNode>, { wishes, instruction, context }: Adding): Placing {
  const top = resolvePath(tree, wishes.destination.slice(1), { last: true }) ?? "";
  const at = (path: string): string => {
    const wanted = path === "." ? top : top === "" ? path : `${top}/${path}`;
    return resolvePath(tree, wanted, { last: false }) ?? wanted;
  };
  const fail = (path: string, state: string): DodaiError =>
    new DodaiError("STEP_FAILED", `Cannot unpack "/${path}": ${state}`, { where: instruction.position });
  const folders = function* (paths: readonly string[]): Generator<ArchiveItem> {
    for (const path of paths) {
      const there = tree.get(path)?.entry;
      if (there && there.kind !== "directory") throw fail(path, `a ${there.kind} is there, wanted a folder`);
      if (there) continue;
      const mtime = context.state.epoch;
      const entry: Entry = { kind: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime, xattrs: noXattrs };
      put(tree, entry);
      yield { entry, body: bytesOf() };
    }
  };
  return {
    destination: () => folders(top === "" ? [] : [...parentsOf(top), top]),
    parents: (path) => folders(parentsOf(path)),
    entry: (entry) => {
      const path = at(entry.path);
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (name.startsWith(whiteoutPrefix))
        throw fail(path, `a name that begins with "${whiteoutPrefix}" means a removed file in a layer`);
      const there = tree.get(path)?.entry;
      const real =
        there?.kind === "symlink" && entry.kind === "directory" ? resolvePath(tree, path, { last: true }) : undefined;
      if (real !== undefined && tree.get(real)?.entry.kind === "directory") return { ...entry, path: real };
      if (path === "") return { ...entry, path: "." };
      return entry.kind === "hardlink" ? { ...entry, path, target: at(entry.target) } : { ...entry, path };
    },
  };
}
