// Which script changed what: each script that may run is wrapped in another that runs it and then writes down which files
// look different since the first one began: among those that the sandbox has kept as changed, or among all. It needs `sh`
// and `find` in the image, as all that has dpkg has; without them the scripts run bare, and nobody knows which changed what.
import { decodeName } from "../archive/tar-name.ts";
import { compareBytes } from "../core/byte-order.ts";
import type { GeneratedFile, ScriptPlan } from "../packages/contract.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import type { Tree } from "../rootfs/tree.ts";

/** Of ours while scripts run, and in no image. */
const folder = ".dodai";

/** Where the wrapper looks for what the sandbox keeps as changed. */
export const changesFolder: string = `${folder}/upper`;

/** Whether a path is there for our own sake. */
export const isOfTrace = (path: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Scripts stay under their own name, because debconf looks for a script's questions beside it. The wait is longer than a
 * tick of the clock by which the kernel dates changes: what was laid out is older than the mark, whatever scripts do is
 * newer. Nothing but `find` is started after a script.
 */
const wrapper = `#!/bin/sh
d=/${folder}
n=\${0##*/}
look() {
  u=/
  if [ -e $d/upper$d/mark ]; then u=$d/upper/; fi
  find $u -xdev -path $u${folder} -prune -o -cnewer $d/mark -printf '%y %C@ %i %s %m %U:%G %P\\0' >$d/look.$1 2>/dev/null
}
if ! [ -e $d/mark ]; then
  : >$d/mark
  sleep 0.05
  echo 0 >$d/count
fi
$d/info/$n "$@"
code=$?
read -r c <$d/count
c=$((c + 1))
echo $c >$d/count
echo "$c $n" >>$d/names
look $c
exit $code
`;

/** Files that take the place of scripts, or that the wrapper needs; none when the image lacks what it needs. */
export function traceFiles(
  { scripts, temporary }: ScriptPlan,
  { tree, read }: { readonly tree: Tree; readonly read: (path: string) => Uint8Array },
): readonly GeneratedFile[] {
  if (!["bin/sh", "usr/bin/find", "bin/sleep"].every((path) => isThere(tree, path))) return [];
  const stems = new Set(scripts.map(({ path }) => path.replace(/\.[^.]*$/, ".")));
  const beside = [...tree.keys()].filter((path) => {
    const dot = path.lastIndexOf(".") + 1;
    return stems.has(path.slice(0, dot)) && !scripts.some((one) => one.path === path);
  });
  const bytesOf = (path: string): Uint8Array => {
    const own = temporary.find((one) => one.path === path);
    return own?.kind === "file" ? own.bytes : read(path);
  };
  return [
    { kind: "directory", path: folder, mode: 0o755 },
    { kind: "directory", path: `${folder}/info`, mode: 0o755 },
    { kind: "directory", path: changesFolder, mode: 0o755 },
    ...beside.map((path): GeneratedFile => ({ kind: "symlink", path: inInfo(path), target: `/${path}` })),
    ...scripts.flatMap(({ path }): readonly GeneratedFile[] => [
      { kind: "file", path: inInfo(path), mode: tree.get(path)?.entry.mode ?? 0o755, bytes: bytesOf(path) },
      { kind: "file", path, mode: 0o755, bytes: Buffer.from(wrapper) },
    ]),
  ];
}

const inInfo = (path: string): string => `${folder}/info/${path.slice(path.lastIndexOf("/") + 1)}`;

function isThere(tree: Tree, path: string): boolean {
  const place = resolvePath(tree, path, { last: true });
  return place !== undefined && tree.has(place);
}

/** What a script's runs changed: paths whose state was another after it than before. */
export interface ScriptChanges {
  readonly path: string;
  readonly changed: readonly string[];
}

export interface TraceContext {
  readonly scripts: ScriptPlan;
  /** What is gone after all have run: where nobody saw it go, it is told of the last script that changed its folder. */
  readonly removed: readonly string[];
}

/** Reads what the wrappers wrote, by path; in the order in which scripts first ran. */
export function readTrace(
  files: ReadonlyMap<string, Uint8Array>,
  { scripts: { scripts }, removed }: TraceContext,
  isOwnRecord: (path: string) => boolean,
): readonly ScriptChanges[] {
  const paths = new Map(scripts.map(({ path }) => [path.slice(path.lastIndexOf("/") + 1), path]));
  const changed = new Map<string, Set<string>>();
  const lastToChange = new Map<string, Set<string>>();
  let before: ReadonlyMap<string, string> = new Map();
  for (const line of textOf(files, "names").split("\n")) {
    const [, count = "", name = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
    const path = paths.get(name);
    if (path === undefined) continue;
    const after = readLook(textOf(files, `look.${count}`));
    const of = changed.get(path) ?? new Set();
    changed.set(path, of);
    for (const [one, state] of after) {
      if (before.get(one) === state || isOwnRecord(one)) continue;
      of.add(one);
      lastToChange.set(one, of);
    }
    before = after;
  }
  for (const one of removed.filter((path) => !lastToChange.has(path)))
    lastToChange.get(one.slice(0, Math.max(0, one.lastIndexOf("/"))))?.add(one);
  return [...changed].map(([path, of]) => ({ path, changed: [...of].sort(compareBytes) }));
}

const textOf = (files: ReadonlyMap<string, Uint8Array>, name: string): string =>
  decodeName(files.get(`${folder}/${name}`) ?? new Uint8Array(0));

/** Paths without leading `/`, with how they looked. */
function readLook(text: string): ReadonlyMap<string, string> {
  const looks = new Map<string, string>();
  for (const record of text.split("\0")) {
    const [state, path] = /^(?:\S+ ){6}/.test(record) ? splitAfter(record, 6) : ["", ""];
    if (path !== "") looks.set(path, state);
  }
  return looks;
}

function splitAfter(record: string, words: number): readonly [string, string] {
  let at = 0;
  for (let word = 0; word < words; word += 1) at = record.indexOf(" ", at) + 1;
  return [record.slice(0, at), record.slice(at)];
}
