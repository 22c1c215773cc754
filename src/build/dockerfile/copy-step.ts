// COPY, and ADD of files that are no archives.
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { noXattrs } from "../../archive/entry.ts";
import { bytesOf } from "../../core/bytes.ts";
import type { Json } from "../../core/canonical-json.ts";
import { sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { joinPath } from "../../frontends/dockerfile/configure.ts";
import { expandText, expandWord, type Scope } from "../../frontends/dockerfile/expand.ts";
import { readHeredocMark } from "../../frontends/dockerfile/heredoc.ts";
import type { CopyInstruction } from "../../frontends/dockerfile/instruction.ts";
import { type ModeOf, parseMode } from "../../frontends/dockerfile/ownership.ts";
import { positionAt, syntaxError } from "../../frontends/dockerfile/source.ts";
import { fromOf } from "../../frontends/dockerfile/stage-graph.ts";
import type { TreeNode } from "../../rootfs/tree.ts";
import { digestOfList } from "./context.ts";
import { type CopyPlan, type CopyPlanOptions, planCopy } from "./copy-plan.ts";
import { resolveOwner } from "./owners.ts";
import { type Selected, selectSources } from "./source-select.ts";
import { contextSource, itemsOfContext, itemsOfStage, stageSource } from "./sources.ts";
import { put } from "./stage-tree.ts";
import { knownTree, type StageState, type StepContext } from "./state.ts";
import type { Made, Step } from "./step.ts";
import { writeTreeLayer } from "./tree-layer.ts";

/** What the flags and words of COPY and ADD say, variables replaced. */
export interface CopyWishes {
  readonly sources: readonly string[];
  readonly heredocs: readonly { readonly name: string; readonly content: string }[];
  /** Absolute. */
  readonly destination: string;
  readonly isFolder: boolean;
  readonly chown: string | undefined;
  readonly chmod: string | undefined;
  readonly checksum: string | undefined;
  readonly exclude: readonly string[];
}

/** Throws DOCKERFILE_SYNTAX. */
export function readWishes(instruction: CopyInstruction, scope: Scope, workdir: string): CopyWishes {
  const { source } = instruction;
  const optional = (word: CopyInstruction["chown"]): string | undefined => word && expandWord(word, source, scope);
  const destination = expandWord(instruction.destination, source, scope);
  const heredocs = instruction.heredocs.map(({ name, content, expands, stripsTabs }) => {
    const text = stripsTabs ? content.replace(/^\t+/gm, "") : content;
    const word = { text, at: instruction.destination.at };
    return { name, content: expands ? expandText(word, source, scope) : text };
  });
  const names = instruction.sources.filter(({ text }) => heredocs.length === 0 || readHeredocMark(text) === undefined);
  const wishes: CopyWishes = {
    sources: names.map((word) => expandWord(word, source, scope)),
    heredocs,
    destination: joinPath(workdir, destination),
    isFolder: /(?:^|\/)\.{0,2}$/.test(destination),
    chown: optional(instruction.chown),
    chmod: optional(instruction.chmod),
    checksum: optional(instruction.checksum),
    exclude: instruction.exclude.map((word) => expandWord(word, source, scope)),
  };
  if (instruction.sources.length > 1 && !wishes.isFolder) {
    throw syntaxError({
      what: instruction.kind.toUpperCase(),
      state: `it copies several things to "${destination}"`,
      where: positionAt(source, instruction.destination.at),
      fix: `A folder is wanted: write "${destination}/".`,
    });
  }
  return wishes;
}

/** The mode that `--chmod` says. Throws DOCKERFILE_SYNTAX. */
export function readChmod(
  { chmod }: CopyWishes,
  { source, chmod: word }: CopyInstruction,
): ((file: ModeOf) => number) | undefined {
  if (chmod === undefined) return undefined;
  const mode = parseMode(chmod);
  if (mode) return mode;
  throw syntaxError({
    what: `--chmod=${chmod}`,
    state: "it is no mode, wanted one as in 0755 or u=rwX,go=rX",
    where: positionAt(source, word?.at ?? 0),
  });
}

/** Throws STEP_FAILED, DOCKERFILE_SYNTAX, FILE_UNREADABLE. */
export async function copyStep(instruction: CopyInstruction, wishes: CopyWishes, context: StepContext): Promise<Step> {
  const { building } = context;
  const taken = [...wishes.sources, ...wishes.heredocs.map(({ name }) => `<<${name}`)];
  const shared = {
    createdBy: `${instruction.kind.toUpperCase()} ${taken.join(" ")} ${wishes.destination}`,
    shown: instruction.text,
    // Names of owners are looked up in the image.
    isIndependent: instruction.link && /^[\d:]*$/.test(wishes.chown ?? ""),
  };
  const modeOf = readChmod(wishes, instruction);
  const written = inputsOf(instruction, wishes);
  const from = await sourceStage(instruction, context);
  if (from === undefined) {
    const selected = selectIn(contextSource(building.context), instruction, wishes);
    return {
      ...shared,
      inputs: { ...written, files: await digestOfSelected(selected, context), heredocs: digestOfHeredocs(wishes) },
      make: async () => {
        const plan = await planFor({ selected, keepsTimes: false, instruction, wishes, modeOf, context });
        return writeCopy({ plan, items: itemsOfContext(plan, building.context), instruction, wishes, modeOf, context });
      },
    };
  }
  const { state, name } = from;
  return {
    ...shared,
    inputs: { ...written, from: state.layers.map(({ diffId }) => diffId) },
    make: async () => {
      const selected = selectIn(await stageSource(state, `stage ${name}`), instruction, wishes);
      const plan = await planFor({ selected, keepsTimes: true, instruction, wishes, modeOf, context });
      const items = itemsOfStage(plan, state, building.session.pieces);
      return writeCopy({ plan, items, instruction, wishes, modeOf, context });
    },
  };
}

function inputsOf({ parents, link }: CopyInstruction, wishes: CopyWishes): { readonly [key: string]: Json } {
  const { sources, destination, isFolder, chown, chmod, exclude } = wishes;
  const owner = chown ?? null;
  return { step: "copy", sources, destination, isFolder, owner, mode: chmod ?? null, exclude, parents, link };
}

async function sourceStage(
  { from, source }: CopyInstruction,
  { building, stage, state }: StepContext,
): Promise<{ readonly state: StageState; readonly name: string } | undefined> {
  if (from === undefined) return undefined;
  const reference = fromOf(from, { source }, { stage, dockerfile: building.dockerfile });
  if (reference.kind === "stage") return { state: await building.stage(reference.index), name: from.text };
  if (reference.kind === "image")
    return { state: await building.image(reference.name, state.platform), name: from.text };
  throw new DodaiError("STEP_FAILED", "Cannot copy from scratch: there is nothing in it", { where: stage.position });
}

export function selectIn(
  source: Parameters<typeof selectSources>[0],
  { parents, position }: CopyInstruction,
  { sources, exclude }: CopyWishes,
): readonly Selected[] {
  return selectSources(source, sources, { exclude, parents, where: position });
}

/** What is copied, as one digest: names, modes and contents; times do not count, and the layer has none of them. */
export async function digestOfSelected(selected: readonly Selected[], { building }: StepContext): Promise<string> {
  const rows: (string | number)[][] = [];
  for (const one of selected) {
    rows.push(["source", one.path, ...(await rowOf(one.place, one.entry, building.context))]);
    for (const { path, entry } of one.below) {
      const place = one.place === "" ? path : `${one.place}/${path}`;
      rows.push(["below", path, ...(await rowOf(place, entry, building.context))]);
    }
  }
  return digestOfList(rows);
}

async function rowOf(
  place: string,
  entry: Entry,
  context: StepContext["building"]["context"],
): Promise<readonly (string | number)[]> {
  const about = [entry.kind, entry.mode] as const;
  if (entry.kind === "file") return [...about, entry.sizeBytes, await context.digest(place)];
  return entry.kind === "symlink" ? [...about, entry.target] : about;
}

const digestOfHeredocs = ({ heredocs }: CopyWishes): Json =>
  heredocs.map(({ name, content }) => [name, sha256(content)]);

/** One COPY or ADD with what its flags say. */
export interface Copying {
  readonly instruction: CopyInstruction;
  readonly wishes: CopyWishes;
  readonly modeOf: ((file: ModeOf) => number) | undefined;
  readonly context: StepContext;
}

async function planFor({
  selected,
  keepsTimes,
  instruction,
  wishes,
  modeOf,
  context,
}: Copying & { readonly selected: readonly Selected[]; readonly keepsTimes: boolean }): Promise<CopyPlan> {
  return planCopy(selected, await planOptions({ instruction, wishes, modeOf, context }, keepsTimes));
}

export async function planOptions(
  { instruction, wishes, modeOf, context }: Copying,
  keepsTimes: boolean,
): Promise<CopyPlanOptions> {
  const { destination, isFolder, chown } = wishes;
  return {
    tree: await treeBelow(instruction, context),
    destination,
    isFolder: isFolder || instruction.sources.length > 1,
    parents: instruction.parents,
    owner: chown === undefined ? undefined : await resolveOwner(chown, context, instruction.position),
    modeOf,
    epoch: context.state.epoch,
    keepsTimes,
    where: instruction.position,
  };
}

/** With `--link` a layer says nothing of what is below it. */
export async function treeBelow({ link }: CopyInstruction, { state }: StepContext): Promise<Map<string, TreeNode>> {
  return link ? new Map() : state.tree.get();
}

async function writeCopy({
  plan,
  items,
  ...copying
}: Copying & { readonly plan: CopyPlan; readonly items: AsyncIterable<ArchiveItem> }): Promise<Made> {
  const heredocs = await heredocItems(copying, plan);
  return writeItems(withMore(items, heredocs), copying);
}

async function* withMore(
  items: AsyncIterable<ArchiveItem>,
  others: readonly ArchiveItem[],
): AsyncGenerator<ArchiveItem> {
  yield* items;
  yield* others;
}

/** Writes a layer, and knows what the root holds afterwards. */
export async function writeItems(items: AsyncIterable<ArchiveItem>, { context, instruction }: Copying): Promise<Made> {
  const { state, building } = context;
  const { layer, entries } = await writeTreeLayer(items, { store: building.session.pieces, order: "path" });
  const newestTime = entries.reduce((newest, { mtime }) => Math.max(newest, mtime), 0);
  if (layer === undefined || instruction.link) return { layer, newestTime };
  const tree = new Map(await state.tree.get());
  for (const entry of entries) put(tree, entry);
  return { layer, tree: knownTree(tree), newestTime };
}

/** Here-documents become files of their names. */
async function heredocItems(copying: Copying, plan: CopyPlan): Promise<readonly ArchiveItem[]> {
  const { wishes } = copying;
  if (wishes.heredocs.length === 0) return [];
  const selected = wishes.heredocs.map(({ name, content }): Selected => {
    const sizeBytes = Buffer.byteLength(content);
    const entry: Entry = {
      kind: "file",
      path: name,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      xattrs: noXattrs,
      sizeBytes,
    };
    return { path: name, place: name, entry, pivot: 0, below: [] };
  });
  const own = planCopy(selected, await planOptions(copying, false));
  const made = new Set(plan.folders.map(({ path }) => path));
  const folders = own.folders.filter(({ path }) => !made.has(path)).map((entry) => ({ entry, body: bytesOf() }));
  const contents = new Map(wishes.heredocs.map(({ name, content }) => [name, content]));
  const files = [...own.files].flatMap(([from, copies]) =>
    copies.map((entry) => ({ entry, body: bytesOf(contents.get(from) ?? "") })),
  );
  return [...folders, ...files];
}
