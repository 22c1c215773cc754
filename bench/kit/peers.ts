// The programs that do the same, or a part of it: as contenders, or why they are not there.
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { BuildSet } from "./builds.ts";
import { findProgram } from "./child.ts";
import { emptyFolder, type Lab } from "./lab.ts";
import type { Contender } from "./rounds.ts";

export type Peer = { readonly contender: Contender } | { readonly missing: string };

const plainEnv = (folder: string): Readonly<Record<string, string>> => ({
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: folder,
  TMPDIR: folder,
  LC_ALL: "C.UTF-8",
});

/**
 * Decompressing the packages' files and compressing them again, each with the usual program: work that nobody who starts
 * from packages and ends with a gzip layer can leave out.
 */
export function floor(lab: Lab, name: string, set: BuildSet): Peer {
  const missing = ["xz", "gzip", "ar"].filter((program) => !findProgram(program));
  if (missing.length > 0) return { missing: `no ${missing.join(", ")}` };
  const folder = emptyFolder(join(lab.workspace.folder, "floor", name));
  const steps = set.files.map((file, index) => {
    const member = spawnSync("ar", ["t", file], { encoding: "utf8" })
      .stdout.split("\n")
      .find((one) => one.startsWith("data.tar"));
    if (!member) throw new Error(`${file} has no data.tar`);
    const { stdout } = spawnSync("ar", ["p", file, member], { maxBuffer: 1 << 30 });
    const path = join(folder, `${index}.${member}`);
    writeFileSync(path, stdout);
    return member.endsWith(".xz")
      ? `xz -dc ${path}`
      : member.endsWith(".zst")
        ? `zstd -dc ${path}`
        : member.endsWith(".gz")
          ? `gzip -dc ${path}`
          : `cat ${path}`;
  });
  const script = `{ ${steps.join("; ")}; } >all.tar && gzip -6 -c all.tar >all.tar.gz`;
  writeFileSync(join(folder, "floor.sh"), `set -e\n${script}\n`);
  return {
    contender: {
      name: "xz -dc of all, gzip -6",
      command: () => ({ program: "/bin/sh", args: [join(folder, "floor.sh")], cwd: folder, env: plainEnv(folder) }),
    },
  };
}

/** The packages alone in a repository of this machine, so that mmdebstrap downloads nothing and has nothing to choose. */
export function mmdebstrap(
  lab: Lab,
  name: string,
  { set, release }: { readonly set: BuildSet; readonly release: string },
): Peer {
  const missing = ["mmdebstrap", "dpkg-scanpackages", "apt-get"].filter((program) => !findProgram(program));
  if (missing.length > 0) return { missing: `no ${missing.join(", ")}` };
  const folder = emptyFolder(join(lab.workspace.folder, "mmdebstrap", name));
  const pool = join(folder, "pool");
  mkdirSync(pool);
  for (const [index, file] of set.files.entries()) {
    const one = set.packages[index];
    linkSync(file, join(pool, `${one?.name ?? basename(file)}_${one?.architecture ?? ""}.deb`));
  }
  const scanned = spawnSync("dpkg-scanpackages", ["-m", "."], { cwd: pool, encoding: "utf8", maxBuffer: 1 << 28 });
  if (scanned.status !== 0) throw new Error(scanned.stderr);
  writeFileSync(join(pool, "Packages"), withoutRelations(scanned.stdout));
  const target = join(folder, "root.tar");
  const args = [
    "--variant=extract",
    "--mode=root",
    "--format=tar",
    "--quiet",
    `--include=${set.packages.map((one) => one.name).join(",")}`,
    release,
    target,
    `deb [trusted=yes] copy:${pool} ./`,
  ];
  return {
    contender: {
      name: "mmdebstrap extract",
      prepare: () => rmSync(target, { force: true }),
      command: () => ({ program: "mmdebstrap", args, cwd: folder, env: plainEnv(folder) }),
      check: () => {
        if (statSync(target).size < 1 << 20) throw new Error("mmdebstrap left no root");
      },
    },
  };
}

/** Distroless sets lack what packages ask for; and nobody has to choose here. */
function withoutRelations(packages: string): string {
  return packages.replaceAll(
    /^(?:Depends|Pre-Depends|Recommends|Suggests|Enhances|Breaks|Conflicts|Replaces): .*\n(?: .*\n)*/gm,
    "",
  );
}

/** Contenders of those that are there. */
export const present = (...peers: readonly (Peer | Contender | undefined)[]): readonly Contender[] =>
  peers.flatMap((peer) =>
    peer === undefined || "missing" in peer ? [] : "contender" in peer ? [peer.contender] : [peer],
  );
