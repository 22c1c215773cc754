// ADD: files as COPY has them, archives taken apart, and files from the network.
import { type ArchiveItem, type Entry, noXattrs } from "../../archive/entry.ts";
import { bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { CopyInstruction } from "../../frontends/dockerfile/instruction.ts";
import { positionAt } from "../../frontends/dockerfile/source.ts";
import { type ArchiveFile, findArchive, type MaybeArchive } from "./archive-file.ts";
import { planCopy } from "./copy-plan.ts";
import {
  type Copying,
  type CopyWishes,
  copyStep,
  digestOfSelected,
  planOptions,
  readChmod,
  selectIn,
  treeBelow,
  writeItems,
} from "./copy-step.ts";
import { type Fetched, fetchRemote, isGitSource, isRemote } from "./remote-file.ts";
import type { Selected } from "./source-select.ts";
import { contextSource, itemsOfContext } from "./sources.ts";
import { put } from "./stage-tree.ts";
import type { StepContext } from "./state.ts";
import type { Made, Step } from "./step.ts";
import { unpackArchive } from "./unpack-archive.ts";

/** Throws STEP_FAILED, DOCKERFILE_UNSUPPORTED, DOWNLOAD_FAILED, DIGEST_MISMATCH, and what archives throw. */
export async function addStep(instruction: CopyInstruction, wishes: CopyWishes, context: StepContext): Promise<Step> {
  for (const [index, source] of wishes.sources.entries()) refuseGit(source, index, instruction);
  const remote = wishes.sources.filter(isRemote);
  const local: CopyWishes = { ...wishes, sources: wishes.sources.filter((one) => !isRemote(one)) };
  if (remote.length === 0 && wishes.checksum !== undefined) {
    throw new DodaiError("DOCKERFILE_UNSUPPORTED", "Cannot check --checksum of ADD: it is for files from the network", {
      where: positionAt(instruction.source, instruction.checksum?.at ?? 0),
    });
  }
  const copy = await copyStep(instruction, local, context);
  const fetched: Fetched[] = [];
  for (const url of remote) fetched.push(await fetchRemote(url, { wishes, instruction, context }));
  const selected = selectIn(contextSource(context.building.context), instruction, local);
  const copying: Copying = { instruction, wishes, modeOf: readChmod(wishes, instruction), context };
  return {
    ...copy,
    createdBy: `ADD ${wishes.sources.join(" ")} ${wishes.destination}`,
    inputs: {
      step: "add",
      copied: copy.inputs,
      files: await digestOfSelected(selected, context),
      fetched: fetched.map(({ name, digest }) => [name, digest]),
      unpack: instruction.unpack ?? null,
    },
    make: () => add({ copying, selected, fetched, copy }),
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
  readonly copying: Copying;
  readonly selected: readonly Selected[];
  readonly fetched: readonly Fetched[];
  /** What there is to do when nothing is an archive or from the network. */
  readonly copy: Step;
}

async function add({ copying, selected, fetched, copy }: Adding): Promise<Made> {
  const { context, instruction } = copying;
  const { unpack } = instruction;
  const archives: ArchiveFile[] = [];
  const plain: Selected[] = [];
  for (const one of selected) {
    const { entry, path: name, place } = one;
    const open = (): ReturnType<MaybeArchive["open"]> => context.building.context.open(place);
    const isWanted = entry.kind === "file" && unpack !== false;
    const archive = isWanted ? await findArchive({ name, sizeBytes: entry.sizeBytes, open }) : undefined;
    if (archive) archives.push(archive);
    else plain.push(one);
  }
  const whole: Fetched[] = [];
  for (const one of fetched) {
    // Files of the network are taken apart only where the instruction says so.
    const archive = unpack === true ? await findArchive(one) : undefined;
    if (archive) archives.push(archive);
    else whole.push(one);
  }
  if (archives.length === 0 && whole.length === 0) return copy.make();
  return writeItems(itemsOf({ copying, plain, whole, archives }), copying);
}

interface Parts {
  readonly copying: Copying;
  readonly plain: readonly Selected[];
  readonly whole: readonly Fetched[];
  readonly archives: readonly ArchiveFile[];
}

async function* itemsOf({ copying, plain, whole, archives }: Parts): AsyncGenerator<ArchiveItem> {
  const { context, instruction } = copying;
  const tree = new Map(await treeBelow(instruction, context));
  const options = await planOptions(copying, false);
  if (plain.length > 0) {
    for await (const item of itemsOfContext(planCopy(plain, options), context.building.context)) {
      put(tree, item.entry);
      yield item;
    }
  }
  for (const item of fetchedItems(whole, { ...options, tree })) {
    put(tree, item.entry);
    yield item;
  }
  for (const archive of archives) yield* unpackArchive(archive, { ...options, tree });
}

/** Files of the network are root's own, 0600, as Docker makes them. */
function fetchedItems(fetched: readonly Fetched[], options: Parameters<typeof planCopy>[1]): readonly ArchiveItem[] {
  if (fetched.length === 0) return [];
  const selected = fetched.map(({ name, sizeBytes }): Selected => {
    const common = { path: name, mode: 0o600, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };
    const entry: Entry = { ...common, kind: "file", sizeBytes };
    return { path: name, place: name, entry, pivot: 0, below: [] };
  });
  const plan = planCopy(selected, options);
  const byName = new Map(fetched.map((one) => [one.name, one]));
  return [
    ...plan.folders.map((entry) => ({ entry, body: bytesOf() })),
    ...[...plan.files].flatMap(([from, copies]) =>
      copies.map((entry) => ({ entry, body: byName.get(from)?.open() ?? bytesOf() })),
    ),
  ];
}
