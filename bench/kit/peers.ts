// The programs that do the same, or a part of it: as contenders, or why they are not there.
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { BuildSet } from "./builds.ts";
import { findProgram } from "./child.ts";
import { emptyFolder, type Lab } from "./lab.ts";
import type { Contender } from "./rounds.ts";

export type Peer = { readonly contender: Contender } | { readonly missing: string };

export const plainEnv = (folder: string): Readonly<Record<string, string>> => ({
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

export interface MmdebstrapOptions {
  readonly set: BuildSet;
  readonly release: string;
  /** `whole`: it chooses from all of the release, as people run it. `bare`: its repository holds the packages and nothing else. */
  readonly index: "whole" | "bare";
}

/** Packages and index lie in a folder of this machine, so that mmdebstrap downloads nothing. */
export function mmdebstrap(lab: Lab, name: string, { set, release, index }: MmdebstrapOptions): Peer {
  const missing = ["mmdebstrap", "apt-get", "xz"].filter((program) => !findProgram(program));
  if (missing.length > 0) return { missing: `no ${missing.join(", ")}` };
  const folder = emptyFolder(join(lab.workspace.folder, "mmdebstrap", `${name}-${index}`));
  for (const [at, file] of set.files.entries()) {
    const path = join(folder, "repository", set.packages[at]?.path ?? basename(file));
    mkdirSync(dirname(path), { recursive: true });
    linkSync(file, path);
  }
  writeFileSync(join(folder, "repository/Packages"), indexFor(lab, { set, release, index }));
  const target = join(folder, "root.tar");
  const args = [
    "--variant=extract",
    "--mode=root",
    "--format=tar",
    "--quiet",
    `--include=${set.packages.map((one) => one.name).join(",")}`,
    release,
    target,
    `deb [trusted=yes] copy:${join(folder, "repository")} ./`,
  ];
  return {
    contender: {
      name: `mmdebstrap extract, ${index} index`,
      prepare: () => rmSync(target, { force: true }),
      command: () => ({ program: "mmdebstrap", args, cwd: folder, env: plainEnv(folder) }),
      check: () => {
        if (statSync(target).size < 1 << 20) throw new Error("mmdebstrap left no root");
      },
    },
  };
}

/** Stanzas of the release with its updates and fixes. The wanted packages, in the wanted version, state no relations. */
function indexFor(lab: Lab, { set, release, index }: MmdebstrapOptions): string {
  const wanted = new Map(set.packages.map((one) => [one.name, one]));
  const stanzas = lab.archive.indexFiles(release).flatMap((file) => {
    const { stdout, status, stderr } = spawnSync("xz", ["-dc", file], { encoding: "utf8", maxBuffer: 1 << 29 });
    if (status !== 0) throw new Error(stderr);
    return stdout.split("\n\n").filter((stanza) => stanza.trim() !== "");
  });
  const shown = stanzas.flatMap((stanza) => {
    const one = wanted.get(/^Package: (.*)$/m.exec(stanza)?.[1] ?? "");
    if (one === undefined) return index === "whole" ? [stanza] : [];
    return stanza.includes(`\nFilename: ${one.path}\n`) ? [withoutRelations(`${stanza}\n`).trimEnd()] : [];
  });
  return `${shown.join("\n\n")}\n`;
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
