// Simple commands of sh(1) done to a tree: what the scripts of container kickstarts have most of. Each is done whole, as its
// program would have done it, or not at all.
import { parentsOf } from "../../core/path-order.ts";
import type { Recipe } from "../../core/recipe.ts";
import { addFiles, type ChangedTree, removePaths } from "../change.ts";
import { changePermissions } from "../permissions.ts";
import { resolvePath } from "../resolve.ts";
import { settingsResult } from "../settings/settings.ts";
import { parseShell, type ShellCommand, type Word } from "./parse.ts";

export interface ShellContext {
  readonly change: ChangedTree;
  readonly read: (path: string) => Uint8Array;
  readonly epoch: number;
  readonly format: string;
  /** What paths begin with, when the image is not the script's root: `/mnt/sysimage`. */
  readonly roots: readonly string[];
  /** Whether what it prints is kept. */
  readonly isLogged: boolean;
}

export interface Performed {
  /** What it printed. */
  readonly output: string;
  readonly changed: readonly string[];
}

/** A command that is not understood, or would fail. */
class Unknown extends Error {}

/** Changes the tree. The number of the first line that is not understood, when there is one: the tree is then of no use. */
export function performShell(script: string, context: ShellContext): Performed | { readonly unknownLine: number } {
  const parsed = parseShell(script);
  if (parsed.kind === "unknown") return { unknownLine: parsed.line };
  const running: Running = { ...context, changed: new Set() };
  let output = "";
  for (const command of parsed.commands) {
    try {
      if (command.words[0]?.text === "exit" && command.words[1]?.text === "0") break;
      const text = perform(command, running);
      if (command.output) write(running, command.output, text);
      else output += text;
    } catch (error) {
      if (error instanceof Unknown) return { unknownLine: command.line };
      throw error;
    }
  }
  return { output, changed: [...running.changed].sort() };
}

interface Running extends ShellContext {
  readonly changed: Set<string>;
}

/** Flags, and what is no flag. */
interface Args {
  readonly flags: string;
  readonly words: readonly Word[];
}

const programs: ReadonlyMap<string, (args: readonly Word[], running: Running) => string> = new Map(
  Object.entries({
    ":": () => "",
    true: () => "",
    // A trace would be part of the log.
    set: (args, { isLogged }) =>
      known(args, isLogged ? /^(?:[-+][eu]+|-o|pipefail)$/ : /^(?:[-+][euvx]+|-o|pipefail)$/),
    echo,
    date,
    touch,
    rm,
    mkdir,
    ln,
    chmod,
    systemctl,
    passwd: (args, running) => lockRoot(args, "-l", running),
    usermod: (args, running) => lockRoot(args, "-L", running),
    umount: (args, running) => known(args, running.roots.length === 0 ? /^\/run$/ : /^\/mnt\/sys(?:image|root)\/run$/),
    // dodai's own database is as one that was rebuilt, and nothing has filled caches.
    rpm: (args) => known(args, /^--rebuilddb$/),
    yum: (args) => known(args, /^(?:clean|all|-y)$/),
    dnf: (args) => known(args, /^(?:clean|all|-y)$/),
  }),
);

