// dnf of this machine as an oracle: a root that it installs from one repository, with nothing else of the machine in it.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listFolder, type RootList } from "./root-list.ts";

export interface DnfOptions {
  /** Where the root and everything of dnf's own goes. */
  readonly folder: string;
  readonly repository: string;
  readonly words: readonly string[];
  readonly releasever: string;
  readonly recommends?: boolean;
  /** Settings of the repository: `gpgcheck=1`. */
  readonly settings?: readonly string[];
  /** Switches of the program: `--setopt=tsflags=noscripts`. */
  readonly switches?: readonly string[];
}

/** What is there after `dnf --installroot`; only root can have it. Throws with what dnf said. */
export function installWithDnf(options: DnfOptions): { readonly root: string; readonly list: () => RootList } {
  const { folder, repository, words, releasever, recommends = false, settings = [], switches = [] } = options;
  const root = join(folder, "dnf-root");
  const home = join(folder, "dnf-home");
  for (const one of [root, join(home, "log"), join(home, "repos")]) mkdirSync(one, { recursive: true });
  // Debian's rpm would have the database in a home.
  writeFileSync(join(home, ".rpmmacros"), "%_dbpath /var/lib/rpm\n");
  const lines = ["[one]", "name=one", `baseurl=file://${repository}`, "gpgcheck=0", ...settings];
  writeFileSync(join(home, "repos/one.repo"), `${lines.join("\n")}\n`);
  const set = {
    reposdir: join(home, "repos"),
    cachedir: join(home, "cache"),
    install_weak_deps: recommends ? "1" : "0",
    module_platform_id: "platform:el9",
  };
  const since = Math.floor(Date.now() / 1000);
  const args = [
    ...["-y", "--installroot", root, "--releasever", releasever],
    ...Object.entries(set).map(([name, value]) => `--setopt=${name}=${value}`),
    ...switches,
    ...["install", ...words],
  ];
  const env = { PATH: process.env.PATH ?? "", HOME: home, LC_ALL: "C.UTF-8" };
  const { status, stdout, stderr } = spawnSync("dnf", args, {
    timeout: 120_000,
    encoding: "utf8",
    env,
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`dnf ended with ${status}:\n${stdout}${stderr}`);
  return { root, list: () => listFolder(root, since) };
}
