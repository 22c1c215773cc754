// The real thing: packages of CentOS 7.6 in a repository that createrepo_c made, against dnf.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions, BuildResult } from "../../src/build/contract.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { runDodai } from "../kit/build.ts";
import { installWithDnf } from "../kit/dnf.ts";
import { needs, run } from "../kit/oracle.ts";
import { differencesOf, type KnownDifference, listTar, unexplained } from "../kit/root-list.ts";
import { centosPackages, centosRecipe, centosRepository } from "./centos.ts";

/** Why the image is not, in all, the root that dnf installs. */
const known: readonly KnownDifference[] = [
  [/^only theirs: (tmp\/|etc\/dnf|var\/lib\/dnf|var\/log\/(dnf|hawkey))/, "dnf's history, logs and settings"],
  [/^only theirs: var\/lib\/rpm\/(rpmdb\.sqlite|\.rpm\.lock)/, "the host's rpm has another database"],
  [/^only mine: var\/lib\/rpm\/[A-Z]\w+$/, "rpm 4.11 reads Berkeley DB"],
  [/^only theirs: dev\/null$/, "a file that scripts wrote, since dnf's root has no devices"],
  [/^etc\/pki\/ca-trust\/extracted\/java\/cacerts: digest /, "it has the time at which it was made"],
  [/^etc\/ld\.so\.cache: (digest|size) /, "dnf makes it before the last libraries are there"],
  [/^only theirs: var\/cache\/ldconfig\/aux-cache$/, "inode numbers and times of one machine"],
];

/** What scripts do that is not done natively. */
const notEmulated: readonly KnownDifference[] = [
  [/^usr\/lib64\/gconv\/gconv-modules\.cache: /, "iconvconfig makes it faster to find character sets"],
];

const packagesOf = ({ platforms: [one] }: BuildResult): readonly string[] =>
  (one?.packages ?? []).map(({ name, version, architecture }) => `${name}-${version}.${architecture}`).sort();

const format = "%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\\n";

/** What dnf would install, from the table that it shows. */
function dnfPackages(folder: string, repository: string, words: readonly string[]): readonly string[] {
  const settings = {
    reposdir: "/nonexistent",
    install_weak_deps: "0",
    cachedir: join(folder, "dnf-cache"),
  };
  const args = [
    ["--installroot", join(folder, "dnf-root"), "--repofrompath", `c7,${repository}`, "--repo", "c7"],
    [
      "--releasever",
      "7",
      "--nogpgcheck",
      ...Object.entries(settings).map(([name, value]) => `--setopt=${name}=${value}`),
    ],
    ["--assumeno", "install", ...words],
  ].flat();
  const told = run("sh", ["-c", 'dnf "$@" 2>&1 || true', "dnf", ...args], { env: { ...process.env, COLUMNS: "200" } });
  const rows = [...told.matchAll(/^ (\S+) +(x86_64|noarch) +(\S+) +c7 /gm)];
  return rows.map(([, name, architecture, version]) => `${name}-${version}.${architecture}`).sort();
}