function perform({ words: [name, ...args] }: ShellCommand, running: Running): string {
  const program = programs.get(name?.text.replace(/^\/(?:usr\/)?s?bin\//, "") ?? "");
  if (!program) throw new Unknown();
  return program(args, running);
}

function known(args: readonly Word[], form: RegExp): string {
  if (args.length === 0 || !args.every(({ text }) => form.test(text))) throw new Unknown();
  return "";
}

function split(args: readonly Word[], allowed: RegExp): Args {
  const flags = args.filter(({ text }) => text.startsWith("-")).map(({ text }) => text.slice(1));
  if (!flags.every((one) => allowed.test(one))) throw new Unknown();
  return { flags: flags.join(""), words: args.filter(({ text }) => !text.startsWith("-")) };
}

/** Shells differ in what they make of a backslash. */
function echo(args: readonly Word[]): string {
  const isBare = args[0]?.text === "-n";
  const words = isBare ? args.slice(1) : args;
  if (words.some(({ text, isPattern }) => isPattern || /\\|^-[neE]+$/.test(text))) throw new Unknown();
  return `${words.map(({ text }) => text).join(" ")}${isBare ? "" : "\n"}`;
}

/** In UTC, which is what an image without another time zone has. */
function date([format, ...others]: readonly Word[], { epoch, change: { tree } }: Running): string {
  const zone = tree.get("etc/localtime")?.entry;
  const isUtc = zone === undefined || (zone.kind === "symlink" && /\/(?:Etc\/)?UTC$/.test(zone.target));
  if (!isUtc || format === undefined || others.length > 0 || !format.text.startsWith("+")) throw new Unknown();
  const [day = "", time = ""] = new Date(epoch * 1000).toISOString().slice(0, 19).split("T");
  const [year = "", month = "", ofMonth = ""] = day.split("-");
  const [hour = "", minute = "", second = ""] = time.split(":");
  const parts: Readonly<Record<string, string>> = {
    ...{ Y: year, m: month, d: ofMonth, H: hour, M: minute, S: second, F: day, T: time, s: String(epoch), "%": "%" },
  };
  const text = format.text.slice(1).replace(/%(.?)/g, (_, letter: string) => {
    const part = parts[letter];
    if (part === undefined) throw new Unknown();
    return part;
  });
  return `${text}\n`;
}

function touch(args: readonly Word[], running: Running): string {
  for (const word of split(args, /^$/).words) {
    const path = placeOf(word.text, running);
    if (!running.change.tree.has(path)) put(running, path, new Uint8Array(0));
  }
  return "";
}

function rm(args: readonly Word[], running: Running): string {
  const { flags, words } = split(args, /^[rRfv]+$/);
  if (flags.includes("v")) throw new Unknown();
  const { tree } = running.change;
  for (const word of words) {
    const paths = word.isPattern
      ? matching(word.text, running)
      : [placeOf(word.text, running)].filter((path) => tree.has(path));
    const isLost = paths.length === 0 && !flags.includes("f");
    const isFolder = paths.some((path) => tree.get(path)?.entry.kind === "directory");
    if (isLost || (isFolder && !/r/i.test(flags))) throw new Unknown();
    for (const path of paths) running.changed.add(path);
    removePaths(running.change, new Set(paths));
  }
  return "";
}

function mkdir(args: readonly Word[], running: Running): string {
  const { flags, words } = split(args, /^p+$/);
  for (const word of words) {
    if (word.isPattern) throw new Unknown();
    const path = placeOf(word.text, running, { makesParents: flags.includes("p") });
    const kind = running.change.tree.get(path)?.entry.kind;
    if (kind !== undefined && (kind !== "directory" || !flags.includes("p"))) throw new Unknown();
    if (kind !== undefined) continue;
    addFiles(running.change, [{ kind: "directory", path, mode: 0o755 }], running.epoch);
    running.changed.add(path);
  }
  return "";
}

function ln(args: readonly Word[], running: Running): string {
  const { flags, words } = split(args, /^[sfn]+$/);
  const [target, link, ...others] = words;
  if (!flags.includes("s") || !target || !link || others.length > 0 || target.isPattern) throw new Unknown();
  const path = placeOf(link.text, running);
  const before = running.change.tree.get(path)?.entry.kind;
  const isTaken = before === "directory" || (before === "symlink" && !flags.includes("n"));
  if (isTaken || (before !== undefined && !flags.includes("f"))) throw new Unknown();
  addFiles(running.change, [{ kind: "symlink", path, target: target.text }], running.epoch);
  running.changed.add(path);
  return "";
}

function chmod([mode, ...paths]: readonly Word[], running: Running): string {
  if (mode === undefined || !/^[0-7]{3,4}$/.test(mode.text) || paths.length === 0) throw new Unknown();
  for (const word of paths) {
    const path = placeOf(word.text, running);
    const kind = running.change.tree.get(path)?.entry.kind;
    // What is more than three digits of a folder's mode is left by chmod(1) in ways of its own.
    if (word.isPattern || kind === undefined || (kind === "directory" && mode.text.length < 4)) throw new Unknown();
    changePermissions(running.change, { path, mode: Number.parseInt(mode.text, 8), recursive: false }, running.read);
    running.changed.add(path);
  }
  return "";
}

function systemctl([verb, ...units]: readonly Word[], running: Running): string {
  const names = units.map(({ text, isPattern }) => {
    if (isPattern || !/^[A-Za-z0-9_][\w:.@-]*$/.test(text)) throw new Unknown();
    return text;
  });
  if (verb?.text !== "mask" || names.length === 0) throw new Unknown();
  return applied(running, { services: { enabled: [], disabled: [], masked: names } });
}

function lockRoot(args: readonly Word[], flag: string, running: Running): string {
  const isMeant = args.length === 2 && args[0]?.text === flag && args[1]?.text === "root";
  const has = ["etc/passwd", "etc/shadow"].every((path) => running.change.tree.has(path));
  if (!isMeant || !has) throw new Unknown();
  return applied(running, { accounts: { users: [], groups: [], rootPassword: "locked" } });
}

function applied(running: Running, settings: Partial<Pick<Recipe, "accounts" | "services">>): string {
  const { change, read, format, epoch } = running;
  const all = { accounts: { users: [], groups: [] }, ...settings };
  const { files } = settingsResult(all, { tree: change.tree, read, format, epoch });
  addFiles(change, files, epoch);
  for (const { path } of files) running.changed.add(path);
  return "";
}

function write(running: Running, { path: named, append }: NonNullable<ShellCommand["output"]>, text: string): void {
  if (named === "/dev/null") return;
  const path = placeOf(named, running, { last: true });
  const { entry } = running.change.tree.get(path) ?? {};
  if (entry && entry.kind !== "file") throw new Unknown();
  const before = append && entry ? running.read(path) : new Uint8Array(0);
  put(running, path, Buffer.concat([before, Buffer.from(text)]));
}

/** A file that was there keeps mode and owner. */
function put(running: Running, path: string, bytes: Uint8Array): void {
  const entry = running.change.tree.get(path)?.entry;
  const { mode = 0o644, uid = 0, gid = 0 } = entry ?? {};
  addFiles(running.change, [{ kind: "file", path, mode, uid, gid, bytes }], running.epoch);
  running.changed.add(path);
}

/** Where an absolute path of the script lies in the tree. Its folder has to be there, as for any program. */
function placeOf(
  named: string,
  { change: { tree }, roots }: Running,
  { last = false, makesParents = false }: { readonly last?: boolean; readonly makesParents?: boolean } = {},
): string {
  const path = resolvePath(tree, inImage(named, roots), { last });
  if (path === undefined || path === "") throw new Unknown();
  const parents = parentsOf(path).filter((one) => tree.get(one)?.entry.kind !== "directory");
  if (parents.length > 0 && !(makesParents && parents.every((one) => !tree.has(one)))) throw new Unknown();
  return path;
}

function inImage(named: string, roots: readonly string[]): string {
  if (!named.startsWith("/") || named.split("/").includes("..")) throw new Unknown();
  const root = roots.length === 0 ? "" : roots.find((one) => named.startsWith(`${one}/`));
  if (root === undefined) throw new Unknown();
  return named.slice(root.length + 1);
}

/** Names that begin with a dot have to be asked for. */
function matching(pattern: string, { change: { tree }, roots }: Running): readonly string[] {
  const parts = inImage(pattern, roots).split("/");
  const first = parts.findIndex((part) => /[*?]/.test(part));
  const folder = resolvePath(tree, parts.slice(0, first).join("/"), { last: true });
  if (folder === undefined) throw new Unknown();
  const form = parts.slice(first).map((part) => {
    const text = part
      .replace(/[.+^$|()[\]{}\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]");
    return /^[*?]/.test(part) ? `(?!\\.)${text}` : text;
  });
  const start = folder === "" ? "" : `${folder}/`;
  const expression = new RegExp(`^${form.join("/")}$`);
  return [...tree.keys()].filter((path) => path.startsWith(start) && expression.test(path.slice(start.length)));
}
