// A modern distribution as the real programs make it (rpmbuild, rpmsign, createrepo_c): dodai's image beside the root that dnf
// installs from the same repository, and what rpm says of it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions, BuildResult } from "../../src/build/contract.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { baseRecipe } from "../../src/distros/rpm-family.ts";
import { installWithDnf } from "../kit/dnf.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { differencesOf, type KnownDifference, listTar, unexplained } from "../kit/root-list.ts";
import { runWorkshop } from "../kit/rpm-workshop.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { workshopComps, workshopModules, workshopSpecs } from "./workshop-specs.ts";

const known: readonly KnownDifference[] = [
  [/^only theirs: (tmp\/|etc\/dnf|var\/(lib|cache)\/dnf|var\/lib$|var\/cache$|var\/log\/(dnf|hawkey))/, "dnf's own"],
  [/^only theirs: var\/lib\/rpm\/(\.rpm\.lock|rpmdb\.sqlite-)/, "a database that is open"],
  [/^only theirs: var\/tmp$/, "where rpm keeps scripts while they run"],
  [/^var\/spool\/mail: owner 0:12, theirs 0:0$/, "rpm takes root for a group that a later package brings"],
  [/^var\/lib\/rpm\/rpmdb\.sqlite: (size|digest) /, "install times; see the database's own tests"],
];

const words = ["app", "@core", "@tool:two"];
const epoch = 2_000_000_000;
const isRoot = process.getuid?.() === 0;

interface Place {
  readonly folder: string;
  readonly repository: string;
  readonly recipe: Recipe;
  options(changes?: Partial<BuildOptions>): BuildOptions;
}

describe("a distribution that rpmbuild made", needs("rpm", "rpmbuild", "rpmsign", "createrepo_c", "dnf", "gpg"), () => {
  let signers: readonly [Signer, Signer];
  let place: Place;
  const closing: (() => Promise<void> | void)[] = [];
  before(async () => {
    signers = [createSigner("packager", { algorithm: "rsa3072" }), createSigner("builder")];
    const t = { after: (close: () => Promise<void>) => void closing.push(close) };
    const folder = await temporaryFolder(t);
    const repository = runWorkshop(folder, {
      specs: workshopSpecs,
      signers,
      comps: workshopComps,
      modules: workshopModules,
      signer: signers[1],
      metadata: "zstd",
    });
    place = openPlace(folder, repository, signers);
  });
  after(async () => {
    for (const signer of signers) signer.close();
    for (const close of closing) await close();
  });

  it("is the root that dnf installs, path by path", isRoot ? {} : { skip: "needs root, for dnf" }, async () => {
    const { folder, repository } = place;
    const tar = join(folder, "root.tar");
    const built = await build(place.options({ outputs: [{ kind: "tar", destination: tar }] }));
    const keys = signers.map(({ key, home }) => {
      run("gpg", ["--homedir", home, "--armor", "--yes", "--output", `${home}.asc`, "--export", key.fingerprint ?? ""]);
      closing.push(() => void run("rm", ["-f", `${home}.asc`]));
      return `file://${home}.asc`;
    });
    const theirs = installWithDnf({
      folder,
      repository,
      words,
      releasever: "9",
      recommends: true,
      settings: ["gpgcheck=1", `gpgkey=${keys.join(" ")}`],
    });
    const told = run("rpm", ["--root", theirs.root, ...database, "-qa", "--qf", format])
      .trim()
      .split("\n");
    assert.deepEqual(told.filter((line) => !line.startsWith("gpg-pubkey-")).sort(), packagesOf(built));
    assert.deepEqual(unexplained(differencesOf(listTar(tar, epoch), theirs.list()), known), []);
    const ours = join(folder, "ours");
    mkdirSync(ours);
    run("tar", ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", tar, "-C", ours]);
    assert.deepEqual(verify(ours), []);
    assert.deepEqual(verify(theirs.root), ["......G..    /var/spool/mail"]);
  });

  const refused: readonly (readonly [name: string, trusted: readonly number[], code: string])[] = [
    ["when the key of some packages is missing", [1], "SIGNATURE_INVALID"],
    ["when the key of the index is missing, and of some packages", [0], "SIGNATURE_INVALID"],
  ];
  for (const [name, trusted, code] of refused) {
    it(`is refused ${name}`, async () => {
      const keys = trusted.map((at) => signers[at]?.key.armored ?? "");
      const repositories = place.recipe.repositories.map((one) => ({ ...one, keys }));
      await assert.rejects(build(place.options({ recipe: { ...place.recipe, repositories } })), { code });
    });
  }

  it("is refused when repomd.xml is another than was signed", async () => {
    const repomd = join(place.repository, "repodata/repomd.xml");
    const text = readFileSync(repomd, "utf8");
    writeFileSync(repomd, text.replace("<revision>", "<revision>1"));
    try {
      await assert.rejects(build(place.options()), { code: "SIGNATURE_INVALID" });
    } finally {
      writeFileSync(repomd, text);
    }
  });
});

const format = "%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\n";
const database = ["--dbpath", "/var/lib/rpm"];

/** What `rpm -Va` says; it fails when it says something. */
function verify(root: string): readonly string[] {
  const { stdout } = spawnSync("rpm", ["--root", root, ...database, "-Va"], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

const packagesOf = ({ platforms: [one] }: BuildResult): readonly string[] =>
  (one?.packages ?? []).map(({ name, version, architecture }) => `${name}-${version}.${architecture}`).sort();

function openPlace(folder: string, repository: string, signers: readonly Signer[]): Place {
  const recipe: Recipe = {
    ...baseRecipe("workshop", { name: "centos", release: "stream9" }, "empty"),
    platforms: [parsePlatform("linux/amd64")],
    packages: words.map((request) => ({ request, exclude: false })),
    recommends: true,
    scripts: "run",
    repositories: [
      {
        urls: [repository],
        suites: [],
        flat: "./",
        components: [],
        keys: signers.map(({ key }) => key.armored),
        only: true,
        insecureUnsigned: false,
      },
    ],
  };
  const options = (changes: Partial<BuildOptions> = {}): BuildOptions => ({
    hostRoot: "",
    now: new Date("2100-01-01"),
    recipe,
    cacheDirectory: join(folder, "cache"),
    sourceDateEpoch: epoch,
    outputs: [],
    ...changes,
  });
  return { folder, repository, recipe, options };
}
