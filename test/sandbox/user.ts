// Ordinary users of this machine, for tests that root runs as somebody else.
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
  return name === undefined ? undefined : accountOf(name);
}

export function accountOf(name: string): User | undefined {
  const row = rowsOf("/etc/passwd").find(([one]) => one === name);
  return row && { name, uid: Number(row[2]), gid: Number(row[3]) };
}

function rowsOf(path: string): readonly (readonly string[])[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => line.split(":"));
}
