// Who is in the image: rootpw, user, group, sshkey.
import type { Recipe, RecipeGroup, RecipeUser } from "../../core/recipe.ts";
import { parseAbsolutePath, parseAccountName, parseComment, parsePassword } from "../native/values.ts";
import { checkedValue } from "./checked.ts";
import { hashPassword } from "./crypt.ts";
import type { Faults } from "./faults.ts";
import { has, lastOf, listOf, type Options, type Value } from "./options.ts";
import type { Command } from "./statements.ts";

export interface FoundAccounts {
  readonly accounts: Recipe["accounts"];
  /** Keys that may log in. */
  readonly files: Recipe["files"];
}

/** Where shadow's login.defs start to count. */
const firstId = 1000;

export function readAccounts(commands: readonly Command[], faults: Faults): FoundAccounts {
  const named = (name: string): readonly Command[] => commands.filter((one) => one.name === name);
  const rootPassword = named("rootpw")
    .map(({ options }) => readRootPassword(options, faults))
    .findLast((one) => one !== undefined);
  for (const [kind, id] of [
    ["user", "uid"],
    ["group", "gid"],
  ] as const) {
    refuseTwins(named(kind), "name", faults);
    refuseTwins(named(kind), id, faults);
  }
  const asked = named("group").flatMap(({ options }) => readGroup(options, faults));
  const ids = startIds([...named("user"), ...named("group")]);
  const groups = asked.map(({ name, gid }): RecipeGroup => ({ name, gid: gid ?? ids.nextGid(), members: [] }));
  const users: RecipeUser[] = [];
  for (const { options } of named("user")) {
    const user = readUser(options, { ids, groups, faults });
    if (user) users.push(user);
  }
  const files = named("sshkey").flatMap(({ options }) => readKey(options, users, faults));
  return { accounts: { users, groups, ...(rootPassword === undefined ? {} : { rootPassword }) }, files: joined(files) };
}

/** Two commands with one name or number are no two accounts. */
function refuseTwins(commands: readonly Command[], option: string, faults: Faults): void {
  const seen = new Map<string, Value>();
  for (const { name, options } of commands) {
    const value = lastOf(options, option);
    const before = value && seen.get(value.text);
    if (before) {
      const { file, line } = before.position;
      faults.broken(
        value.position,
        `Cannot use --${option} "${value.text}": another ${name} has it at ${file}:${line}`,
      );
    } else if (value) seen.set(value.text, value);
  }
}

interface Ids {
  nextUid(): number;
  nextGid(): number;
}

/** Numbers that no command names, in order. */
function startIds(commands: readonly Command[]): Ids {
  const taken = (option: string): Set<number> =>
    new Set(commands.map(({ options }) => Number(lastOf(options, option)?.text ?? Number.NaN)));
  const next = (used: Set<number>) => (): number => {
    let id = firstId;
    while (used.has(id)) id++;
    used.add(id);
    return id;
  };
  return { nextUid: next(taken("uid")), nextGid: next(taken("gid")) };
}

function readRootPassword(options: Options, faults: Faults): string | undefined {
  const [word] = options.words;
  if (has(options, "allow-ssh")) faults.warn(options.position, "--allow-ssh of rootpw has no effect");
  if (has(options, "lock")) return "locked";
  if (word) return passwordOf("root", word, { options, faults });
  faults.broken(
    options.position,
    "Cannot read rootpw: it has no password",
    'To let nobody log in as root, write "rootpw --lock".',
  );
  return undefined;
}

/** A hash, as shadow(5) has it. */
function passwordOf(
  account: string,
  { text, position }: Value,
  { options, faults }: { options: Options; faults: Faults },
): string {
  if (!has(options, "iscrypted")) {
    faults.warn(
      position,
      `the password of ${account} is in plain text: whoever reads the kickstart or the image can find it out. Write its hash with --iscrypted, or --lock`,
    );
    return hashPassword(text, account);
  }
  if (isHash(text)) return text;
  faults.warn(position, `"${text}" is no hash of a password: ${account} is locked`);
  return "locked";
}

function isHash(text: string): boolean {
  try {
    parsePassword(text);
    return true;
  } catch {
    return false;
  }
}

