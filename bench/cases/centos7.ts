// CentOS 7 from packages on disk, scripts and all, beside dnf. The packages are the fixtures' real ones.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { LockedPackage } from "../kit/archive.ts";
import { prepareSet, type SetOptions } from "../kit/builds.ts";
import { findProgram } from "../kit/child.ts";
import { type Case, commandsOf, emptyFolder, type Lab, race, seriesOf } from "../kit/lab.ts";
import { type Peer, plainEnv, present } from "../kit/peers.ts";
import { compare, cpuOf, type Row, timesFaster, wallOf } from "../kit/report.ts";
import { formatSpread, spreadOf } from "../kit/spread.ts";

const fixtures = resolve(import.meta.dirname, "../../../shared/fixtures/rpm/centos7-real");
const words = ["bash", "coreutils", "centos-release", "rpm", "tar", "gzip"];
const rounds = 5;
const name = "centos7";

export const centos7: Case = {
  name,
  run: async (lab) => {
    const repository = makeRepository(lab);
    if (repository === undefined) {
      const missing = "no createrepo_c, or no fixtures of CentOS 7";
      return { name, title: "CentOS 7", rows: [], notes: [`Not measured: ${missing}.`], commands: [] };
    }
    const set = await prepareSet(lab, centos7Set(lab, repository));
    const peer = dnf(lab, repository);
    const [cold, unchanged] = [set.cold("oci"), set.unchanged("oci")];
    const all = race(lab, present(cold, set.known("oci"), unchanged, peer), rounds);
    const cpu = [...all.values()].map((one) => `${one.name} ${formatSpread(spreadOf(cpuOf(one)), " s")}`);
    const against = (what: string, one: { readonly name: string }, times: number): Row => {
      const ours = wallOf(seriesOf(all, one.name));
      if ("missing" in peer) return compare({ what, ours, unit: " s", peer });
      const { name: called } = peer.contender;
      const values = wallOf(seriesOf(all, called));
      return compare({ what, ours, unit: " s", peer: { name: called, values }, aim: timesFaster(times) });
    };
    return {
      name,
      title: `CentOS 7 with rpm, scripts run (${set.packages.length} packages)`,
      rows: [
        against("packages there, nothing made of them (cold), as oci with a gzip layer", cold, 4),
        against("what scripts do is known", set.known("oci"), 4),
        against("nothing changed", unchanged, 20),
      ],
      notes: [
        `CPU of all processes: ${cpu.join("; ")}.`,
        "dnf reads the same package files from a folder and checks no signatures, as root; dodai checks all and has a lock.",
      ],
      commands: commandsOf(all, lab),
    };
  },
};

/** `undefined` where it cannot be made. */
function makeRepository(lab: Lab): string | undefined {
  if (!findProgram("createrepo_c") || !existsSync(fixtures)) return undefined;
  const folder = emptyFolder(join(lab.workspace.folder, "centos7-repository"));
  for (const file of globSync(`${fixtures}/{lzhuan-test+zabbix-tutorial/rpms,stand-ins}/*.rpm`)) {
    copyFileSync(file, join(folder, basename(file)));
  }
  const { status, stderr } = spawnSync("createrepo_c", ["-q", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return folder;
}

/** Two packages, stand-ins for what nobody has any more, are not signed. */
function centos7Set(lab: Lab, repository: string): SetOptions {
  const lines = [
    "distro: centos:7",
    "variant: empty",
    "scripts: run",
    "platforms: [linux/amd64]",
    `packages: [${words.join(", ")}]`,
    `repositories: [{url: "${repository}", flat: ./, only: true, insecure-unsigned: true}]`,
  ];
  const folder = emptyFolder(join(lab.workspace.folder, "centos7-packages"));
  const download = async (packages: readonly LockedPackage[]): Promise<readonly string[]> =>
    packages.map(({ path, digest }) => {
      const file = join(folder, digest.slice("sha256:".length));
      copyFileSync(join(repository, path), file);
      return file;
    });
  return { name, recipe: { text: `${lines.join("\n")}\n` }, download };
}

/** dnf, tar and gzip; its root is new each time, the packages lie on this disk. */
function dnf(lab: Lab, repository: string): Peer {
  if (!findProgram("dnf")) return { missing: "no dnf" };
  const folder = emptyFolder(join(lab.workspace.folder, "dnf"));
  const [root, made] = [join(folder, "root"), join(folder, "root.tar.gz")];
  mkdirSync(join(folder, "log"));
  // Debian's rpm would have the database in a home.
  writeFileSync(join(folder, ".rpmmacros"), "%_dbpath /var/lib/rpm\n");
  const install = [
    `dnf -y -q --installroot ${root} --releasever 7 --nogpgcheck --repofrompath one,file://${repository} --repo one`,
    `--setopt=reposdir=/nonexistent --setopt=install_weak_deps=0 install ${words.join(" ")}`,
  ];
  const script = `${install.join(" ")} && tar -C ${root} --xattrs --numeric-owner -cf - . | gzip -6 >${made}`;
  writeFileSync(join(folder, "dnf.sh"), `set -e\n${script}\n`);
  return {
    contender: {
      name: "dnf --installroot, tar, gzip -6",
      prepare: () => {
        for (const one of [root, made]) rmSync(one, { recursive: true, force: true });
      },
      command: () => ({ program: "/bin/sh", args: [join(folder, "dnf.sh")], cwd: folder, env: plainEnv(folder) }),
      check: () => {
        if (statSync(made).size < 20 << 20) throw new Error("dnf left no root");
      },
    },
  };
}
