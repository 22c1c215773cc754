// WORKDIR makes its folder where there is none.
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { noXattrs } from "../../archive/entry.ts";
import { bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { parentsOf } from "../../core/path-order.ts";
import type { TextInstruction } from "../../frontends/dockerfile/instruction.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import { writeLayer } from "./layer-file.ts";
import { type Owner, resolveOwner } from "./owners.ts";
import { put } from "./stage-tree.ts";
import { knownTree, type StepContext } from "./state.ts";
import type { Made, Step } from "./step.ts";

export function workdirStep(
  instruction: TextInstruction,
  { createdBy, workdir, user }: { readonly createdBy: string; readonly workdir: string; readonly user: string },
  context: StepContext,
): Step {
  return {
    createdBy,
    shown: instruction.text,
    inputs: { step: "workdir", workdir, user },
    make: () => makeFolder(workdir, { user, instruction, context }),
  };
}

interface Making {
  readonly user: string;
  readonly instruction: TextInstruction;
  readonly context: StepContext;
}

async function makeFolder(workdir: string, { user, instruction, context }: Making): Promise<Made> {
  const { state, building } = context;
  const tree = await state.tree.get();
  const place = resolvePath(tree, workdir.slice(1), { last: true }) ?? "";
  const there = tree.get(place)?.entry;
  if (there?.kind === "directory" || place === "") return { layer: undefined };
  const wrong = [...parentsOf(place), place].find(
    (path) => (tree.get(path)?.entry.kind ?? "directory") !== "directory",
  );
  if (wrong !== undefined) {
    throw new DodaiError("STEP_FAILED", `Cannot make the folder "${workdir}": "/${wrong}" is there and no folder`, {
      where: instruction.position,
    });
  }
  const owner = user === "" ? { uid: 0, gid: 0 } : await resolveOwner(user, context, instruction.position);
  const missing = [...parentsOf(place), place].filter((path) => !tree.has(path));
  const entries = missing.map((path) => folderOf(path, owner, state.epoch));
  const layer = await writeLayer(itemsOf(entries), building.session.pieces);
  const after = new Map(tree);
  for (const entry of entries) put(after, entry);
  return { layer, tree: knownTree(after) };
}

const folderOf = (path: string, owner: Owner, mtime: number): Entry => ({
  kind: "directory",
  path,
  ...owner,
  mode: 0o755,
  mtime,
  xattrs: noXattrs,
});

async function* itemsOf(entries: readonly Entry[]): AsyncGenerator<ArchiveItem> {
  for (const entry of entries) yield { entry, body: bytesOf() };
}
