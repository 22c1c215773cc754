// apk-tools' own solver tests: a command, repositories, what is installed, and what apk says that it would do.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apk } from "../../src/packages/apk/format.ts";
import { memoryIndex } from "../../src/packages/apk/index.ts";
import { parseRecord } from "../../src/packages/apk/record.ts";
import { readDependency } from "../../src/packages/apk/relation.ts";
import type { PackageRecord } from "../../src/packages/contract.ts";
import { chooseAsApk, hasFaults, type WorldEntry } from "../../src/solver/policy-apk.ts";
import { type ApkChange, type ApkChanges, orderChanges } from "../../src/solver/policy-apk-changes.ts";
import type { ApkOptions } from "../../src/solver/policy-apk-discover.ts";
import {
  ApkNames,
  type ApkPackage,
  FLAG_AVAILABLE,
  FLAG_LATEST,
  FLAG_REINSTALL,
  FLAG_REMOVE,
  FLAG_UPGRADE,
  type InstalledApk,
} from "../../src/solver/policy-apk-names.ts";
import type { OfferedRepository, Problem } from "../../src/solver/problem.ts";

export interface ApkCase {
  readonly args: readonly string[];
  readonly world: readonly string[];
  readonly repositories: readonly { readonly tag: string; readonly text: string }[];
  readonly installed: string;
  readonly expected: readonly string[];
}

const place = { folder: "", architecture: "x86_64" };

/** To apk a package is its checksum, of which the last letter says two bits more: some of these files have two alike. */
function distinctTexts(texts: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  return texts.map((text) =>
    text
      .split(/\n\n+/)
      .filter((stanza) => {
        const key = Buffer.from(/^C:Q1(.*)$/m.exec(stanza)?.[1] ?? "", "base64").toString("hex");
        const what = `${/^P:.*$/m.exec(stanza)?.[0]} ${/^V:.*$/m.exec(stanza)?.[0]}`;
        if (seen.has(key) && seen.get(key) !== what) return false;
        seen.set(key, what);
        return true;
      })
      .join("\n\n"),
  );
}

export function readApkCase(file: string): ApkCase {
  const read = (name: string): string => readFileSync(join(dirname(file), name), "utf8");
  const [head = "", expected = ""] = readFileSync(file, "utf8").split(/^@EXPECT\n/m);
  const lines = head.split("\n").map((line) => line.split(" "));
  const of = (key: string): readonly (readonly string[])[] =>
    lines.filter(([first]) => first === key).map((words) => words.slice(1).filter((word) => word !== ""));
  const listed = [
    ...of("@REPO").map((words) => ({
      tag: words.length > 1 ? (words[0]?.slice(1) ?? "") : "",
      name: words.at(-1) ?? "",
    })),
    ...of("@CACHE").map(([name = ""]) => ({ tag: "", name })),
  ];
  const texts = distinctTexts(listed.map(({ name }) => read(name)));
  return {
    args: of("@ARGS").flat(),
    world: of("@WORLD").flat(),
    repositories: listed.map(({ tag }, at) => ({ tag, text: texts[at] ?? "" })),
    installed: of("@INSTALLED")
      .map(([name = ""]) => read(name))
      .join("\n"),
    expected: expected.split("\n").filter((line) => line !== ""),
  };
}

interface Command {
  world: string[];
  options: ApkOptions;
  /** `undefined` where apk itself has nothing to do. */
  isNothing: boolean;
  virtual: string | undefined;
  refusal: string | undefined;
}

/** What apk would do, as it says it: a line for each change, then OK; or ERROR. */
export function runApkCase(one: ApkCase): readonly string[] {
  const installed = readInstalled(one.installed);
  const command = commandOf(one, installed);
  if (command.refusal !== undefined) return ["ERROR"];
  if (command.isNothing) return [];
  const isMasked = one.args.includes("--no-network") && !one.args.includes("--root-tmpfs=yes");
  const repositories = one.repositories.map(({ tag, text }, at): OfferedRepository => {
    const index = memoryIndex(Buffer.from(text), place);
    const masked = (record: PackageRecord): PackageRecord =>
      isMasked && !installed.some((other) => other.record.digest === record.digest)
        ? { ...record, uninstallable: "no network" }
        : record;
    const memory = new Map<PackageRecord, PackageRecord>();
    const once = (record: PackageRecord): PackageRecord => {
      const known = memory.get(record) ?? masked(record);
      memory.set(record, known);
      return known;
    };
    return {
      name: String(at),
      priority: 500,
      index: {
        ...index,
        named: (name) => index.named(name).map(once),
        providing: (name) => index.providing(name).map(once),
        conditional: (name) => (index.conditional?.(name) ?? []).map(once),
      },
      ...(tag === "" ? {} : { tag }),
    };
  });
  if (command.virtual !== undefined) {
    repositories.push({ name: "virtual", priority: 500, index: memoryIndex(Buffer.from(command.virtual), place) });
  }
  const problem: Problem = {
    format: apk,
    architecture: "x86_64",
    repositories,
    requests: [],
    options: { recommends: false, essential: false, priorities: [] },
  };
  const isForced = one.args.includes("--force-broken-world");
  return solveWorld(problem, { world: command.world, installed, options: command.options, isForced });
}

