// passwd(5) and group(5): base-passwd's master files when it is there, and the accounts of variant and recipe. Users of the
// recipe get their home folder.
import { comparePaths } from "../../core/path-order.ts";
import type { RecipeGroup, RecipeUser } from "../../core/recipe.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

export const accounts: Effect = {
  name: "accounts",
  summary: "writes /etc/passwd and /etc/group, which base-passwd copies and adduser extends",
  covers: [{ package: "base-passwd", scripts: ["preinst", "postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const { users, groups } = context;
  const passwd = readText(context, "etc/passwd") ?? readText(context, "usr/share/base-passwd/passwd.master");
  const group = readText(context, "etc/group") ?? readText(context, "usr/share/base-passwd/group.master");
  if (users.length === 0 && groups.length === 0 && passwd === undefined) return { files: [], removed: [] };
  const written = [
    ["etc/passwd", merged(passwd ?? "", users.map(formatUser))],
    ["etc/group", merged(group ?? "", [...groups, ...ownGroups(users, groups, group ?? "")].map(formatGroup))],
  ] as const;
  // A file that a package holds stays as it is when nobody is added to it.
  const files = written
    .filter(([path, text]) => readText(context, path) !== text)
    .map(([path, text]) => textFile(path, text));
  return { files: [...files, ...homesOf(context)], removed: [] };
}

/** Lines by the name before their first colon: a later one takes the place of an earlier. */
function merged(text: string, lines: readonly string[]): string {
  const byName = new Map<string, string>();
  for (const line of [...text.split("\n"), ...lines]) {
    if (line !== "") byName.set(line.slice(0, line.indexOf(":")), line);
  }
  return [...byName.values()].map((line) => `${line}\n`).join("");
}

function formatUser({ name, uid, gid, comment, home, shell }: RecipeUser): string {
  return [name, "x", uid, gid, comment, home, shell].join(":");
}

function formatGroup({ name, gid, members }: RecipeGroup): string {
  return [name, "x", gid, members.join(",")].join(":");
}

/** A user whose group nobody names has one of its own name, as adduser(8) does it. */
function ownGroups(users: readonly RecipeUser[], groups: readonly RecipeGroup[], text: string): readonly RecipeGroup[] {
  const known = new Set([
    ...groups.map(({ gid }) => gid),
    ...text.split("\n").map((line) => Number(line.split(":")[2] ?? Number.NaN)),
  ]);
  return users.filter(({ gid }) => !known.has(gid)).map(({ name, gid }) => ({ name, gid, members: [] }));
}

/** Homes that are not there yet, for users that are not the system's; deeper ones after those above them. */
function homesOf({ users, tree }: EffectContext): readonly GeneratedFile[] {
  return users
    .filter(({ uid, home }) => uid !== 0 && home.startsWith("/") && home !== "/" && home !== "/nonexistent")
    .map(
      ({ uid, gid, home }): GeneratedFile => ({
        kind: "directory",
        path: home.replace(/^\/+|\/+$/g, ""),
        mode: 0o700,
        uid,
        gid,
      }),
    )
    .filter(({ path }) => !tree.has(path))
    .sort((a, b) => comparePaths(a.path, b.path));
}