describe("CentOS 7", needs(centosPackages, "createrepo_c", "dnf", "rpm"), () => {
  it("has the packages that dnf chooses, and rpm's database says so", async (t) => {
    const { folder, repository } = await centosRepository(t);
    const words = ["bash", "coreutils", "centos-release", "rpm", "tar", "gzip"];
    const options: BuildOptions = {
      hostRoot: "",
      now: new Date("2026-11-24"),
      recipe: centosRecipe(repository, words),
      cacheDirectory: join(folder, "cache"),
      outputs: [{ kind: "dir", destination: join(folder, "root") }],
    };
    const packages = packagesOf(await build(options));
    assert.equal(packages.length, 67);
    assert.deepEqual(packages, dnfPackages(folder, repository, words));
    const rpm = (...args: readonly string[]): readonly string[] =>
      run("rpm", [
        "--define",
        "_db_backend bdb_ro",
        "--root",
        join(folder, "root"),
        "--dbpath",
        "/var/lib/rpm",
        ...args,
      ])
        .trim()
        .split("\n");
    assert.deepEqual([...rpm("-qa", "--qf", format)].sort(), packages);
    assert.deepEqual(rpm("-qf", "--qf", "%{NAME}\n", "/usr/bin/ls"), ["coreutils"]);
    for (const name of ["bash", "coreutils", "glibc", "rpm"]) rpm("-V", "--nodeps", "--noscripts", name);
  });

  const isRoot = process.getuid?.() === 0;
  it(
    "is the root that dnf installs, path by path, and runs",
    isRoot ? {} : { skip: "needs root, for dnf" },
    async (t) => {
      const { folder, repository } = await centosRepository(t);
      const words = ["bash", "coreutils", "centos-release", "rpm", "tar", "gzip"];
      const epoch = 2_000_000_000;
      const [tar, image] = [join(folder, "root.tar"), join(folder, "image.tar")];
      const built = await build({
        hostRoot: "",
        now: new Date("2026-11-24"),
        recipe: { ...centosRecipe(repository, words), scripts: "run" },
        cacheDirectory: join(folder, "cache"),
        sourceDateEpoch: epoch,
        outputs: [
          { kind: "tar", destination: tar },
          { kind: "oci", destination: image },
        ],
      });
      const theirs = installWithDnf({ folder, repository, words, releasever: "7" });
      assert.deepEqual(unexplained(differencesOf(listTar(tar, epoch), theirs.list()), known), []);

      const script = `bash --version | head -n 1; ls --version | head -n 1; rpm -Va; rpm -qa --qf '${format}'`;
      const ran = await runDodai(["run", image, "--", "/bin/bash", "-c", script], {
        cwd: folder,
        env: { HOME: folder },
      });
      assert.equal(ran.status, 0, ran.stderr);
      const [bash = "", ls = "", ...lines] = ran.stdout.trimEnd().split("\n");
      assert.match(bash, /^GNU bash, version 4\.2\.46/);
      assert.match(ls, /^ls \(GNU coreutils\) 8\.22$/);
      const verified = lines.filter((line) => line.includes("  "));
      assert.deepEqual(
        verified.filter((line) => !/^\.M\.{7} {2}g \/etc\/pki\/ca-trust\/extracted\//.test(line)),
        [],
      );
      assert.deepEqual(lines.filter((line) => !line.includes("  ")).sort(), packagesOf(built));
    },
  );
  it("is the same whether its scripts run or are emulated, but for what is not known", async (t) => {
    const { folder, repository } = await centosRepository(t);
    const words = ["gzip", "shadow-utils", "libutempter", "pam", "openldap", "nss-tools", "curl", "cpio", "findutils"];
    const build7 = async (
      scripts: "run" | "emulate",
    ): Promise<{ readonly tar: string; readonly result: BuildResult }> => {
      const tar = join(folder, `${scripts}.tar`);
      const recipe: Recipe = {
        ...centosRecipe(repository, words),
        ...{ variant: "minimal", scripts, allowUnknownScripts: ["glibc"] },
      };
      const options = { hostRoot: "", now: new Date("2026-11-24"), recipe, cacheDirectory: join(folder, "cache") };
      return { tar, result: await build({ ...options, outputs: [{ kind: "tar", destination: tar }] }) };
    };
    const [ran, emulated] = [await build7("run"), await build7("emulate")];
    const since = 2_100_000_000;
    assert.deepEqual(
      unexplained(differencesOf(listTar(emulated.tar, since), listTar(ran.tar, since)), notEmulated),
      [],
    );
    const told = emulated.result.platforms[0]?.scripts ?? [];
    assert.deepEqual(
      told.filter(({ done }) => done !== "native").map((one) => `${one.script} of ${one.package}: ${one.done}`),
      ["triggerin of chkconfig: not-needed", "post of glibc: skipped"],
    );
    const trust = told.find((one) => one.package === "ca-certificates" && one.script === "post");
    assert.ok(trust?.changed.includes("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"));
  });
});
