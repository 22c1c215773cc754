// An ordinary user of this machine who has subordinate ids, for tests that root runs as somebody else.
import { existsSync, readFileSync } from "node:fs";

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The first with subordinate ids of both kinds (subuid(5)). */
export function findUser(): User | undefined {
  const [users, groups] = [rowsOf("/etc/subuid"), rowsOf("/etc/subgid")];
  const [name] = users.find(([one]) => one !== "root" && groups.some(([other]) => other === one)) ?? [];
  const account = rowsOf("/etc/passwd").find(([one]) => one === name);
  return name === undefined || !account ? undefined : { name, uid: Number(account[2]), gid: Number(account[3]) };
}

function rowsOf(path: string): readonly (readonly string[])[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => line.split(":"));
}
