// What is mounted over the root: the overlay, and private /dev, /tmp and /sys, once; a /proc for each command. Every table is
// one run of `mount -a`. Relative names in it keep the host's folders out of what a command reads in /proc/mounts.
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import type { SandboxMode } from "./contract.ts";
import { formatFilter, machineOfHost } from "./filter.ts";
import { filterRules } from "./filter-rules.ts";
import { formatGuard } from "./guard-program.ts";
import type { Places } from "./places.ts";
import { mustRun, runProgram } from "./program.ts";

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: string;
}

/** What a program may expect in /dev (runtime-spec, config-linux.md, "Default Devices"). */
const devices = ["full", "null", "random", "tty", "urandom", "zero"];

const devLinks = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
  ["ptmx", "pts/ptmx"],
] as const;

/** No device node works that the image has or a program makes: only those of our /dev. */
const guarded = "nosuid,nodev,noexec";

/** As runc and Docker have it: what speaks about or to the host's kernel is hidden, */
const hiddenInProc = [
  ...["acpi", "asound", "interrupts", "kallsyms", "kcore", "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags"],
  ...["latency_stats", "sched_debug", "scsi", "timer_list", "timer_stats"],
];
/** and what changes it can only be read. */
const readOnlyInProc = ["bus", "driver", "fs", "irq", "mtrr", "pressure", "sys", "sysrq-trigger"];

export interface SessionOptions {
  readonly mode: SandboxMode;
  readonly hasPrivateTmp: boolean;
  /** Lower folders, the last one first, as paths in the sandbox's folder. */
  readonly lowers: readonly string[];
  /** The terminal that commands are given: it lies at /dev/console, where tty(1) finds it. */
  readonly terminal?: string | undefined;
}

/** Mounts what all commands share. Says whether changes go to an overlay; they go to the root itself where there is none. */
export async function mountSession(
  places: Places,
  { mode, hasPrivateTmp, lowers, terminal }: SessionOptions,
): Promise<{ readonly hasOverlay: boolean }> {
  const hasOverlay = await mountMerged(places, { mode, lowers });
  const at = (path: string): string => `${places.merged}/${path}`;
  await mountAll(places, places.sessionTable, [
    { source: "dev", target: at("dev"), type: "tmpfs", options: `${guarded},mode=755,size=1m,nr_inodes=1k` },
    // Where the root is: so what a command puts there counts as what it puts into the root.
    ...(hasPrivateTmp
      ? [{ source: places.temporary, target: at("tmp"), type: "none", options: "bind,nosuid,nodev" }]
      : []),
    { source: "sys", target: at("sys"), type: "tmpfs", options: `${guarded},ro,mode=555` },
    ...(existsSync(places.guard)
      ? []
      : [{ source: "programs", target: places.programs, type: "tmpfs", options: "nosuid,nodev,mode=755,size=1m" }]),
  ]);
  if (!existsSync(places.guard)) writeGuard(places, mode);
  const devicesHere = [
    ...devices.map((name) => [name, `/dev/${name}`] as const),
    ...(terminal === undefined ? [] : [["console", terminal] as const]),
  ];
  for (const [name] of devicesHere) writeFileSync(at(`dev/${name}`), "");
  for (const name of ["pts", "shm"]) mkdirSync(at(`dev/${name}`), 0o755);
  for (const [name, target] of devLinks) symlinkSync(target, at(`dev/${name}`));
  // Group 5 is tty on every distribution; a lone id has no groups to map.
  const ptyOptions = `newinstance,ptmxmode=0666,mode=0620${mode === "single" ? "" : ",gid=5"}`;
  await mountAll(places, places.sessionTable, [
    ...devicesHere.map(([name, source]) => ({ source, target: at(`dev/${name}`), type: "none", options: "bind" })),
    { source: "devpts", target: at("dev/pts"), type: "devpts", options: `nosuid,noexec,${ptyOptions}` },
    { source: "shm", target: at("dev/shm"), type: "tmpfs", options: `${guarded},mode=1777,size=64m` },
  ]);
  return { hasOverlay };
}

