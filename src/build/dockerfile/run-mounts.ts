// What RUN sees beside the root. Content of other stages, of the context and secrets is laid out beside it: so owners and modes
// are as they should be whoever runs dodai, and what is written there is gone. Caches and sockets are the host's own.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { noXattrs } from "../../archive/entry.ts";
import { bytesOf } from "../../core/bytes.ts";
import { formatCanonicalJson, type Json } from "../../core/canonical-json.ts";
import { hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { RunInstruction } from "../../frontends/dockerfile/instruction.ts";
import type { Mount } from "../../frontends/dockerfile/mount.ts";
import { fromOf } from "../../frontends/dockerfile/stage-graph.ts";
import { asideContent, type MountSource, type SandboxMount } from "../../sandbox/contract.ts";
import { planCopy } from "./copy-plan.ts";
import { digestOfSelected } from "./copy-step.ts";
import { selectSources } from "./source-select.ts";
import { contextSource, itemsOfContext, itemsOfStage, stageSource } from "./sources.ts";
import type { StageState, StepContext } from "./state.ts";

export interface RunMounts {
  /** What the step is kept under; secrets and sockets are no part of it. */
  readonly inputs: Json;
  /** What is laid out beside the root, by name. */
  readonly asides: readonly Aside[];
  /** Folders that only one command may have at a time. */
  readonly locked: readonly string[];
  readonly mounts: readonly SandboxMount[];
  readonly variables: Readonly<Record<string, string>>;
}

interface Aside {
  readonly name: string;
  readonly items: () => AsyncGenerator<ArchiveItem>;
}

interface Prepared {
  readonly inputs?: Json;
  readonly locks?: string;
  readonly items?: () => AsyncGenerator<ArchiveItem>;
  /** Where it is seen; its source is what `items` are when there is none. */
  readonly mount?: { readonly source?: MountSource; readonly target: string; readonly readOnly: boolean };
  readonly variables?: Readonly<Record<string, string>>;
}

/** Throws STEP_FAILED for a secret or socket that has to be there and is not, and what copying throws. */
export async function prepareMounts(
  mounts: readonly Mount[],
  instruction: RunInstruction,
  context: StepContext,
): Promise<RunMounts> {
  const prepared: Prepared[] = [];
  for (const mount of mounts) prepared.push(await prepareMount(mount, instruction, context));
  return {
    inputs: prepared.map(({ inputs }) => inputs ?? null),
    asides: prepared.flatMap(({ items }, index) => (items ? [{ name: String(index), items }] : [])),
    locked: prepared.flatMap(({ locks }) => locks ?? []).sort(),
    mounts: prepared.flatMap((one, index) => placedMount(one, String(index))),
    variables: Object.assign({}, ...prepared.map(({ variables }) => variables ?? {})) as Record<string, string>,
  };
}

/** What was laid out for a mount has the mount's number as its name. */
function placedMount({ mount, items }: Prepared, name: string): readonly SandboxMount[] {
  if (mount === undefined) return [];
  const { source, ...place } = mount;
  if (source === undefined) return [{ ...place, source: { kind: "aside", name } }];
  const isFilled = typeof source !== "string" && source.kind === "kept" && items !== undefined;
  return [{ ...place, source: isFilled ? { ...source, from: name } : source }];
}

async function prepareMount(mount: Mount, instruction: RunInstruction, context: StepContext): Promise<Prepared> {
  const { target } = mount;
  switch (mount.kind) {
    case "bind":
      return prepareBind(mount, instruction, context);
    case "tmpfs":
      return {
        inputs: ["tmpfs", target, mount.maxBytes ?? null],
        mount: { source: { kind: "memory", maxBytes: mount.maxBytes }, target, readOnly: false },
      };
    case "cache":
      return prepareCache(mount, instruction, context);
    case "secret":
      return prepareSecret(mount, instruction, context);
    case "ssh":
      return prepareSsh(mount, instruction, context);
  }
}

async function prepareBind(
  mount: Mount & { readonly kind: "bind" },
  instruction: RunInstruction,
  context: StepContext,
): Promise<Prepared> {
  const { building } = context;
  const { target, source: path } = mount;
  const wishes = { exclude: [], parents: false, where: instruction.position };
  const place = { ...copyOptions, destination: `/${asideContent}`, where: instruction.position };
  const seen = { target, readOnly: mount.readOnly };
  const from = await stageOf(mount, instruction, context);
  if (from === undefined) {
    const selected = selectSources(contextSource(building.context), [path], wishes);
    return {
      inputs: ["bind", target, await digestOfSelected(selected, context)],
      mount: seen,
      items: () =>
        itemsOfContext(
          planCopy(selected, { ...place, epoch: context.state.epoch, keepsTimes: false }),
          building.context,
        ),
    };
  }
  return {
    inputs: ["bind", target, path, from.layers.map(({ diffId }) => diffId)],
    mount: seen,
    items: async function* () {
      const selected = selectSources(await stageSource(from, "stage"), [path], wishes);
      yield* itemsOfStage(planCopy(selected, { ...place, keepsTimes: true }), from, building.session.pieces);
    },
  };
}

const copyOptions = {
  tree: new Map(),
  isFolder: false,
  parents: false,
  owner: undefined,
  modeOf: undefined,
  epoch: Number.MAX_SAFE_INTEGER,
} as const;

async function stageOf(
  { from }: Mount & { readonly kind: "bind" | "cache" },
  { source }: RunInstruction,
  { building, stage, state }: StepContext,
): Promise<StageState | undefined> {
  if (from === undefined) return undefined;
  const reference = fromOf(from, { source }, { stage, dockerfile: building.dockerfile });
  if (reference.kind === "stage") return building.stage(reference.index);
  if (reference.kind === "context") return building.named(reference.name, state.platform);
  if (reference.kind === "image") return building.image(reference.name, state.platform);
  throw new DodaiError("STEP_FAILED", "Cannot mount from scratch: there is nothing in it", { where: stage.position });
}

/** One folder for an id, a first content and an owner, which all builds with this cache share. */
async function prepareCache(
  mount: Mount & { readonly kind: "cache" },
  instruction: RunInstruction,
  context: StepContext,
): Promise<Prepared> {
  const { id, target, readOnly, mode, uid, gid, source: path } = mount;
  const { store, pieces } = context.building.session;
  const from = await stageOf(mount, instruction, context);
  const owner = { uid, gid, mode };
  const first = from ? [path, from.layers.map(({ diffId }) => diffId)] : [];
  const isPlain = from === undefined && uid === 0 && gid === 0 && mode === 0o755;
  const name = isPlain ? id : formatCanonicalJson([id, ...first, owner]);
  const folder = join(store.directory, "mounts", hexOf(sha256(name)).slice(0, 32));
  mkdirSync(dirname(folder), { recursive: true });
  const wishes = { exclude: [], parents: false, where: instruction.position };
  const place = { ...copyOptions, destination: `/${asideContent}`, where: instruction.position, keepsTimes: true };
  const items = async function* (state: StageState): AsyncGenerator<ArchiveItem> {
    const selected = selectSources(await stageSource(state, "stage"), [path], wishes);
    yield* itemsOfStage(planCopy(selected, place), state, pieces);
  };
  return {
    inputs: ["cache", target, id, ...first],
    mount: { source: { kind: "kept", path: folder, from: undefined, owner }, target, readOnly },
    ...(from && !existsSync(folder) ? { items: () => items(from) } : {}),
    ...(mount.isShared ? {} : { locks: folder }),
  };
}

function prepareSecret(
  mount: Mount & { readonly kind: "secret" },
  { position }: RunInstruction,
  { building }: StepContext,
): Prepared {
  const { id, target, variable, required, hasFile, mode, uid, gid } = mount;
  const inputs = ["secret", target, id, variable ?? null];
  const secret = building.options.secrets.find((one) => one.id === id);
  if (secret === undefined) {
    if (!required) return { inputs };
    throw new DodaiError("STEP_FAILED", `Cannot run the command: it requires the secret "${id}", and none is given`, {
      where: position,
      fix: `Give it with --secret id=${id},src=FILE or --secret id=${id},env=NAME.`,
    });
  }
  const bytes = (): Uint8Array => (secret.kind === "value" ? Buffer.from(secret.value) : readSecret(secret.path, id));
  const file = (): ArchiveItem => {
    const content = bytes();
    const entry: Entry = {
      kind: "file",
      path: asideContent,
      mode,
      uid,
      gid,
      mtime: 0,
      xattrs: noXattrs,
      sizeBytes: content.byteLength,
    };
    return { entry, body: bytesOf(content) };
  };
  return {
    inputs,
    ...(hasFile ? { mount: { target, readOnly: true }, items: () => one(file()) } : {}),
    ...(variable === undefined ? {} : { variables: { [variable]: Buffer.from(bytes()).toString() } }),
  };
}

function readSecret(path: string, id: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}": it is the secret "${id}"`, { cause });
  }
}

function prepareSsh(
  { id, target, required }: Mount & { readonly kind: "ssh" },
  { position }: RunInstruction,
  { building }: StepContext,
): Prepared {
  const inputs = ["ssh", target, id];
  const socket = building.options.sshSockets.find((one) => one.id === id);
  if (socket) {
    return {
      inputs,
      mount: { source: socket.path, target, readOnly: false },
      variables: { SSH_AUTH_SOCK: target },
    };
  }
  if (!required) return { inputs };
  throw new DodaiError("STEP_FAILED", `Cannot run the command: it requires the SSH agent "${id}", and none is given`, {
    where: position,
    fix: `Give it with --ssh ${id}, or --ssh ${id}=SOCKET.`,
  });
}

async function* one(item: ArchiveItem): AsyncGenerator<ArchiveItem> {
  yield item;
}
