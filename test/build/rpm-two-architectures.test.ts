// One name in two architectures, as glibc and libgcc are on amd64: dodai's image beside the root that dnf installs, and what rpm
// says of both.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import { namesApart } from "../../src/build/package-names.ts";
import { why } from "../../src/build/why.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { baseRecipe } from "../../src/distros/rpm-family.ts";
import { installWithDnf } from "../kit/dnf.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, type Signer, writeRepository } from "../kit/repository.ts";
import { differencesOf, type KnownDifference, listTar, unexplained } from "../kit/root-list.ts";
import { makeRpmRepository } from "../kit/rpm-repository.ts";
import { runWorkshop } from "../kit/rpm-workshop.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { workshopSpecs } from "./workshop-specs.ts";

const known: readonly KnownDifference[] = [
  [/^only theirs: (tmp\/|etc\/dnf|var\/(lib|cache)\/dnf|var\/lib$|var\/cache$|var\/log\/(dnf|hawkey))/, "dnf's own"],
  [/^only theirs: var\/lib\/rpm\/(\.rpm\.lock|rpmdb\.sqlite-)/, "a database that is open"],
  [/^only theirs: var\/tmp$/, "where rpm keeps scripts while they run"],
  [/^var\/spool\/mail: owner 0:12, theirs 0:0$/, "rpm takes root for a group that a later package brings"],
  [/^var\/lib\/rpm\/rpmdb\.sqlite: (size|digest) /, "install times; see the database's own tests"],
];

const epoch = 2_000_000_000;
const rooted = process.getuid?.() === 0 ? {} : { skip: "needs root, for dnf" };

const head = (name: string, more: string): string => `Name: ${name}
Version: 1.0
Release: 1
Summary: Package ${name} of a test
License: MIT
AutoReqProv: no
${more}
%description
Package ${name}.
`;

const sections = ["pre", "post", "posttrans", "triggerin -- twin", "triggerin -- other"];
const fileSections = ["filetriggerin -- /usr/bin", "transfiletriggerin -- /usr/bin /usr/share/twin"];

/** Scripts that note who they are of, how they were called, and with which files. */
const scripts = (of: string): string =>
  [...sections, "triggerprein -- other", ...fileSections]
    .map((one) => {
      const files = fileSections.includes(one) ? "\ncat >>/var/log/scripts" : "";
      return `%${one}\necho "${one.split(" ")[0]} ${of} $*" >>/var/log/scripts || :${files}`;
    })
    .join("\n");

const twin = (architecture: "i686" | "x86_64", text = "all"): string => {
  const folder = architecture === "i686" ? "lib" : "lib64";
  const [word, machine] = architecture === "i686" ? ["001", "003"] : ["002", "076"];
  const elf = `'\\177ELF\\${word}\\001\\001\\000\\000\\000\\000\\000\\000\\000\\000\\000\\003\\000\\${machine}\\000\\001\\000\\000\\000'`;
  return `${head("twin", `Provides: twin(${architecture})\nRequires: shell, setup`)}
%install
cd %{buildroot}
mkdir -p usr/bin usr/${folder} usr/share/twin usr/share/doc/twin etc
{ printf ${elf}; head -c 200 /dev/zero; } >usr/bin/twin
cp usr/bin/twin usr/${folder}/libtwin.so.1
chmod 755 usr/bin/twin usr/${folder}/libtwin.so.1
ln usr/bin/twin usr/bin/twin-again
ln usr/bin/twin usr/${folder}/twin-third
ln -s twin usr/bin/twin-link
ln -s libtwin.so.1 usr/${folder}/libtwin.so
echo ${text} >usr/share/twin/text
echo read me >usr/share/doc/twin/README
echo x=1 >etc/twin.conf
find . -exec touch -h -d @1600000000 {} +
${scripts(architecture)}
%files
/usr/bin/*
/usr/lib*/*
/usr/share/twin
%doc /usr/share/doc/twin/README
%config(noreplace) /etc/twin.conf
%ghost /var/log/twin.log
`;
};

