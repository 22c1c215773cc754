// Programs that change files (coreutils), with the options that packages' scripts give them. As root in a root file system without
// SELinux: what would set labels changes nothing.
import type { Entry } from "../../archive/entry.ts";
import { asName } from "./expand.ts";
import type { RootFiles } from "./root-files.ts";
import type { Call, Program } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

export const filePrograms: ReadonlyMap<string, Program> = new Map<string, Program>([
  ["mkdir", named(mkdir)],
  ["rmdir", named(rmdir)],
  ["touch", named(touch)],
  ["chmod", named(chmod)],
  ["chown", named(chown)],
  ["chgrp", named((call) => changeOwner(call, (group) => ({ gid: accountId(group, "group", call.files) })))],
  ["ln", named(ln)],
  ["sln", named(sln)],
  ["rm", named(rm)],
  ["mv", named(mv)],
  ["cp", named(cp)],
  ["install", named(install)],
]);

/** Words of scripts are bytes; paths are names. */
function named(program: (call: Call) => number): Program {
  return (call) => program({ ...call, words: call.words.map(asName) });
}

function mkdir({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["p", "parents"], values: ["m", "mode"] });
  const mode = modeOf(has.get("m") ?? has.get("mode"));
  const isDeep = has.has("p") || has.has("parents");
  return worst(rest, (path) => {
    if (isDeep) {
      if (files.stat(path)?.kind === "directory") return true;
      const parts = path.split("/").filter((part) => part !== "");
      for (let count = 1; count < parts.length; count++) {
        const above = `/${parts.slice(0, count).join("/")}`;
        if (files.stat(above) === undefined) files.makeFolder(above);
      }
    }
    return files.makeFolder(path) && (mode === undefined || files.change(path, { mode }));
  });
}

function rmdir({ words, files }: Call): number {
  return worst(optionsOf(words, { flags: ["ignore-fail-on-non-empty"], values: [] }).rest, (path) => {
    if (files.stat(path, "link")?.kind !== "directory" || files.names(path).length > 0) return false;
    files.remove(path);
    return true;
  });
}

function touch({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["c", "no-create"], values: [] });
  return worst(rest, (path) => {
    const entry = files.stat(path);
    if (entry) return files.change(path, {});
    return has.size > 0 || files.write(path, new Uint8Array());
  });
}

function chmod({ words, files }: Call): number {
  const { rest } = optionsOf(words, { flags: ["f"], values: [] });
  const [wanted, ...paths] = rest;
  return worst(paths, (path) => {
    const entry = files.stat(path);
    return entry !== undefined && files.change(path, { mode: modeOf(wanted, entry) ?? entry.mode });
  });
}

function chown(call: Call): number {
  return changeOwner(call, (owner) => {
    const [, user = "", group] = /^([^:.]*)(?:[:.](.*))?$/.exec(owner) ?? [];
    return {
      ...(user === "" ? {} : { uid: accountId(user, "passwd", call.files) }),
      ...(group === undefined || group === "" ? {} : { gid: accountId(group, "group", call.files) }),
    };
  });
}

function changeOwner({ words, files }: Call, read: (owner: string) => Partial<Pick<Entry, "uid" | "gid">>): number {
  const { has, rest } = optionsOf(words, { flags: ["R", "h", "f"], values: [] });
  if (has.has("h")) throw notUnderstood("the owner of a link");
  const [owner = "", ...paths] = rest;
  const change = read(owner);
  const below = (path: string): readonly string[] => {
    if (files.stat(path, "link")?.kind !== "directory") return [];
    return files.names(path).flatMap((name) => [`${path}/${name}`, ...below(`${path}/${name}`)]);
  };
  return worst(paths, (path) => {
    const all = has.has("R") ? [path, ...below(path)] : [path];
    return all.every((one) => files.stat(one, "link")?.kind === "symlink" || files.change(one, change));
  });
}

/** The number of an account. An account that is not there is a failure of the script, which dodai leaves alone. */
export function accountId(name: string, file: "passwd" | "group", files: RootFiles): number {
  if (/^\d+$/.test(name)) return Number(name);
  const text = Buffer.from(files.read(`/etc/${file}`) ?? new Uint8Array()).toString("latin1");
  const line = text.split("\n").find((one) => one.startsWith(`${name}:`));
  const [, , id = ""] = line?.split(":") ?? [];
  if (!/^\d+$/.test(id)) throw notUnderstood(`the account ${name}`);
  return Number(id);
}

