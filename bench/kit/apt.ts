// apt with nothing installed, reading the same folder as dodai.
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, findProgram } from "./child.ts";
import { emptyFolder, type Lab } from "./lab.ts";

export interface Apt {
  /** `program` is `apt-get` or `apt-cache`. */
  command(program: string, words: readonly string[]): Command;
  /** Folder of `pkgcache.bin` and `srcpkgcache.bin`. */
  readonly caches: string;
}

/** `undefined` when there is no apt. Its indexes are there and its caches are written. */
export function prepareApt(lab: Lab, name: string, sources: readonly string[]): Apt | undefined {
  if (!findProgram("apt-get")) return undefined;
  const folder = emptyFolder(join(lab.workspace.folder, "apt", name));
  for (const one of ["lists/partial", "cache/archives/partial", "etc"]) emptyFolder(join(folder, one));
  writeFileSync(join(folder, "status"), "");
  writeFileSync(join(folder, "etc/sources.list"), sources.map((line) => `${line}\n`).join(""));
  const settings = [
    `Dir::State=${folder}`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}/cache`,
    `Dir::Etc::sourcelist=${folder}/etc/sources.list`,
    "Dir::Etc::sourceparts=/dev/null",
    "Dir::Etc::preferencesparts=/dev/null",
    `APT::Architecture=${lab.archive.architecture}`,
    `APT::Architectures::=${lab.archive.architecture}`,
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
    // As Debian has it; images for containers turn these off, and apt is then many times slower.
    "Acquire::GzipIndexes=false",
    "Dir::Cache::pkgcache=pkgcache.bin",
    "Dir::Cache::srcpkgcache=srcpkgcache.bin",
  ];
  const command = (program: string, words: readonly string[]): Command => ({
    program,
    args: [...settings.flatMap((one) => ["-o", one]), ...words],
    cwd: folder,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: folder, LC_ALL: "C.UTF-8" },
  });
  for (const [program, word] of [
    ["apt-get", "update"],
    ["apt-cache", "gencaches"],
  ] as const) {
    const { args, cwd, env } = command(program, ["-qq", word]);
    const { status, stderr } = spawnSync(program, args, { cwd, env: { ...env }, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${word}: ${stderr}`);
  }
  assertDefaults(folder);
  return { command, caches: join(folder, "cache") };
}

/** Settings of the machine that were not thought of must not make apt slow unseen. */
function assertDefaults(folder: string): void {
  const caches = readdirSync(join(folder, "cache"));
  const lists = readdirSync(join(folder, "lists")).filter((name) => name.includes("Packages"));
  if (!caches.includes("pkgcache.bin") || !lists.every((name) => name.endsWith("Packages"))) {
    throw new Error(`apt keeps its caches otherwise than by default: ${[...caches, ...lists].join(", ")}`);
  }
}