const other = `${head("other", "BuildArch: noarch\nRequires: twin(x86_64), twin(i686)")}
%install
mkdir -p %{buildroot}/usr/bin
echo other >%{buildroot}/usr/bin/other
%post
echo "post other $*" >>/var/log/scripts
%triggerin -- twin
echo "triggerin of other: twin $*" >>/var/log/scripts
%files
/usr/bin/other
`;

const log = "var/log/scripts";
const [filesystem = ""] = workshopSpecs;

describe("one name in two architectures", needs("rpm", "rpmbuild", "rpmsign", "createrepo_c", "dnf", "gpg"), () => {
  let signer: Signer;
  let folder: string;
  let repository: string;
  const closing: (() => Promise<void>)[] = [];
  before(async () => {
    signer = createSigner("packager", { algorithm: "rsa3072" });
    folder = await temporaryFolder({ after: (close: () => Promise<void>) => void closing.push(close) });
    repository = runWorkshop(folder, {
      specs: [filesystem, twin("x86_64"), twin("i686"), other],
      targets: { 2: "i686" },
      signers: [signer],
    });
  });
  after(async () => {
    signer.close();
    for (const close of closing) await close();
  });

  const optionsOf = (changes: Partial<Recipe>, more: Partial<BuildOptions> = {}): BuildOptions => ({
    hostRoot: "",
    now: new Date("2100-01-01"),
    recipe: recipeOf(repository, signer, changes),
    cacheDirectory: join(folder, "cache"),
    sourceDateEpoch: epoch,
    insecureUnsigned: true,
    outputs: [],
    ...more,
  });

  it("is the root that dnf installs, path by path and state by state", rooted, async () => {
    const tar = join(folder, "root.tar");
    const ledger = join(folder, "ledger.json");
    await build(optionsOf({ scripts: "run" }, { outputs: [{ kind: "tar", destination: tar }], ledgerFile: ledger }));
    const theirs = installWithDnf({ folder, repository, words: ["other"], releasever: "9" });
    assert.deepEqual(unexplained(differencesOf(listTar(tar, epoch), theirs.list()), known), []);
    const ours = join(folder, "ours");
    mkdirSync(ours);
    run("tar", ["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", tar, "-C", ours]);
    assert.deepEqual(statesIn(ours), statesIn(theirs.root));
    assert.ok(statesIn(ours).includes("twin.i686 4 /usr/bin/twin"));
    assert.deepEqual(verify(ours), []);
    assert.equal(readFileSync(join(ours, log), "utf8"), readFileSync(join(theirs.root, log), "utf8"));
    const told = JSON.parse(readFileSync(ledger, "utf8")).platforms["linux/amd64"].scripts;
    const posts = told.filter(({ script }: { script: string }) => script === "post");
    assert.deepEqual(
      posts.map((one: { package: string; version: string }) => `${one.package} ${one.version}`),
      ["twin.i686 1.0-1", "twin 1.0-1", "other 1.0-1"],
    );
  });

  it("gives the same image from a lock, and in layers", async () => {
    const lockFile = join(folder, "dodai.lock");
    const options = optionsOf({ scripts: "skip", layers: { kind: "per-package", max: 20 } }, { lockFile });
    const first = await build(options);
    await lock({ ...options, lockFile });
    const again = await build({ ...options, cacheDirectory: join(folder, "cache-2") });
    assert.equal(again.digest, first.digest);
    assert.deepEqual(
      again.platforms[0]?.packages.filter(({ name }) => name === "twin").map(({ architecture }) => architecture),
      ["i686", "x86_64"],
    );
  });

  it("tells why either is there", async () => {
    const { recipe, ...options } = optionsOf({ scripts: "skip" });
    for (const [packageName, architecture] of [
      ["twin", "x86_64"],
      ["twin.i686", "i686"],
    ] as const) {
      const [told] = await why({ ...options, recipe, packageName });
      assert.match(told?.lines.at(-1) ?? "", new RegExp(`: other depends on twin\\(${architecture}\\)$`));
    }
  });

  it("leaves a program of an image below in its place, where it is for 64 bits", rooted, async () => {
    const image = join(folder, "lower");
    const outputs = [{ kind: "oci-layout", destination: image }] as const;
    const ask = (request: string): Recipe["packages"] => [{ request, exclude: false }];
    await build(optionsOf({ scripts: "skip", packages: ask("twin") }, { outputs }));
    const tar = join(folder, "upper.tar");
    const base = { image, upgrade: false };
    const changes = {
      base,
      scripts: "skip",
      packages: ask("twin.i686"),
    } as const;
    await build(optionsOf(changes, { outputs: [{ kind: "tar", destination: tar }] }));
    const root = join(folder, "upper-root");
    mkdirSync(root);
    run("tar", ["--numeric-owner", "-xpf", tar, "-C", root]);
    assert.deepEqual(
      statesIn(root).filter((line) => line.endsWith(" /usr/bin/twin")),
      ["twin.i686 4 /usr/bin/twin", "twin.x86_64 0 /usr/bin/twin"],
    );
    assert.equal(readFileSync(join(root, "usr/bin/twin"))[4], 2);
    assert.equal(readFileSync(join(root, "usr/lib/twin-third"))[4], 1);
  });

  it("is refused where both have a text of their own at a path", async () => {
    const apart = join(folder, "apart");
    const packages = (["i686", "x86_64"] as const).map((arch) => ({
      ...{ name: "twin", arch, signer, provides: [`twin(${arch})`] },
      tree: [{ path: "usr/share/text", content: arch }],
    }));
    const one = { name: "other", arch: "noarch", signer, requires: ["twin(i686)", "twin(x86_64)"] };
    await writeRepository(apart, makeRpmRepository({ packages: [...packages, one] }));
    await assert.rejects(build({ ...optionsOf({}), recipe: recipeOf(apart, signer, { scripts: "skip" }) }), {
      code: "FILE_CONFLICT",
      message:
        'Cannot merge packages: "/usr/share/text" is in twin.i686 1.0-1 and in twin 1.0-1, and neither replaces the other',
    });
  });
});

