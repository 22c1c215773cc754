// Places in the root where files of the host are seen while a command runs. What is made for that goes away afterwards.
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import { parentsOf } from "../core/path-order.ts";
import { resolveInside } from "./disk-path.ts";
import type { CommandRequest } from "./messages.ts";
import type { Mount } from "./mounts.ts";
import type { Places } from "./places.ts";

export interface PlacedMounts {
  readonly mounts: readonly Mount[];
  /** Takes away what was made to mount on. Throws nothing. */
  restore(): void;
}

const resolvConf = "/etc/resolv.conf";

/** Throws SANDBOX_FAILED. */
export function placeMounts({ mounts = [], network }: CommandRequest, { merged }: Places): PlacedMounts {
  const undo: (() => void)[] = [];
  const wanted = [...mounts];
  if (network === true && existsSync(resolvConf))
    wanted.unshift({ source: resolvConf, target: resolvConf, readOnly: true });
  const restore = (): void => {
    for (const one of undo.splice(0).reverse()) one();
  };
  try {
    return { mounts: wanted.map((one) => placeMount(merged, one, undo)), restore };
  } catch (error) {
    restore();
    throw error;
  }
}

function placeMount(
  merged: string,
  { source, target, readOnly }: { readonly source: string; readonly target: string; readonly readOnly: boolean },
  undo: (() => void)[],
): Mount {
  const isFolder = isFolderOf(source);
  const place = resolveInside(merged, target);
  if (place.kind === "missing") makePoint(merged, place.path, isFolder, undo);
  else if ((place.kind === "directory") !== isFolder) {
    throw new DodaiError(
      "SANDBOX_FAILED",
      `Cannot mount "${source}" at "${target}": one is a folder and the other is not`,
    );
  }
  const from = realpathSync(source);
  const options = new Set(["rbind", "nosuid", "nodev", ...(readOnly ? ["ro"] : []), ...lockedOptions(from)]);
  return { source: from, target: `${merged}/${place.path}`, type: "none", options: [...options].join(",") };
}

/** What the host forbids on the disk where a file lies, a user namespace must keep forbidding (mount_namespaces(7)). */
function lockedOptions(path: string): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  let best = "";
  let options = "";
  for (const [, , , , target = "", some = ""] of mounts) {
    const at = target.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const isAbove = path === at || path.startsWith(at.endsWith("/") ? at : `${at}/`);
    // The last of those at one place lies on top.
    if (isAbove && at.length >= best.length) [best, options] = [at, some];
  }
  return options.split(",").filter((one) => one === "ro" || one === "noexec");
}

function isFolderOf(source: string): boolean {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined) throw new DodaiError("SANDBOX_FAILED", `Cannot mount "${source}": it is not there`);
  return stat.isDirectory();
}

/** Makes an empty file or folder and its parents, and remembers how to take them away, with their parent's time as before. */
function makePoint(merged: string, path: string, isFolder: boolean, undo: (() => void)[]): void {
  for (const one of [...parentsOf(path), path]) {
    const at = `${merged}/${one}`;
    if (lstatSync(at, { throwIfNoEntry: false })) continue;
    const above = at.slice(0, at.lastIndexOf("/"));
    const { atimeMs, mtimeMs } = lstatSync(above);
    if (one === path && !isFolder) writeFileSync(at, "", { flag: "wx", mode: 0o644 });
    else mkdirSync(at, 0o755);
    undo.push(() => {
      try {
        if (one === path && !isFolder) unlinkSync(at);
        else rmdirSync(at);
        lutimesSync(above, atimeMs / 1000, mtimeMs / 1000);
      } catch {
        // The command put something of its own there: that is a change like any other.
      }
    });
  }
}
