// Accounts as apko makes them: the recipe's users and groups behind those that packages brought, each user locked in
// /etc/shadow, and a home for everyone whose home is not there.
import { DodaiError } from "../../core/dodai-error.ts";
import { comparePaths } from "../../core/path-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { resolvePath } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText } from "./text-file.ts";

export const accountsApko: Effect = {
  name: "accounts-apko",
  summary: "adds the recipe's users and groups, and makes homes that are missing, as apko does",
  covers: [],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const { users, groups } = context;
  const passwd = added(context, "etc/passwd", {
    mode: 0o644,
    lines: users.map(({ name, uid, gid, comment, home, shell }) => [name, "x", uid, gid, comment, home, shell]),
  });
  const group = added(context, "etc/group", {
    mode: 0o644,
    lines: groups.map(({ name, gid, members }) => [name, "x", gid, members.join(",")]),
  });
  const shadow = added(context, "etc/shadow", {
    mode: 0o640,
    lines: users.map(({ name }) => [name, "!", "", "", "", "", "", "", ""]),
  });
  const text = Buffer.from(passwd.bytes).toString();
  const written = [
    ...(users.length > 0 || !context.tree.has("etc/passwd") ? [passwd] : []),
    ...(groups.length > 0 ? [group] : []),
    ...(users.length > 0 ? [shadow] : []),
  ];
  return { files: [...written, ...homesOf(text, context)], removed: [] };
}

interface Added {
  /** Of a file that is not there yet. */
  readonly mode: number;
  readonly lines: readonly (readonly (string | number)[])[];
}

function added(
  context: EffectContext,
  path: string,
  { mode, lines }: Added,
): GeneratedFile & { readonly kind: "file" } {
  const before = readText(context, path) ?? "";
  const entry = context.tree.get(path)?.entry;
  const text = `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${lines.map((fields) => `${fields.join(":")}\n`).join("")}`;
  return {
    kind: "file",
    path,
    mode: entry?.mode ?? mode,
    uid: entry?.uid ?? 0,
    gid: entry?.gid ?? 0,
    bytes: Buffer.from(text),
  };
}

/** Everybody's, those of packages' users too. `/dev/null` is the home of those who have none. */
function homesOf(passwd: string, { tree }: EffectContext): readonly GeneratedFile[] {
  const homes = new Map<string, GeneratedFile>();
  for (const line of passwd.split("\n")) {
    const [name, , uid = "", gid = "", , home = ""] = line.split(":");
    if (!home.startsWith("/") || home === "/dev/null") continue;
    const path = resolvePath(tree, home, { last: true });
    const there = path === undefined || path === "" ? undefined : tree.get(path)?.entry.kind;
    if (there !== undefined && there !== "directory") {
      throw new DodaiError("EFFECT_FAILED", `Cannot make the home of ${name}: "${home}" is a ${there}, not a folder`);
    }
    if (path === undefined || path === "" || there === "directory" || homes.has(path)) continue;
    homes.set(path, { kind: "directory", path, mode: 0o700, uid: Number(uid) || 0, gid: Number(gid) || 0 });
  }
  return [...homes.values()].sort((a, b) => comparePaths(a.path, b.path));
}
