// Who a command runs as: names are those of the root's own passwd(5) and group(5), never the host's.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import { resolveInside } from "./disk-path.ts";

export interface Ids {
  readonly uid: number;
  readonly gid: number;
  /** Groups beside `gid`. */
  readonly groups: readonly number[];
}

const root: Ids = { uid: 0, gid: 0, groups: [] };
const MAX_ACCOUNTS_BYTES = 16 << 20;
/** (uid_t) -1 means "leave it". */
const MAX_ID = 0xffff_fffe;

/** `uid`, `uid:gid`, `name`, `name:group`, as image configs have it (OCI image-spec, config.md, "User"). Throws SANDBOX_FAILED. */
export function resolveUser(merged: string, user: string | undefined): Ids {
  if (user === undefined || user === "") return root;
  const [name = "", group, ...rest] = user.split(":");
  if (name === "" || group === "" || rest.length > 0) throw refuse(user, "it is not USER or USER:GROUP");
  const passwd = readRows(merged, "etc/passwd");
  const groups = readRows(merged, "etc/group");
  const account = passwd.find((row) => row[0] === name) ?? passwd.find((row) => row[2] === name);
  const uid = idOf(account?.[2] ?? name);
  if (uid === undefined) throw refuse(user, `/etc/passwd of the root has no user "${name}"`);
  if (group !== undefined) {
    const gid = idOf(groups.find((row) => row[0] === group)?.[2] ?? group);
    if (gid === undefined) throw refuse(user, `/etc/group of the root has no group "${group}"`);
    return { uid, gid, groups: [] };
  }
  const gid = idOf(account?.[3] ?? "0") ?? 0;
  const member = account?.[0];
  const more = groups
    .filter((row) => member !== undefined && row[3]?.split(",").includes(member))
    .map((row) => idOf(row[2] ?? ""));
  return { uid, gid, groups: [...new Set(more.filter((id) => id !== undefined && id !== gid))] as number[] };
}

function idOf(text: string): number | undefined {
  const id = /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
  return id !== undefined && id <= MAX_ID ? id : undefined;
}

function readRows(merged: string, path: string): readonly (readonly string[])[] {
  const place = resolveInside(merged, path);
  if (place.kind !== "file") return [];
  const file = openSync(`${merged}/${place.path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(file).size, MAX_ACCOUNTS_BYTES));
    const length = readSync(file, bytes, 0, bytes.length, 0);
    const lines = bytes.toString("utf8", 0, length).split("\n");
    return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(":"));
  } finally {
    closeSync(file);
  }
}

function refuse(user: string, state: string): DodaiError {
  return new DodaiError("SANDBOX_FAILED", `Cannot run as "${user}": ${state}`);
}