function readGroup(
  options: Options,
  faults: Faults,
): readonly { readonly name: string; readonly gid: number | undefined }[] {
  const name = lastOf(options, "name");
  if (!name || checkedValue(name, parseAccountName, faults) === undefined) return [];
  return [{ name: name.text, gid: idOf(options, "gid", faults) }];
}

/** 32 bits, of which the last value means "no change" to chown(2). */
function idOf(options: Options, name: string, faults: Faults): number | undefined {
  const value = lastOf(options, name);
  if (!value) return undefined;
  const id = Number(value.text);
  if (id >= 0 && id < 0xffffffff) return id;
  faults.broken(value.position, `Cannot use "${value.text}": it is no number of a user or group`);
  return undefined;
}

interface ReadUser {
  readonly ids: Ids;
  /** Those of the file; what a user brings is added. */
  readonly groups: RecipeGroup[];
  readonly faults: Faults;
}

function readUser(options: Options, { ids, groups, faults }: ReadUser): RecipeUser | undefined {
  const name = lastOf(options, "name");
  if (!name || checkedValue(name, parseAccountName, faults) === undefined) return undefined;
  const uid = idOf(options, "uid", faults) ?? ids.nextUid();
  const gid = idOf(options, "gid", faults) ?? ownGroup(name.text, uid, groups);
  const password = lastOf(options, "password");
  const others = listOf(options, "groups").flatMap((one) => readMembership(one, groups, faults));
  const text = (option: string, parse: (text: string) => string, otherwise: string): string => {
    const value = lastOf(options, option);
    return (value && checkedValue(value, parse, faults)) ?? otherwise;
  };
  return {
    name: name.text,
    uid,
    gid,
    home: text("homedir", parseAbsolutePath, `/home/${name.text}`),
    shell: text("shell", parseAbsolutePath, "/bin/bash"),
    comment: text("gecos", parseComment, ""),
    ...(has(options, "lock")
      ? { password: "locked" }
      : password
        ? { password: passwordOf(name.text, password, { options, faults }) }
        : {}),
    ...(others.length === 0 ? {} : { groups: others }),
  };
}

/** A user without a group gets one of the same name and number. */
function ownGroup(name: string, uid: number, groups: RecipeGroup[]): number {
  const own = groups.find((group) => group.name === name);
  if (own) return own.gid;
  const isTaken = groups.some(({ gid }) => gid === uid);
  const gid = isTaken ? Math.max(firstId, ...groups.map((one) => one.gid)) + 1 : uid;
  groups.push({ name, gid, members: [] });
  return gid;
}

/** `wheel`, or `NAME(NUMBER)` for one that is made. */
function readMembership({ text, position }: Value, groups: RecipeGroup[], faults: Faults): readonly string[] {
  const [, name = "", number] = /^([^()]*)(?:\((\d+)\))?$/.exec(text) ?? [];
  if (checkedValue({ text: name, position }, parseAccountName, faults) === undefined) return [];
  if (number !== undefined && !groups.some((group) => group.name === name)) {
    groups.push({ name, gid: Number(number), members: [] });
  }
  return [name];
}

/** sshkey: a line of ~/.ssh/authorized_keys. */
function readKey(options: Options, users: readonly RecipeUser[], faults: Faults): Recipe["files"] {
  const name = lastOf(options, "username");
  const [key] = options.words;
  if (!name || !key) return [];
  const user = name.text === "root" ? { home: "/root", uid: 0, gid: 0 } : users.find((one) => one.name === name.text);
  if (!user) {
    faults.broken(name.position, `Cannot use "${name.text}": no user command makes this user`);
    return [];
  }
  const { uid, gid } = user;
  const folder = `${user.home.replace(/^\/+|\/+$/g, "")}/.ssh`;
  return [
    { kind: "directory", path: folder, mode: 0o700, uid, gid },
    { kind: "file", path: `${folder}/authorized_keys`, mode: 0o600, uid, gid, content: `${key.text}\n` },
  ];
}

/** Each path once, with what every entry has to say. */
function joined(files: Recipe["files"]): Recipe["files"] {
  const byPath = new Map<string, Recipe["files"][number]>();
  for (const file of files) {
    const before = byPath.get(file.path);
    if (before?.kind === "file" && file.kind === "file") {
      byPath.set(file.path, { ...before, content: before.content + file.content });
    } else if (!before) byPath.set(file.path, file);
  }
  return [...byPath.values()];
}
