// `systemd-tmpfiles --create`: folders, files and links that packages describe in tmpfiles.d(5), as far as they are there in an
// image: below /run, /tmp and /dev nothing is, for every start makes it anew.
import { compareBytes } from "../../core/byte-order.ts";
import { accountId, modeOf } from "./file-programs.ts";
import type { RootFiles } from "./root-files.ts";
import type { Call } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

const folders = ["/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/lib/tmpfiles.d"];
const shortLived = /^\/(?:run|tmp|dev|proc|sys|var\/run|var\/tmp|var\/lock)(?:\/|$)/;

interface Line {
  readonly type: string;
  readonly path: string;
  readonly mode: string;
  readonly user: string;
  readonly group: string;
  readonly argument: string;
}

export function tmpfiles({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, { flags: ["create"], values: [] });
  if (!has.has("create")) throw notUnderstood("a form of systemd-tmpfiles");
  const lines = chosen(files, rest).flatMap((path) => parseFile(files, path));
  // A folder before what lies in it.
  for (const line of lines.sort((a, b) => compareBytes(a.path, b.path))) create(files, line);
  return 0;
}

function chosen(files: RootFiles, names: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const folder of folders)
    for (const name of files.names(folder))
      if (name.endsWith(".conf") && !byName.has(name)) byName.set(name, `${folder}/${name}`);
  if (names.length === 0) return [...byName].sort(([a], [b]) => compareBytes(a, b)).map(([, path]) => path);
  return names.map((name) => {
    const path = name.startsWith("/") ? name : byName.get(name);
    if (path === undefined || !files.stat(path)) throw notUnderstood(`the file ${name} of tmpfiles.d`);
    return path;
  });
}

function parseFile(files: RootFiles, file: string): readonly Line[] {
  const text = Buffer.from(files.read(file) ?? new Uint8Array()).toString("latin1");
  return text.split("\n").flatMap((line): readonly Line[] => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const [, typed = "", path = "", mode = "-", user = "-", group = "-", , argument = "-"] =
      /^\s*(\S+)\s+(\S+)(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    // With "!" it is for a start alone.
    if (typed.includes("!") || shortLived.test(path)) return [];
    if (/[%"\\]/.test(line) || !path.startsWith("/")) throw notUnderstood(`the line "${line}" of tmpfiles.d`);
    return [{ type: typed, path: path.replace(/(?<=.)\/+$/, ""), mode, user, group, argument }];
  });
}

/** Types that only remove, or look after the age of what is there, make nothing. */
const idle = /^[xXrReD]?[-=^~$]*$/;

function create(files: RootFiles, line: Line): void {
  const { type, path, argument } = line;
  const there = files.stat(path, "link");
  switch (type) {
    case "d":
    case "D":
      if (!there) makeFolder(files, path);
      else if (there.kind !== "directory") return;
      adjust(files, line, 0o755);
      return;
    case "f":
      if (there) return;
      makeFolder(files, path.replace(/\/[^/]*$/, ""));
      files.write(path, Buffer.from(argument === "-" ? "" : argument, "latin1"));
      adjust(files, line, 0o644);
      return;
    case "L":
    case "L?":
      if (argument === "-") throw notUnderstood("a link of tmpfiles.d without its target");
      if (there || (type === "L?" && !files.stat(argument))) return;
      makeFolder(files, path.replace(/\/[^/]*$/, ""));
      files.makeLink(path, argument);
      return;
    default:
      if (!idle.test(type) && !(/^[zZ]$/.test(type) && !there)) throw notUnderstood(`the type ${type} of tmpfiles.d`);
  }
}

function adjust(files: RootFiles, { path, mode, user, group }: Line, usual: number): void {
  files.change(path, {
    mode: mode === "-" ? usual : (modeOf(mode) ?? usual),
    uid: user === "-" ? 0 : accountId(user, "passwd", files),
    gid: group === "-" ? 0 : accountId(group, "group", files),
  });
}

function makeFolder(files: RootFiles, path: string): void {
  if (path === "" || files.stat(path)) return;
  makeFolder(files, path.replace(/\/[^/]*$/, ""));
  files.makeFolder(path);
}