interface Solving {
  readonly world: readonly string[];
  readonly installed: readonly InstalledApk[];
  readonly options: ApkOptions;
  readonly isForced: boolean;
}

function solveWorld(problem: Problem, solving: Solving): readonly string[] {
  const names = new ApkNames(problem, solving.installed);
  const sorted = [...solving.world].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const world = sorted.map((text): WorldEntry => {
    const { requirement, refused } = dependencyOf(text);
    return { dependency: names.dependency(requirement, refused), tag: requirement.tag ?? "" };
  });
  const faults = chooseAsApk(names, world, solving.options);
  const present = solving.installed.flatMap(({ record }) =>
    names
      .name(record.name)
      .providers.filter(({ pkg }) => pkg.record.digest === record.digest && pkg.name.name === record.name)
      .slice(0, 1)
      .map(({ pkg }) => pkg),
  );
  const ordered = orderChanges(names, world, present);
  const failed = hasFaults(faults) || ordered.unmet.length > 0;
  if (failed && solving.isForced) {
    const good = world.filter(({ dependency: { name } }) => name.chosen !== undefined && !name.chosen.pkg.hasError);
    const texts = sorted.filter((_, at) => good.includes(world[at] as WorldEntry));
    return solveWorld(problem, { ...solving, world: texts, isForced: false });
  }
  return failed ? ["ERROR"] : tell(ordered, problem);
}

function tell({ changes }: ApkChanges, problem: Problem): readonly string[] {
  const tags = ["", ...new Set(problem.repositories.flatMap(({ tag }) => tag ?? []))];
  const tagOf = (pkg: ApkPackage): string =>
    tags.find(
      (tag) =>
        pkg.allowedTags.has(tag) &&
        (pkg.repositories.some((at) => (problem.repositories[at]?.tag ?? "") === tag) || pkg.installedTag === tag),
    ) ?? "";
  const lines = changes.flatMap((change) => lineOf(change, tagOf));
  const count = changes.filter(({ after }) => after).length;
  return [...lines.map((line, at) => `(${at + 1}/${lines.length}) ${line}`), `OK in ${count} packages`];
}

function lineOf({ before, after }: ApkChange, tagOf: (pkg: ApkPackage) => string): readonly string[] {
  const tag = after ? tagOf(after) : "";
  const name = `${(after ?? before)?.record.name}${tag === "" ? "" : `@${tag}`}`;
  const [old, now] = [before?.record.version, after?.record.version];
  if (before === undefined) return [`Installing ${name} (${now})`];
  if (after === undefined) return [`Purging ${name} (${old})`];
  if (before === after) {
    if ((after.flags & FLAG_REINSTALL) !== 0) return [`Reinstalling ${name} (${now})`];
    return tag === before.installedTag ? [] : [`Updating pinning ${name} (${now})`];
  }
  const order = apk.compareVersions(now ?? "", old ?? "");
  return [`${order > 0 ? "Upgrading" : order < 0 ? "Downgrading" : "Replacing"} ${name} (${old} -> ${now})`];
}

function readInstalled(text: string): readonly InstalledApk[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const lines = stanza.split("\n").filter((line) => line !== "");
    if (lines.length === 0) return [];
    const tag = lines.find((line) => line.startsWith("s:"))?.slice(2) ?? "";
    return [{ record: parseRecord(lines.filter((line) => /^[CPVASIDpikr]:/.test(line)).join("\n"), place), tag }];
  });
}