/** `755`, and letters for entries that are there: `u+s`, `g-w`, `a+rx`. */
export function modeOf(text: string | true | undefined, entry?: Entry): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text === "string" && /^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  const [, who = "", sign = "", letters = ""] = /^([ugoa]+)([-+])([rwxs]+)$/.exec(String(text)) ?? [];
  if (who === "" || !entry) throw notUnderstood(`the mode ${text}`);
  let bits = 0;
  for (const one of who === "a" ? "ugo" : who) {
    const shift = { u: 6, g: 3, o: 0 }[one] ?? 0;
    for (const letter of letters) {
      if (letter === "s") bits |= { u: 0o4000, g: 0o2000 }[one] ?? 0;
      else bits |= ({ r: 4, w: 2, x: 1 }[letter] ?? 0) << shift;
    }
  }
  return sign === "+" ? entry.mode | bits : entry.mode & ~bits;
}

function ln({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["s", "f", "n", "r", "T", "symbolic", "force"], values: [] });
  const [target = "", path = "", ...more] = rest;
  if (!(has.has("s") || has.has("symbolic")) || has.has("r") || more.length > 0 || path === "")
    throw notUnderstood("a form of ln");
  const isFolder = files.stat(path, has.has("n") || has.has("T") ? "link" : undefined)?.kind === "directory";
  if (isFolder && has.has("T")) return 1;
  return makeLink(isFolder ? `${path}/${baseOf(target)}` : path, target, files, has.has("f") || has.has("force"))
    ? 0
    : 1;
}

/** glibc's: always new, always symbolic here. */
function sln({ words: [target = "", path = "", ...more], files }: Call): number {
  if (more.length > 0 || path === "") throw notUnderstood("a form of sln");
  return makeLink(path, target, files, true) ? 0 : 1;
}

function makeLink(path: string, target: string, files: RootFiles, isForced: boolean): boolean {
  const there = files.stat(path, "link");
  if (there?.kind === "directory" || (there && !isForced)) return false;
  if (there) files.remove(path);
  return files.makeLink(path, target);
}

function rm({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["r", "R", "f", "recursive", "force"], values: [] });
  const isDeep = has.has("r") || has.has("R") || has.has("recursive");
  return worst(rest, (path) => {
    const entry = files.stat(path, "link");
    if (!entry) return has.has("f") || has.has("force");
    if (entry.kind === "directory" && !isDeep) return false;
    files.remove(path);
    return true;
  });
}

function mv({ words, files }: Call): number {
  const { rest } = optionsOf(words, { flags: ["f"], values: [] });
  const [from = "", to = "", ...more] = rest;
  if (more.length > 0 || to === "") throw notUnderstood("a form of mv");
  if (!files.stat(from, "link")) return 1;
  const target = files.stat(to)?.kind === "directory" ? `${to}/${baseOf(from)}` : to;
  if (files.stat(target, "link")?.kind === "directory") throw notUnderstood("mv onto a folder");
  files.remove(target);
  files.rename(from, target);
  return files.stat(target, "link") ? 0 : 1;
}

function cp({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["f", "p", "a"], values: [] });
  const [from = "", to = "", ...more] = rest;
  if (more.length > 0 || to === "") throw notUnderstood("a form of cp");
  const entry = files.stat(from);
  if (entry === undefined) return 1;
  const target = files.stat(to)?.kind === "directory" ? `${to}/${baseOf(from)}` : to;
  // A copy that keeps its time would not have the build's.
  if (entry.kind !== "file" || has.has("p") || has.has("a")) throw notUnderstood("a form of cp");
  const isNew = files.stat(target) === undefined;
  if (!files.write(target, files.read(from) ?? new Uint8Array())) return 1;
  if (isNew) files.change(target, { mode: entry.mode & ~0o7022 });
  return 0;
}

function install({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["d", "D", "p"], values: ["m", "o", "g"] });
  const mode = modeOf(has.get("m")) ?? 0o755;
  const [user, group] = [has.get("o"), has.get("g")];
  const change = {
    mode,
    ...(typeof user === "string" ? { uid: accountId(user, "passwd", files) } : {}),
    ...(typeof group === "string" ? { gid: accountId(group, "group", files) } : {}),
  };
  if (has.has("d")) {
    return worst(rest, (path) => {
      const parents = { name: "mkdir", words: ["-p", path], input: "", files, environment: new Map() };
      return mkdir(parents) === 0 && files.change(path, change);
    });
  }
  const [from = "", to = "", ...more] = rest;
  if (more.length > 0 || to === "" || has.has("D")) throw notUnderstood("a form of install");
  const bytes = from === "/dev/null" ? new Uint8Array() : files.read(from);
  if (bytes === undefined || has.has("p")) throw notUnderstood("a form of install");
  const target = files.stat(to)?.kind === "directory" ? `${to}/${baseOf(from)}` : to;
  files.remove(target);
  return files.write(target, bytes) && files.change(target, change) ? 0 : 1;
}

const baseOf = (path: string): string => path.replace(/\/+$/, "").replace(/^.*\//s, "");

/** Every path is tried; 1 when one failed. */
function worst(paths: readonly string[], does: (path: string) => boolean): number {
  return paths.map(does).includes(false) ? 1 : 0;
}
