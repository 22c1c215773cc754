// Places in the root where files of the host are seen while a command runs. What is made for that goes away afterwards.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import { comparePaths, parentsOf } from "../core/path-order.ts";
import { asideContent, type KeptFolder, type MountSource, type SandboxMount } from "./contract.ts";
import { resolveInside } from "./disk-path.ts";
import type { CommandRequest } from "./messages.ts";
import type { Mount } from "./mounts.ts";
import type { Places } from "./places.ts";
import { hostEnvironment, mustRun } from "./program.ts";

export interface PlacedMounts {
  readonly mounts: readonly Mount[];
  /** Takes away what was made to mount on. Throws nothing. */
  restore(): void;
}

const resolvConf = "/etc/resolv.conf";

/** A mount that is placed. */
interface Placed {
  /** As the command names it. */
  readonly wanted: string;
  /** Where in the root. */
  readonly path: string;
  /** What is mounted there. */
  readonly from: string;
}

interface Placing {
  readonly places: Places;
  readonly placed: Placed[];
  readonly undo: (() => void)[];
}

/** Throws SANDBOX_FAILED. */
export async function placeMounts({ mounts = [], network }: CommandRequest, places: Places): Promise<PlacedMounts> {
  const undo: (() => void)[] = [];
  // What lies below another mount is seen in it.
  const wanted = mounts.toSorted((a, b) => comparePaths(a.target.slice(1), b.target.slice(1)));
  if (network === true && existsSync(resolvConf))
    wanted.unshift({ source: resolvConf, target: resolvConf, readOnly: true });
  const restore = (): void => {
    for (const one of undo.splice(0).reverse()) one();
  };
  const placing: Placing = { places, placed: [], undo };
  const placedMounts: Mount[] = [];
  try {
    for (const one of wanted) placedMounts.push(await placeMount(one, placing));
    return { mounts: placedMounts, restore };
  } catch (error) {
    restore();
    throw error;
  }
}

async function placeMount(mount: SandboxMount, placing: Placing): Promise<Mount> {
  const { source, target, readOnly } = mount;
  const { places, placed, undo } = placing;
  const from = await openSource(source, placing);
  const isFolder = isFolderOf(from);
  const above = placed.findLast((one) => target.startsWith(`${one.wanted}/`));
  const base = above?.from ?? places.merged;
  const place = resolveInside(base, above ? target.slice(above.wanted.length) : target);
  if (place.kind === "missing") makePoint(base, place.path, isFolder, undo);
  else if ((place.kind === "directory") !== isFolder) {
    const what = typeof source === "string" ? `"${source}"` : "it";
    throw new DodaiError("SANDBOX_FAILED", `Cannot mount ${what} at "${target}": one is a folder and the other is not`);
  }
  const path = above ? `${above.path}/${place.path}` : place.path;
  placed.push({ wanted: target, path, from });
  const isOfHost = typeof source === "string" || source.kind === "kept";
  const restrictions = isOfHost ? ["nosuid", "nodev", ...lockedOptions(from)] : ["nodev"];
  const options = new Set(["rbind", ...(readOnly ? ["ro"] : []), ...restrictions]);
  return { source: from, target: `${places.merged}/${path}`, type: "none", options: [...options].join(",") };
}

async function openSource(source: MountSource, { places, placed, undo }: Placing): Promise<string> {
  if (typeof source === "string") {
    if (!existsSync(source)) throw new DodaiError("SANDBOX_FAILED", `Cannot mount "${source}": it is not there`);
    return realpathSync(source);
  }
  if (source.kind === "aside") return laidAside(source.name, places);
  if (source.kind === "kept") return openKept(source, places);
  const at = `${places.aside}/memory-${placed.length}`;
  mkdirSync(at, 0o755);
  const size = source.maxBytes === undefined ? "" : `,size=${source.maxBytes}`;
  await mustRun(["mount", "-i", "-n", "-t", "tmpfs", "-o", `nosuid,nodev,mode=1777${size}`, "memory", at]);
  undo.push(() => {
    spawnSync("umount", ["-i", "-n", "-l", "--", at], { env: hostEnvironment });
    rmdirSync(at);
  });
  return at;
}

function laidAside(name: string, places: Places): string {
  const at = `${places.aside}/${name}/${asideContent}`;
  const stat = lstatSync(at, { throwIfNoEntry: false });
  // A link would lead into the host.
  if (stat?.isDirectory() || stat?.isFile()) return at;
  throw new DodaiError("SANDBOX_FAILED", "Cannot mount what was laid out: it is neither a file nor a folder");
}

async function openKept({ path, from, owner }: KeptFolder, places: Places): Promise<string> {
  if (existsSync(path)) return path;
  if (from === undefined) {
    mkdirSync(path, { recursive: true });
    give(path, owner);
    return path;
  }
  // It gets its name once it is whole.
  const made = `${path}.${process.pid}-new`;
  rmSync(made, { recursive: true, force: true });
  await mustRun(["cp", "-a", "--", laidAside(from, places), made]);
  give(made, owner);
  if (existsSync(path)) rmSync(made, { recursive: true });
  else renameSync(made, path);
  return path;
}

function give(path: string, { uid, gid, mode }: KeptFolder["owner"]): void {
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    // Where nothing can be given away all is root's.
    if (!(error instanceof Error && "code" in error && (error.code === "EINVAL" || error.code === "EPERM")))
      throw error;
  }
  chmodSync(path, mode);
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

const isFolderOf = (path: string): boolean => statSync(path).isDirectory();

/** Makes an empty file or folder and its parents, and remembers how to take them away, with their parent's time as before. */
function makePoint(merged: string, path: string, isFolder: boolean, undo: (() => void)[]): void {
  for (const one of [...parentsOf(path), path]) {
    const at = `${merged}/${one}`;
    if (lstatSync(at, { throwIfNoEntry: false })) continue;
    const above = at.slice(0, at.lastIndexOf("/"));
    const { atimeMs, mtimeMs } = lstatSync(above);
    const keepTime = (): void => lutimesSync(above, atimeMs / 1000, mtimeMs / 1000);
    if (one === path && !isFolder) writeFileSync(at, "", { flag: "wx", mode: 0o644 });
    else mkdirSync(at, 0o755);
    keepTime();
    undo.push(() => {
      try {
        if (one === path && !isFolder) unlinkSync(at);
        else rmdirSync(at);
        keepTime();
      } catch {
        // The command put something of its own there: that is a change like any other.
      }
    });
  }
}
