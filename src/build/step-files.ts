// What is in the image only while steps run: the steps themselves, and programs that stand for what a build does not have: a
// clock that is the same each time, and mounts.
import type { Entry } from "../archive/entry.ts";
import type { RecipeStep } from "../core/recipe.ts";
import type { GeneratedFile } from "../packages/contract.ts";
import type { ChangedTree } from "../rootfs/change.ts";
import { resolvePath } from "../rootfs/resolve.ts";

const folder = ".dodai";
/** In front of the PATH of steps. */
const programs = `${folder}/bin`;

/** Where kickstart's scripts outside of the root find it: the name that Anaconda's users know, and its newer one. */
export const rootFolders: readonly string[] = ["/mnt/sysimage", "/mnt/sysroot"];

/** Where a log lies in the image, without leading `/`. What a script outside writes beside the image is the installing system's own. */
export function logPath(log: string, outside: boolean): string | undefined {
  if (!outside) return log.replace(/^\/+/, "");
  const root = rootFolders.find((folder) => log.startsWith(`${folder}/`));
  return root && log.slice(root.length + 1);
}

export const isOfSteps = (path: string): boolean => path === folder || path.startsWith(`${folder}/`);

export const scriptPath = (index: number): string => `${folder}/steps/${index + 1}`;

export interface StepFilesOptions {
  readonly epoch: number;
  readonly read: (path: string) => Uint8Array;
}

/** Files to lay out beside the tree, and in place of its date(1). */
export function stepFiles(
  steps: readonly RecipeStep[],
  { tree }: Pick<ChangedTree, "tree">,
  { epoch, read }: StepFilesOptions,
): readonly GeneratedFile[] {
  const directory = (path: string): GeneratedFile => ({ kind: "directory", path, mode: 0o755 });
  return [
    ...[folder, programs, `${folder}/steps`, `${folder}/real`].map(directory),
    ...steps.map(({ script }, index): GeneratedFile => program(scriptPath(index), script)),
    program(`${programs}/umount`, umountProgram),
    ...dateFiles(tree, { epoch, read }),
  ];
}

const program = (path: string, text: string): GeneratedFile => ({
  kind: "file",
  path,
  mode: 0o755,
  bytes: Buffer.from(text),
});

/** Anaconda has a /run of its own over that of the image, and kickstarts take it away: here there is none. */
const umountProgram = `#!/bin/sh
real=$(PATH=\${PATH#/${programs}:} command -v umount)
for last; do :; done
case $last in
/run | /run/* | /mnt/sysimage/run | /mnt/sysimage/run/* | /mnt/sysroot/run | /mnt/sysroot/run/*) exit 0 ;;
esac
if [ -n "$real" ]; then exec "$real" "$@"; fi
echo "umount: $last: not mounted" >&2
exit 32
`;

/** Dates of files, or that are written out, are told as ever. */
const dateProgram = (epoch: number): string => `#!/bin/sh
for word; do
  case $word in
  --d* | --f* | --s* | --ref*) exec /${folder}/real/date "$@" ;;
  -I* | --* | +*) ;;
  -*[dfrs]*) exec /${folder}/real/date "$@" ;;
  esac
done
exec /${folder}/real/date -d @${epoch} "$@"
`;

/** Programs run by their absolute path as well, so another takes the place of date(1). Without it, or `sh`, there is nothing to do. */
function dateFiles(tree: ChangedTree["tree"], { epoch, read }: StepFilesOptions): readonly GeneratedFile[] {
  const places = ["bin/date", "usr/bin/date"].map((path) => resolvePath(tree, path, { last: false }) ?? "");
  const found = [...new Set(places)].filter((path) => tree.has(path));
  const [first] = found;
  const entry = first === undefined ? undefined : tree.get(first)?.entry;
  if (first === undefined || entry === undefined || !tree.has(resolvePath(tree, "bin/sh", { last: true }) ?? ""))
    return [];
  const real = realDate(first, entry, { tree, read });
  return real ? [real, ...found.map((path) => program(path, dateProgram(epoch)))] : [];
}

/** busybox knows by the name of a link which program it is. */
function realDate(
  path: string,
  entry: Entry,
  { tree, read }: { readonly tree: ChangedTree["tree"]; readonly read: (path: string) => Uint8Array },
): GeneratedFile | undefined {
  const place = `${folder}/real/date`;
  if (entry.kind === "symlink") {
    const target = resolvePath(tree, path, { last: true });
    return target !== undefined && tree.has(target)
      ? { kind: "symlink", path: place, target: `/${target}` }
      : undefined;
  }
  return entry.kind === "file" ? { kind: "file", path: place, mode: 0o755, bytes: read(path) } : undefined;
}