describe("names of packages in a tree", () => {
  const x86: Named = { name: "glibc", architecture: "x86_64" };
  const i686: Named = { name: "glibc", architecture: "i686" };
  const rows: readonly {
    readonly name: string;
    readonly packages: readonly Named[];
    readonly is: readonly string[];
  }[] = [
    { name: "are their own", packages: [x86, { ...x86, name: "bash" }], is: ["glibc", "bash"] },
    { name: "are their own for another architecture alone", packages: [i686], is: ["glibc"] },
    { name: "have the architecture beside their like", packages: [i686, x86], is: ["glibc.i686", "glibc"] },
  ];
  for (const { name, packages, is } of rows) {
    it(name, () => assert.deepEqual(namesApart(packages, "x86_64"), is));
  }

  it("are never the same for two", () => {
    assert.throws(() => namesApart([x86, x86], "x86_64"), { code: "UNSATISFIABLE" });
    assert.throws(() => namesApart([i686, x86, { ...x86, name: "glibc.i686" }], "x86_64"), { code: "UNSATISFIABLE" });
  });
});

type Named = Parameters<typeof namesApart>[0][number];

const database = ["--dbpath", "/var/lib/rpm"];

/** What rpm keeps of each file of each package. */
function statesIn(root: string): readonly string[] {
  const format = "[%{=NAME}.%{=ARCH} %{FILESTATES} %{FILENAMES}\n]";
  return run("rpm", ["--root", root, ...database, "-qa", "--qf", format])
    .trim()
    .split("\n")
    .sort();
}

/** What `rpm -Va` says; it fails when it says something. */
function verify(root: string): readonly string[] {
  const { stdout } = spawnSync("rpm", ["--root", root, ...database, "-Va"], { encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "");
}

function recipeOf(repository: string, signer: Signer, changes: Partial<Recipe>): Recipe {
  return {
    ...baseRecipe("twins", { name: "centos", release: "stream9" }, "empty"),
    platforms: [parsePlatform("linux/amd64")],
    packages: [{ request: "other", exclude: false }],
    repositories: [
      {
        urls: [repository],
        suites: [],
        flat: "./",
        components: [],
        keys: [signer.key.armored],
        only: true,
        insecureUnsigned: false,
      },
    ],
    ...changes,
  };
}
