// groupadd, useradd and usermod of shadow-utils as packages' scripts call them: for the system's own accounts, without a home of
// their own making. Each file that changes leaves its state before in a copy with `-` behind its name.

import type { RootFiles } from "./root-files.ts";
import type { Call, Program } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

/** `epoch`: in seconds since 1970; shadow(5) has the day on which a password was set. */
export function accountPrograms(epoch: number): ReadonlyMap<string, Program> {
  return new Map<string, Program>([
    ["groupadd", groupadd],
    ["useradd", (call) => useradd(call, Math.floor(epoch / SECONDS_A_DAY))],
    ["usermod", usermod],
    ["getent", getent],
    ["id", id],
  ]);
}

const SECONDS_A_DAY = 86_400;
/** Exit codes of shadow-utils. */
const ID_IN_USE = 4;
const NO_GROUP = 6;
const NAME_IN_USE = 9;

type AccountFile = "passwd" | "group" | "shadow" | "gshadow";

const linesOf = (files: RootFiles, name: AccountFile | "login.defs"): readonly string[] =>
  Buffer.from(files.read(`/etc/${name}`) ?? new Uint8Array())
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "");

/** A line's fields by the name in front. */
const find = (files: RootFiles, name: AccountFile, key: string): readonly string[] | undefined =>
  linesOf(files, name)
    .find((line) => line.startsWith(`${key}:`))
    ?.split(":");

function keep(files: RootFiles, name: AccountFile, lines: readonly string[]): void {
  const path = `/etc/${name}`;
  const before = files.read(path);
  const entry = files.stat(path);
  if (before === undefined || entry === undefined) return;
  if (!files.stat("/etc/.pwd.lock")) {
    files.write("/etc/.pwd.lock", new Uint8Array());
    files.change("/etc/.pwd.lock", { mode: 0o600 });
  }
  files.write(`${path}-`, before);
  files.change(`${path}-`, { mode: entry.mode, uid: entry.uid, gid: entry.gid });
  files.write(path, Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1"));
}

const add = (files: RootFiles, name: AccountFile, line: string): void =>
  keep(files, name, [...linesOf(files, name), line]);

function groupadd({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["r", "f", "o", "system", "force"], values: ["g", "gid"] });
  const [name = "", ...more] = rest;
  assertName(name, more);
  if (has.has("o")) throw notUnderstood("groupadd -o");
  const isForced = has.has("f") || has.has("force");
  if (find(files, "group", name)) return isForced ? 0 : NAME_IN_USE;
  const wanted = has.get("g") ?? has.get("gid");
  const isTaken = linesOf(files, "group").some((line) => line.split(":")[2] === wanted);
  if (isTaken && !isForced) return ID_IN_USE;
  addGroup(files, name, wanted === undefined || isTaken ? freeId(files, "group", has) : Number(wanted));
  return 0;
}

function addGroup(files: RootFiles, name: string, gid: number): void {
  add(files, "group", `${name}:x:${gid}:`);
  if (files.read("/etc/gshadow")) add(files, "gshadow", `${name}:!::`);
}

const valueOptions = ["c", "comment", "d", "home-dir", "home", "g", "gid", "G", "groups", "s", "shell", "u", "uid"];

function useradd({ words, files }: Call, day: number): number {
  const flags = ["r", "system", "M", "no-create-home", "N", "no-user-group"];
  const { has, rest } = optionsOf(words, { flags, values: valueOptions });
  const [name = "", ...more] = rest;
  assertName(name, more);
  const value = (letter: string, long: string): string | undefined => {
    const given = has.get(letter) ?? has.get(long);
    return typeof given === "string" ? given : undefined;
  };
  if (!(has.has("r") || has.has("system")) || !files.read("/etc/shadow")) throw notUnderstood("an account of a person");
  if (find(files, "passwd", name)) return NAME_IN_USE;
  const wantedGroup = value("g", "gid");
  const group = wantedGroup === undefined ? undefined : groupFor(files, wantedGroup);
  const groups = (value("G", "groups") ?? "").split(",").filter((one) => one !== "");
  if ((wantedGroup !== undefined && group === undefined) || groups.some((one) => !find(files, "group", one)))
    return NO_GROUP;
  if (wantedGroup === undefined && (has.has("N") || has.has("no-user-group"))) throw notUnderstood("useradd -N");
  if (wantedGroup === undefined && find(files, "group", name)) return NAME_IN_USE;
  const given = value("u", "uid");
  if (linesOf(files, "passwd").some((line) => line.split(":")[2] === given)) return ID_IN_USE;
  const uid = given === undefined ? freeId(files, "passwd", has) : Number(given);
  if (!Number.isInteger(uid)) throw notUnderstood("a number of an account");
  const gid = group ?? gidLike(files, uid, has);
  const home = value("d", "home-dir") ?? value("home", "home") ?? `/home/${name}`;
  const fields = [name, "x", uid, gid, value("c", "comment") ?? "", home, value("s", "shell") ?? usualShell(files)];
  if (fields.some((field) => /[:\n]/.test(String(field)))) throw notUnderstood("a colon in an account");
  add(files, "passwd", fields.join(":"));
  add(files, "shadow", `${name}:!!:${day}::::::`);
  if (group === undefined) addGroup(files, name, gid);
  if (groups.length > 0) addMember(files, name, groups);
  return 0;
}