function writeGuard({ guard }: Places, mode: SandboxMode): void {
  const machine = machineOfHost();
  if (machine === undefined) throw new DodaiError("SANDBOX_FAILED", `Cannot filter calls on ${process.arch}`);
  writeFileSync(guard, formatGuard(machine, formatFilter(machine, filterRules(mode))), { mode: 0o755 });
}

async function mountMerged(
  places: Places,
  { mode, lowers }: Pick<SessionOptions, "lowers" | "mode">,
): Promise<boolean> {
  // The root folder of an overlay is as its upper one.
  const { mode: permissions, uid, gid } = lstatSync(`${places.directory}/${lowers[0] ?? "root"}`);
  chownSync(places.upper, uid, gid);
  chmodSync(places.upper, permissions & 0o7777);
  const options = `lowerdir=${lowers.join(":")},upperdir=upper,workdir=work,nodev,${overlayForm(mode)}`;
  const words = ["mount", "-i", "-n", "-t", "overlay", "-o", options, "overlay", places.merged] as const;
  const { exitCode } = await runProgram(words, { cwd: places.directory });
  if (exitCode === 0) return true;
  if (lowers.length > 1) return false;
  await mustRun(["mount", "-i", "-n", "--bind", "-o", "nodev", "root", places.merged], { cwd: places.directory });
  return false;
}

/**
 * Renamed folders and changed metadata must be whole in the upper folder, for `changes` to read. In a user namespace the kernel
 * has it so.
 */
const overlayForm = (mode: SandboxMode): string =>
  mode === "root" ? "index=off,metacopy=off,redirect_dir=off" : "userxattr";

/** Takes away what `mountSession` mounted, but for the programs. */
export async function unmountSession({ merged }: Places): Promise<boolean> {
  return (await runProgram(["umount", "-i", "-n", "-R", "--", merged])).exitCode === 0;
}

/** Several lower folders as one. */
export async function mountLower(
  places: Places,
  { mode, lowers }: Pick<SessionOptions, "lowers" | "mode">,
): Promise<boolean> {
  if (lowers.length > 2) await mustRun(["umount", "-i", "-n", "--", places.lower]);
  const options = `ro,nosuid,nodev,noexec,lowerdir=${lowers.join(":")},${overlayForm(mode)}`;
  const words = ["mount", "-i", "-n", "-t", "overlay", "-o", options, "overlay", places.lower] as const;
  return (await runProgram(words, { cwd: places.directory })).exitCode === 0;
}

/** The /proc of one command, in the order in which it must be mounted. */
export function procMounts({ merged }: Places): readonly Mount[] {
  const proc = `${merged}/proc`;
  const mounts: Mount[] = [{ source: "proc", target: proc, type: "proc", options: guarded }];
  for (const name of readOnlyInProc.filter(isInProc)) {
    mounts.push({ source: `${proc}/${name}`, target: `${proc}/${name}`, type: "none", options: `bind,ro,${guarded}` });
  }
  for (const name of hiddenInProc.filter(isInProc)) {
    const target = `${proc}/${name}`;
    if (lstatSync(`/proc/${name}`).isDirectory()) {
      mounts.push({ source: "hidden", target, type: "tmpfs", options: `ro,${guarded}` });
    } else {
      mounts.push({ source: `${merged}/dev/null`, target, type: "none", options: "bind" });
    }
  }
  return mounts;
}

const isInProc = (name: string): boolean => existsSync(`/proc/${name}`);

async function mountAll(places: Places, table: string, mounts: readonly Mount[]): Promise<void> {
  writeFileSync(table, formatTable(mounts));
  await mustRun(["mount", "-i", "-n", "-a", "-T", table], { cwd: places.directory });
}

/** As fstab(5) has it. */
export function formatTable(mounts: readonly Mount[]): string {
  return mounts
    .map(
      ({ source, target, type, options }) => `${escapeField(source)} ${escapeField(target)} ${type} ${options} 0 0\n`,
    )
    .join("");
}

function escapeField(path: string): string {
  return path.replace(/[\s\\#]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
