// apt-get as an oracle of the sets that it installs on an empty system: what `oracles/apt-set` prints, but with apt's package
// cache kept between calls and without the simulated unpacking, which makes hundreds of calls bearable.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { run, sharedOracle } from "../kit/oracle.ts";

export interface AptOracle {
  readonly architecture: string;
  /** The text of the suite's `Packages`, main only. */
  readonly packages: string;
  /** `name version`, sorted; undefined when apt says that it finds no set. */
  install(names: readonly string[], options: { readonly recommends: boolean }): Promise<readonly string[] | undefined>;
  close(): void;
}

/** Lets apt-set fetch the suite's index files, verified, and reads the same files from then on. */
export function openAptOracle(suite: string): AptOracle {
  run(sharedOracle("apt-set"), [suite, "base-files"]);
  const architecture = run("dpkg", ["--print-architecture"]).trim();
  const state = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "apt-oracle", `${suite}-${architecture}`);
  const cache = mkdtempSync(join(tmpdir(), "dodai-apt-"));
  const options = Object.entries({
    "Dir::State": state,
    "Dir::State::lists": join(state, "lists"),
    "Dir::State::status": join(state, "status"),
    "Dir::Cache": cache,
    "Dir::Cache::pkgcache": "pkgcache.bin",
    "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
    "Dir::Etc::sourcelist": join(state, "etc", "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "APT::Architecture": architecture,
    "APT::Architectures::": architecture,
    "APT::AutoRemove::SuggestsImportant": "false",
  }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const index = readdirSync(join(state, "lists")).find((name) => name.includes("_Packages"));
  return {
    architecture,
    packages: run("/usr/lib/apt/apt-helper", ["cat-file", join(state, "lists", index ?? "")]),
    async install(names, { recommends }) {
      const args = [
        "-qq",
        ...options,
        "-o",
        `APT::Install-Recommends=${recommends}`,
        "--print-uris",
        "install",
        ...names,
      ];
      try {
        const { stdout } = await promisify(execFile)("apt-get", args, { encoding: "utf8", maxBuffer: 64 << 20 });
        return setOf(stdout);
      } catch (error) {
        if (error instanceof Error && /unmet dependencies|held (broken )?packages/.test(error.message))
          return undefined;
        throw error;
      }
    },
    close: () => rmSync(cache, { recursive: true }),
  };
}

/** From lines like `'https://HOST/a_1%3a2_amd64.deb' a_1%3a2_amd64.deb 100 SHA256:...`. */
function setOf(uris: string): readonly string[] {
  const files = Array.from(uris.matchAll(/^'\S+' (\S+)_(\S+)_\S+\.deb /gm));
  return files.map(([, name, version]) => `${name} ${decodeURIComponent(version ?? "")}`).sort();
}
