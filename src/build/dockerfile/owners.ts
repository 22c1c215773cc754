// Names in --chown and USER become numbers by the image's own passwd(5) and group(5).
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import { findGroupOfUser, findId, parseOwner } from "../../frontends/dockerfile/ownership.ts";
import { readFileOfLayers } from "./stage-tree.ts";
import type { StepContext } from "./state.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Throws STEP_FAILED for a name that the image does not have. */
export async function resolveOwner(text: string, context: StepContext, where: Position): Promise<Owner> {
  const written = parseOwner(text);
  if (written === undefined) throw unknown(text, "it is not USER or USER:GROUP", where);
  const { user, group } = written;
  const isPlain = /^\d+$/.test(user) && (group === undefined || /^\d+$/.test(group));
  const passwd = isPlain ? "" : await read("etc/passwd", context);
  const groups = isPlain || group === undefined ? "" : await read("etc/group", context);
  const uid = findId(user, passwd);
  if (uid === undefined) throw unknown(text, `the image's /etc/passwd has no user "${user}"`, where);
  // Docker gives what is chowned to a user alone that number as its group too.
  const gid = group === undefined ? (/^\d+$/.test(user) ? uid : findGroupOfUser(user, passwd)) : findId(group, groups);
  if (gid === undefined) throw unknown(text, `the image's /etc/group has no group "${group ?? user}"`, where);
  return { uid, gid };
}

async function read(path: string, { building, state }: StepContext): Promise<string> {
  const { layers } = state;
  const tree = await state.tree.get();
  return (await readFileOfLayers(path, { tree, layers, store: building.session.pieces })) ?? "";
}

function unknown(text: string, state: string, where: Position): DodaiError {
  return new DodaiError("STEP_FAILED", `Cannot find owner "${text}": ${state}`, {
    where,
    fix: "Use numbers, or make the user in a RUN before it.",
  });
}
