// usermod(8) -p, -L and -G: passwords in shadow(5), and further groups of users in group(5) and gshadow(5).
import { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe } from "../../core/recipe.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { readText } from "../effects/text-file.ts";
import { noSettings, type SettingsContext, type SettingsResult } from "./contract.ts";

const secondsPerDay = 86_400;

/** Throws PATH_MISSING where there are no accounts, or not the groups that are named. */
export function passwordFiles(accounts: Recipe["accounts"], context: SettingsContext): SettingsResult {
  const passwords = [
    ...(accounts.rootPassword === undefined ? [] : [{ name: "root", password: accounts.rootPassword }]),
    ...accounts.users.flatMap(({ name, password }) => (password === undefined ? [] : [{ name, password }])),
  ];
  const files = [
    ...(passwords.length > 0 ? shadowFiles(passwords, context) : []),
    ...groupFiles(accounts.users, context),
  ];
  return { ...noSettings, files };
}

interface Password {
  readonly name: string;
  /** `locked`, or a hash. */
  readonly password: string;
}

function shadowFiles(passwords: readonly Password[], context: SettingsContext): readonly GeneratedFile[] {
  const passwd = textOf(context, "etc/passwd");
  const lines = linesOf(readText(context, "etc/shadow") ?? lockedShadow(passwd, context));
  const day = String(Math.floor(context.epoch / secondsPerDay));
  for (const { name, password } of passwords) {
    if (!linesOf(passwd).some((line) => line.startsWith(`${name}:`))) {
      throw new DodaiError("PATH_MISSING", `Cannot set the password of "${name}": /etc/passwd has no such user`);
    }
    const at = lines.findIndex((line) => line.startsWith(`${name}:`));
    const fields = (lines[at] ?? `${name}:!:${day}:0:99999:7:::`).split(":");
    const [, before = ""] = fields;
    const made = fields.with(1, password === "locked" ? lockedWord(before) : password);
    const line = (password === "locked" ? made : made.with(2, day)).join(":");
    if (at < 0) lines.push(line);
    else lines[at] = line;
  }
  // The word in passwd(5) sends programs to shadow(5).
  const shadowed = linesOf(passwd).map((line) => {
    const isMeant = passwords.some(({ name }) => line.startsWith(`${name}:`));
    return isMeant ? line.split(":").with(1, "x").join(":") : line;
  });
  const files = [fileOf(context, "etc/shadow", { lines, mode: context.format === "rpm" ? 0 : 0o640 })];
  return shadowed.join("\n") === linesOf(passwd).join("\n")
    ? files
    : [fileOf(context, "etc/passwd", { lines: shadowed, mode: 0o644 }), ...files];
}

/** As `usermod -L`: what it was can be had again. */
const lockedWord = (before: string): string => (before.startsWith("!") ? before : `!${before}`);

/** As pwconv(8), for accounts that have no password yet. */
function lockedShadow(passwd: string, { epoch }: SettingsContext): string {
  const day = Math.floor(epoch / secondsPerDay);
  return linesOf(passwd)
    .map((line) => `${line.slice(0, line.indexOf(":"))}:*:${day}:0:99999:7:::\n`)
    .join("");
}

function groupFiles(users: Recipe["accounts"]["users"], context: SettingsContext): readonly GeneratedFile[] {
  const wanted = users.flatMap(({ name, groups = [] }) => groups.map((group) => ({ name, group })));
  if (wanted.length === 0) return [];
  const group = linesOf(textOf(context, "etc/group"));
  for (const one of wanted) {
    if (group.some((line) => line.startsWith(`${one.group}:`))) continue;
    throw new DodaiError(
      "PATH_MISSING",
      `Cannot put "${one.name}" into the group "${one.group}": /etc/group has no such group`,
      {
        fix: 'Name it under "groups", or add the package that makes it.',
      },
    );
  }
  const withMembers = (lines: readonly string[]): readonly string[] => lines.map((line) => withMembersOf(line, wanted));
  const gshadow = readText(context, "etc/gshadow");
  return [
    fileOf(context, "etc/group", { lines: withMembers(group), mode: 0o644 }),
    ...(gshadow === undefined
      ? []
      : [fileOf(context, "etc/gshadow", { lines: withMembers(linesOf(gshadow)), mode: 0o640 })]),
  ];
}

/** Both files have the members last, with commas between them. */
function withMembersOf(line: string, wanted: readonly { readonly name: string; readonly group: string }[]): string {
  const fields = line.split(":");
  const names = wanted.filter(({ group }) => group === fields[0]).map(({ name }) => name);
  const members = (fields[3] ?? "").split(",").filter((one) => one !== "");
  return names.length === 0 ? line : fields.with(3, [...new Set([...members, ...names])].join(",")).join(":");
}

function fileOf(
  { tree }: SettingsContext,
  path: string,
  { lines, mode }: { readonly lines: readonly string[]; readonly mode: number },
): GeneratedFile {
  const before = tree.get(path)?.entry;
  const owner = before ? { mode: before.mode, uid: before.uid, gid: before.gid } : { mode };
  return { kind: "file", path, ...owner, bytes: Buffer.from(lines.map((line) => `${line}\n`).join("")) };
}

function textOf(context: SettingsContext, path: string): string {
  const text = readText(context, path);
  if (text !== undefined) return text;
  throw new DodaiError("PATH_MISSING", `Cannot set passwords or groups of users: the image has no /${path}`, {
    fix: "Add a package that brings it, or name users in the recipe.",
  });
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");