function commandOf({ args, world, repositories }: ApkCase, installed: readonly InstalledApk[]): Command {
  const has = (...flags: readonly string[]): boolean => args.some((arg) => flags.includes(arg));
  const words: string[] = [];
  let virtualName: string | undefined;
  const preupgrade: string[] = ["apk-tools"];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "-t") virtualName = args[++at];
    else if (arg === "--preupgrade-depends") preupgrade.push(args[++at] ?? "");
    else if (!arg.startsWith("-")) words.push(arg);
  }
  const [verb, ...names] = words;
  const command: Command = { world: [...world], options: {}, isNothing: false, virtual: undefined, refusal: undefined };
  const wanted = verb === "fix" || verb === "upgrade" || verb === "del" ? [] : [...names, virtualName ?? "x"];
  command.refusal = wanted.find((text) => !isDependency(text) || (text === virtualName && /[<>~]/.test(text)));
  if (command.refusal !== undefined) return command;
  const nameFlags = new Map<string, { own: number; inherited: number }>();
  const flag = (name: string, own: number, inherited: number): void => void nameFlags.set(name, { own, inherited });
  if (verb === "add") {
    const flags = (has("-u", "--upgrade") ? FLAG_UPGRADE : 0) | (has("-l", "--latest") ? FLAG_LATEST : 0);
    if (virtualName === undefined)
      command.world = [...world.filter((one) => !names.some((name) => nameOf(name) === nameOf(one))), ...names];
    else {
      command.world.push(virtualName);
      const [name, version = "0"] = virtualName.split("=");
      command.virtual = `C:Q1${"A".repeat(27)}=\nP:${name}\nV:${version}\nS:0\nI:0\nD:${names.join(" ")}\n`;
    }
    for (const text of virtualName === undefined ? names : [virtualName]) flag(nameOf(text), flags, flags);
  }
  if (verb === "del") {
    command.world = world.filter((one) => !names.includes(nameOf(one)));
    for (const name of names) if (installed.some(({ record }) => record.name === name)) flag(name, FLAG_REMOVE, 0);
  }
  if (verb === "fix") {
    const own = has("-u", "--upgrade") ? FLAG_UPGRADE : FLAG_REINSTALL;
    for (const name of names) flag(name, own, has("-d", "--depends") ? own : 0);
  }
  let flags = 0;
  let isPreupgrade = false;
  if (verb === "upgrade") {
    const extra = (has("-a", "--available") ? FLAG_AVAILABLE : 0) | (has("-l", "--latest") ? FLAG_LATEST : 0);
    flags = FLAG_UPGRADE | extra;
    if (names.length > 0) flags = extra;
    for (const name of names) flag(name, FLAG_UPGRADE, 0);
    if (has("--self-upgrade-only", "--preupgrade-only")) {
      const refused = new Set(preupgrade.filter((one) => one.startsWith("!")).map((one) => one.slice(1)));
      const chosen = preupgrade.filter(
        (one) => !one.startsWith("!") && !refused.has(nameOf(one)) && isUpgradable(one, installed, repositories),
      );
      for (const one of chosen) flag(nameOf(one), FLAG_UPGRADE, 0);
      command.isNothing = chosen.length === 0;
      flags = 0;
      isPreupgrade = true;
    }
  }
  command.options = { flags, nameFlags, isPreupgrade };
  return command;
}

function isUpgradable(
  text: string,
  installed: readonly InstalledApk[],
  repositories: ApkCase["repositories"],
): boolean {
  const { requirement } = dependencyOf(text);
  const own = installed.find(({ record }) => record.name === requirement.name)?.record;
  if (own === undefined || !apk.satisfies(own, requirement, "x86_64")) return false;
  return repositories.some((one) =>
    memoryIndex(Buffer.from(one.text), place)
      .named(own.name)
      .some(({ version }) => apk.compareVersions(version, own.version) > 0),
  );
}

function isDependency(text: string): boolean {
  try {
    apk.parseRequest(text.replace(/^!/, ""));
    return true;
  } catch {
    return false;
  }
}

function dependencyOf(text: string): Exclude<ReturnType<typeof readDependency>, string> {
  const found = readDependency(text);
  if (typeof found === "string") throw new Error(found);
  return found;
}

const nameOf = (text: string): string => dependencyOf(text).requirement.name;

/** Lines of apk's answer that say what it does. */
export function changesIn(expected: readonly string[]): readonly string[] {
  if (expected.some((line) => line.startsWith("ERROR"))) return ["ERROR"];
  return expected.flatMap((line) => {
    const [, count] = /^OK: .*?(\d+) packages/.exec(line) ?? [];
    if (count !== undefined) return [`OK in ${count} packages`];
    return /^\(\d+\/\d+\) /.test(line) ? [line] : [];
  });
}
