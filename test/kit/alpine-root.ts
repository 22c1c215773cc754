// Alpine's own root as an oracle: its `apk` runs in a chroot of the released minirootfs and makes roots from real packages.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, globSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { fixture, needs } from "./oracle.ts";

const minirootfs: string = fixture(
  "alpine/minirootfs/alpinelinux+docker-alpine/x86_64/alpine-minirootfs-3.20.3-x86_64.tar.gz",
);
const packages: string = fixture("alpine/edge-repo-104/ponOS-team+repository/bootstrap/x86_64");

/** Options of a test that needs it: `chroot` is for root. */
export function needsAlpineRoot(): { readonly skip?: string } {
  if (process.getuid?.() !== 0 || process.arch !== "x64") return { skip: "needs root on x86_64, for chroot" };
  return needs("chroot", "tar", minirootfs, packages);
}

export interface AlpineRoot {
  /** Folder of the repository of 90 real packages, with the index that fits them. */
  readonly repository: string;
  /** `apk add --root` of these, then of `later`; the absolute path of the new root, or what apk says. */
  add(
    words: readonly string[],
    options?: { readonly scripts?: boolean; readonly later?: readonly string[] },
  ): { readonly root: string } | { readonly refusal: string };
  /** A command in the chroot. */
  run(root: string, words: readonly string[]): string;
  close(): void;
}

export function openAlpineRoot(): AlpineRoot {
  const root = mkdtempSync(join(tmpdir(), "dodai-alpine-"));
  execFileSync("tar", ["-xzf", minirootfs, "-C", root]);
  const repository = join(root, "repository");
  mkdirSync(join(repository, "x86_64"), { recursive: true });
  for (const name of globSync("*.apk", { cwd: packages }))
    copyFileSync(join(packages, name), join(repository, "x86_64", name));
  copyFileSync(join(packages, "APKINDEX.regenerated.tar.gz"), join(repository, "x86_64/APKINDEX.tar.gz"));
  let count = 0;
  const run = (chroot: string, words: readonly string[]): string =>
    execFileSync("chroot", [chroot, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return {
    repository,
    add: (words, { scripts = false, later = [] } = {}) => {
      const name = `/made-${count++}`;
      mkdirSync(join(root, name));
      const flags = ["--root", name, "--arch", "x86_64", "--allow-untrusted", "--no-network", "--no-cache"];
      const rest = ["--repository", "/repository", ...(scripts ? [] : ["--no-scripts"])];
      try {
        run(root, ["apk", "add", "--initdb", ...flags, ...rest, ...words]);
        if (later.length > 0) run(root, ["apk", "add", ...flags, ...rest, ...later]);
      } catch (error) {
        return { refusal: String((error as { readonly stdout?: string }).stdout) };
      }
      return { root: join(root, name) };
    },
    run,
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** What apk writes itself, at the time at which it runs. */
const written: ReadonlySet<string> = new Set([
  "etc/apk/arch",
  "etc/apk/world",
  "etc/shells",
  ...["installed", "lock", "scripts.tar", "triggers"].map((name) => `lib/apk/db/${name}`),
]);

/** A line for each path below a root, without device nodes. */
export function listRoot(root: string): readonly string[] {
  const lines: string[] = [];
  for (const path of globSync("**", { cwd: root }).filter(
    (one) => one !== "." && one !== "" && !one.startsWith("dev/"),
  )) {
    const full = join(root, path);
    const { mode, uid, gid, mtimeMs } = lstatSync(full);
    const stat = lstatSync(full);
    const bits = (mode & 0o7777).toString(8);
    if (stat.isSymbolicLink()) lines.push(`${path} -> ${readlinkSync(full)} ${uid}:${gid}`);
    else if (stat.isDirectory()) lines.push(`${path}/ ${bits} ${uid}:${gid}`);
    else lines.push(`${path} ${bits} ${uid}:${gid} ${timeOf(path, mtimeMs / 1000)} ${hashOf(readFileSync(full))}`);
  }
  return lines.sort();
}

/** The same of a tar archive. */
export function listTar(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  const hashes = new Map<string, string>();
  const limits = { maxEntries: 100_000, maxTotalBytes: 1 << 30, maxHeaderBytes: 1 << 20 };
  for (const { entry, body } of readTarBuffer(bytes, limits)) {
    const { path, uid, gid } = entry;
    const bits = entry.mode.toString(8);
    if (path === ".") continue;
    if (entry.kind === "symlink") lines.push(`${path} -> ${entry.target} ${uid}:${gid}`);
    else if (entry.kind === "directory") lines.push(`${path}/ ${bits} ${uid}:${gid}`);
    else {
      const hash = entry.kind === "hardlink" ? (hashes.get(entry.target) ?? "") : hashOf(body);
      hashes.set(path, hash);
      lines.push(`${path} ${bits} ${uid}:${gid} ${timeOf(path, entry.mtime)} ${hash}`);
    }
  }
  return lines.sort();
}

const timeOf = (path: string, seconds: number): string => (written.has(path) ? "-" : String(Math.floor(seconds)));
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, 16);
