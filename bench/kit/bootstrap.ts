// Programs that make a full root file system, scripts and all, from a repository on this machine that holds the packages of
// one image and nothing else: so they have no more to choose from than dodai's lock.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { linkSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BuildSet } from "./builds.ts";
import { findProgram } from "./child.ts";
import { emptyFolder, type Lab } from "./lab.ts";
import { type Peer, plainEnv } from "./peers.ts";

export interface BootstrapOptions {
  readonly set: BuildSet;
  readonly release: string;
}

/** Both with the variant minbase, as root, telling nobody anything. */
export function bootstrappers(lab: Lab, name: string, options: BootstrapOptions): readonly Peer[] {
  const folder = emptyFolder(join(lab.workspace.folder, "bootstrap", name));
  const repository = join(folder, "repository");
  makeRepository(lab, repository, options);
  const { release } = options;
  const env = { ...plainEnv(folder), SOURCE_DATE_EPOCH: "1763900000" };
  const tar = join(folder, "root.tar");
  const root = join(folder, "root");
  const source = `deb [trusted=yes] copy:${repository} ${release} main`;
  return [
    peer("mmdebstrap", "as tar.gz", {
      args: ["--variant=minbase", "--mode=root", "--quiet", release, `${tar}.gz`, source],
      made: `${tar}.gz`,
      env,
    }),
    peer("mmdebstrap", "as tar", {
      args: ["--variant=minbase", "--mode=root", "--quiet", release, tar, source],
      made: tar,
      env,
    }),
    peer("debootstrap", "as folder", {
      args: ["--variant=minbase", "--no-check-gpg", release, root, `file://${repository}`],
      made: root,
      env,
    }),
  ];
}

interface Wanted {
  readonly args: readonly string[];
  /** What it leaves. */
  readonly made: string;
  readonly env: Readonly<Record<string, string>>;
}

function peer(program: string, form: string, { args, made, env }: Wanted): Peer {
  if (!findProgram(program)) return { missing: `no ${program}` };
  return {
    contender: {
      name: `${program} minbase, ${form}`,
      prepare: () => rmSync(made, { recursive: true, force: true }),
      command: () => ({ program, args, cwd: dirname(made), env }),
      check: () => {
        statSync(made);
      },
    },
  };
}

function makeRepository(lab: Lab, repository: string, { set, release }: BootstrapOptions): void {
  for (const [at, file] of set.files.entries()) {
    const path = join(repository, set.packages[at]?.path ?? "");
    mkdirSync(dirname(path), { recursive: true });
    linkSync(file, path);
  }
  const paths = new Set(set.packages.map(({ path }) => path));
  const stanzas = lab.archive.indexFiles(release).flatMap((file) => {
    const { stdout, status, stderr } = spawnSync("xz", ["-dc", file], { encoding: "utf8", maxBuffer: 1 << 29 });
    if (status !== 0) throw new Error(stderr);
    return stdout.split("\n\n").filter((stanza) => paths.has(/^Filename: (.*)$/m.exec(stanza)?.[1] ?? ""));
  });
  const packages = `${[...new Set(stanzas)].join("\n\n")}\n`;
  const path = `main/binary-${lab.archive.architecture}/Packages`;
  const folder = join(repository, "dists", release);
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), packages);
  const sum = createHash("sha256").update(packages).digest("hex");
  const fields = [
    `Suite: ${release}`,
    `Codename: ${release}`,
    `Architectures: ${lab.archive.architecture}`,
    "Components: main",
    "Date: Sun, 23 Nov 2025 12:13:20 UTC",
    `SHA256:\n ${sum} ${Buffer.byteLength(packages)} ${path}`,
  ];
  writeFileSync(join(folder, "Release"), `${fields.join("\n")}\n`);
}