/** A group of the user's own has its number, where that is free. */
function gidLike(files: RootFiles, uid: number, has: ReadonlyMap<string, string | true>): number {
  const isTaken = linesOf(files, "group").some((line) => line.split(":")[2] === String(uid));
  return isTaken ? freeId(files, "group", has) : uid;
}

function groupFor(files: RootFiles, wanted: string): number | undefined {
  const line = linesOf(files, "group").find((one) => {
    const [name, , gid] = one.split(":");
    return name === wanted || gid === wanted;
  });
  return line === undefined ? undefined : Number(line.split(":")[2]);
}

function usualShell(files: RootFiles): string {
  const text = Buffer.from(files.read("/etc/default/useradd") ?? new Uint8Array()).toString("latin1");
  return /^SHELL=(.*)$/m.exec(text)?.[1] ?? "/bin/sh";
}

/** The system's numbers are given from the top: below the lowest that is taken. */
function freeId(files: RootFiles, name: "passwd" | "group", has: ReadonlyMap<string, string | true>): number {
  if (!(has.has("r") || has.has("system"))) throw notUnderstood("a number for a person");
  const letter = name === "passwd" ? "U" : "G";
  const defs = linesOf(files, "login.defs").join("\n");
  const limit = (end: string, usual: number): number =>
    Number(new RegExp(`^SYS_${letter}ID_${end}\\s+(\\d+)`, "m").exec(defs)?.[1] ?? usual);
  const [from, to] = [limit("MIN", 201), limit("MAX", 999)];
  const own = linesOf(files, name).map((line) => Number(line.split(":")[2]));
  const lowest = Math.min(to + 1, ...own.filter((one) => one >= from && one <= to));
  for (let id = lowest - 1; id >= from; id--) if (!own.includes(id)) return id;
  throw notUnderstood("a number that is free");
}

function usermod({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["a", "append"], values: ["G", "groups"] });
  const [name = "", ...more] = rest;
  const groups = has.get("G") ?? has.get("groups");
  if (more.length > 0 || typeof groups !== "string" || !(has.has("a") || has.has("append")))
    throw notUnderstood("a form of usermod");
  const all = groups.split(",");
  if (!find(files, "passwd", name)) return NO_GROUP;
  if (all.some((one) => !find(files, "group", one))) return NO_GROUP;
  addMember(files, name, all);
  return 0;
}

function addMember(files: RootFiles, user: string, groups: readonly string[]): void {
  for (const name of ["group", "gshadow"] as const) {
    const before = linesOf(files, name);
    const after = before.map((line) => {
      const fields = line.split(":");
      const members = (fields[3] ?? "").split(",").filter((one) => one !== "");
      if (!groups.includes(fields[0] ?? "") || members.includes(user)) return line;
      return fields.with(3, [...members, user].join(",")).join(":");
    });
    if (after.some((line, at) => line !== before[at])) keep(files, name, after);
  }
}

/** Of passwd and group alone, one name or number at a time. */
function getent({
  words: [file = "", key = "", ...more],
  files,
}: Call): number | { readonly status: number; readonly output: string } {
  if ((file !== "passwd" && file !== "group") || key === "" || more.length > 0) throw notUnderstood("a form of getent");
  const line = linesOf(files, file).find((one) => {
    const [name, , number] = one.split(":");
    return name === key || (/^\d+$/.test(key) && number === key);
  });
  return line === undefined ? 2 : { status: 0, output: `${line}\n` };
}

function id({ words, files }: Call): number | { readonly status: number; readonly output: string } {
  const { has, rest } = optionsOf(words, { flags: ["u", "g", "n"], values: [] });
  const [user, ...more] = rest;
  if (user === undefined || more.length > 0 || has.has("n")) throw notUnderstood("a form of id");
  const fields = find(files, "passwd", user);
  if (!fields) return 1;
  const number = has.has("g") ? fields[3] : fields[2];
  // What it says of all groups nobody reads.
  return { status: 0, output: has.size === 0 ? "" : `${number}\n` };
}

function assertName(name: string, more: readonly string[]): void {
  if (!/^[A-Za-z_][\w.-]{0,31}\$?$/.test(name) || more.length > 0) throw notUnderstood("the name of an account");
}
