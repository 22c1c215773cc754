import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { after, describe, it, test } from "node:test";
import type { PackageIndex, Repository } from "../../../src/packages/contract.ts";
import { openRpmRepository } from "../../../src/packages/rpm/repository.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";
import {
  accessTo,
  createSigner,
  type MemoryRepositoryAccess,
  type RepositoryFiles,
  repositoryOf,
  writeRepository,
} from "../../kit/repository.ts";
import type { RpmSpec } from "../../kit/rpm.ts";
import { makeRpmRepository, type RpmRepositorySpec } from "../../kit/rpm-repository.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const signer = createSigner("packager");
const stranger = createSigner("stranger");
after(() => {
  signer.close();
  stranger.close();
});
const now = new Date("2025-06-02T12:00:00Z");

const packages: readonly RpmSpec[] = [
  {
    name: "app",
    epoch: 1,
    requires: ["lib >= 2", "/usr/bin/sh", "/opt/tool", "(x or y)"],
    obsoletes: ["old < 3"],
    supplements: ["desktop"],
    tree: [{ path: "usr/bin/app", content: "a" }],
  },
  { name: "tool", arch: "noarch", tree: [{ path: "opt/tool", content: "t" }] },
  { name: "lib", version: "1.9", provides: ["lib.so(64bit)"] },
  { name: "lib", version: "1.10" },
  { name: "other", arch: "i686" },
  { name: "foreign", arch: "aarch64" },
];

interface Opened {
  readonly index: PackageIndex;
  readonly access: MemoryRepositoryAccess;
  readonly signedBy: readonly string[];
}

async function open(
  spec: Partial<RpmRepositorySpec> | RepositoryFiles,
  changes: Partial<Repository> = {},
): Promise<Opened> {
  const files = spec instanceof Map ? spec : makeRpmRepository({ packages, ...spec });
  const access = accessTo(files, now);
  const repository = { ...repositoryOf({ keys: [signer.key], flat: true, suite: "", components: [] }), ...changes };
  const { index, chain } = await openRpmRepository(repository, "x86_64", access);
  return { index, access, signedBy: chain.signedBy };
}

const described = (index: PackageIndex, name: string): readonly string[] =>
  index.named(name).map((one) => `${one.name}-${one.version}.${one.architecture} ${one.path}`);

describe("openRepository of rpm", () => {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    it(`reads metadata in ${compression}`, async () => {
      const { index } = await open({ compression });
      assert.deepEqual(described(index, "lib"), [
        "lib-1.10-1.x86_64 Packages/lib-1.10-1.x86_64.rpm",
        "lib-1.9-1.x86_64 Packages/lib-1.9-1.x86_64.rpm",
      ]);
      assert.deepEqual(described(index, "app"), ["app-1:1.0-1.x86_64 Packages/app-1.0-1.x86_64.rpm"]);
      assert.deepEqual([...index.names()], ["app", "lib", "other", "tool"]);
    });
  }
  it("finds packages by what they provide, have, replace and go with", async () => {
    const { index } = await open({});
    const names = (records: readonly { readonly name: string; readonly version: string }[] = []): readonly string[] =>
      records.map(({ name, version }) => `${name} ${version}`);
    assert.deepEqual(names(index.providing("lib.so(64bit)")), ["lib 1.9-1"]);
    assert.deepEqual(names(index.providing("/usr/bin/app")), ["app 1:1.0-1"]);
    assert.deepEqual(names(index.relating?.("obsoletes", "old")), ["app 1:1.0-1"]);
    assert.deepEqual(names(index.relating?.("supplements", "desktop")), ["app 1:1.0-1"]);
  });
  it("looks for files in filelists.xml only when a package asks for one that primary.xml lacks", async () => {
    const { index, access } = await open({});
    assert.deepEqual(
      index.providing("/opt/tool").map(({ name }) => name),
      ["tool"],
    );
    assert.ok(access.fetched.some((path) => path.includes("filelists")));
    const without = await open({ packages: packages.slice(2) });
    assert.ok(!without.access.fetched.some((path) => path.includes("filelists")));
  });
  it("compiles once, for each architecture", async () => {
    const files = makeRpmRepository({ packages });
    const access = accessTo(files, now);
    const repository = repositoryOf({ keys: [signer.key], flat: true, suite: "" });
    for (let run = 0; run < 2; run++) await openRpmRepository(repository, "x86_64", access);
    assert.equal(access.kept.size, 1);
    await openRpmRepository(repository, "i686", access);
    assert.equal(access.kept.size, 2);
  });
  it("takes repositories below the URL", async () => {
    const files: RepositoryFiles = new Map(
      [...makeRpmRepository({ packages })].map(([path, bytes]) => [`BaseOS/os/${path}`, bytes]),
    );
    const { index } = await open(files, { suite: "BaseOS/os/" });
    assert.deepEqual(described(index, "tool"), ["tool-1.0-1.noarch BaseOS/os/Packages/tool-1.0-1.noarch.rpm"]);
  });
  it("leaves out what is excluded", async () => {
    const { index } = await open({}, { excludes: ["to*", "li?"] });
    assert.deepEqual([...described(index, "tool"), ...described(index, "lib")], []);
    assert.equal(described(index, "app").length, 1);
  });
});

describe("the signature of repomd.xml", () => {
  it("is verified where it is there", async () => {
    assert.deepEqual((await open({ signer })).signedBy, [signer.key.fingerprint]);
  });
  it("may be missing, because packages are signed", async () => assert.deepEqual((await open({})).signedBy, []));
  it("of a stranger counts for nothing, and is told of", async () => {
    const { signedBy, access } = await open({ signer: stranger });
    assert.deepEqual(signedBy, []);
    assert.match(access.warnings.join(), /signed by a key that is not among its keys/);
  });
  it("is an error when it is false, unless that was asked for", async () => {
    const files = makeRpmRepository({ packages, signer });
    files.set("repodata/repomd.xml", Buffer.from(`${files.get("repodata/repomd.xml")} `));
    await assert.rejects(open(files), { code: "SIGNATURE_INVALID" });
    assert.deepEqual((await open(files, { insecureUnsigned: true })).signedBy, []);
  });
});

const comps = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps><group><id>core</id><name>Core</name><packagelist>
<packagereq type="mandatory">app</packagereq><packagereq type="default">tool</packagereq>
<packagereq type="optional">lib</packagereq><packagereq type="conditional" requires="app">extra</packagereq>
</packagelist></group>
<environment><id>minimal</id><grouplist><groupid>core</groupid></grouplist>
<optionlist><groupid default="true">guest</groupid><groupid>other</groupid></optionlist></environment></comps>`;

const modules = `---
document: modulemd
version: 2
data:
  name: web
  stream: "1"
  description: >-
    artifacts:
      rpms:
      - tool-0:1.0-1.noarch
  profiles:
    common:
      rpms: [lib]
  artifacts:
    rpms:
    - lib-0:1.9-1.x86_64
...
---
document: modulemd
version: 2
data:
  name: web
  stream: "2"
  artifacts:
    rpms:
      - lib-0:1.10-1.x86_64
...
---
document: modulemd-defaults
version: 1
data:
  module: web
  stream: "1"
  profiles:
    "1": [common]
...
`;

describe("groups and modules", () => {
  it("a group has its packages, an environment its groups", async () => {
    const { index } = await open({ comps });
    assert.deepEqual(index.group?.("core"), {
      id: "core",
      packages: ["app", "tool"],
      optional: ["lib"],
      conditional: [{ name: "extra", requires: "app" }],
      groups: [],
    });
    assert.deepEqual(index.group?.("minimal")?.groups, ["core", "guest"]);
  });
  it("packages of the default stream are there, those of others are not", async () => {
    const { index } = await open({ modules });
    assert.deepEqual(described(index, "lib"), ["lib-1.9-1.x86_64 Packages/lib-1.9-1.x86_64.rpm"]);
    assert.deepEqual(index.group?.("web:1")?.packages, ["lib"]);
  });
  it("another stream can be enabled", async () => {
    const { index } = await open({ modules }, { modules: ["web:2"] });
    assert.deepEqual(described(index, "lib"), ["lib-1.10-1.x86_64 Packages/lib-1.10-1.x86_64.rpm"]);
    assert.equal(described(index, "tool").length, 1);
  });
});

describe("a repository of rpm packages is refused", () => {
  const damaged = (kind: string, change: (text: string) => string): Partial<RpmRepositorySpec> => ({
    edit: (one, text) => (one === kind ? change(text) : text),
  });
  const rows: readonly { name: string; spec: Partial<RpmRepositorySpec>; code: string }[] = [
    {
      name: "without a primary",
      spec: damaged("repomd", (text) => text.replace('"primary"', '"secondary"')),
      code: "RELEASE_SYNTAX",
    },
    {
      name: "that rests on MD5",
      spec: damaged("repomd", (text) => text.replaceAll('"sha256"', '"md5"')),
      code: "RELEASE_SYNTAX",
    },
    {
      name: "whose metadata has another digest",
      spec: damaged("repomd", (text) => text.replace(/(<checksum type="sha256">)../, "$1zz").replace("zz", "00")),
      code: "DIGEST_MISMATCH",
    },
    {
      name: "whose metadata lies outside it",
      spec: damaged("repomd", (text) => text.replace('href="', 'href="../')),
      code: "RELEASE_SYNTAX",
    },
    {
      name: "that is no XML",
      spec: damaged("repomd", (text) => text.replace("</repomd>", "")),
      code: "RELEASE_SYNTAX",
    },
    {
      name: "with entities of its own (billion laughs)",
      spec: damaged("primary", (text) => text.replace("<metadata", '<!DOCTYPE x [<!ENTITY a "aaaa">]><metadata')),
      code: "INDEX_SYNTAX",
    },
    {
      name: "with an unknown entity",
      spec: damaged("primary", (text) => text.replace("<name>app", "<name>&a;")),
      code: "INDEX_SYNTAX",
    },
    {
      name: "with endless nesting",
      spec: damaged("primary", (text) => text.replace("<metadata", `${"<x>".repeat(100)}<metadata`)),
      code: "INDEX_SYNTAX",
    },
    {
      name: "with a name that is a path",
      spec: damaged("primary", (text) => text.replace("<name>app", "<name>../app")),
      code: "INDEX_SYNTAX",
    },
    {
      name: "with an unknown comparison",
      spec: damaged("primary", (text) => text.replace('"GE"', '"XX"')),
      code: "INDEX_SYNTAX",
    },
    {
      name: "with a size that is none",
      spec: damaged("primary", (text) => text.replace(/size package="\d+"/, 'size package="-1"')),
      code: "INDEX_SYNTAX",
    },
    {
      name: "with a package twice, and different files",
      spec: { packages: [...packages, { name: "tool", arch: "noarch" }] },
      code: "INDEX_SYNTAX",
    },
  ];
  for (const { name, spec, code } of rows) {
    it(name, () => assert.rejects(open(spec), { code }));
  }
  it("when a package's path leads out, once it is asked for", async () => {
    const { index } = await open(damaged("primary", (text) => text.replace('href="Packages/app', 'href="../app')));
    assert.throws(() => index.named("app"), { code: "INDEX_SYNTAX" });
  });
  it("when its metadata unfolds to far more than any does", async () => {
    const blank = (text: string): string => text.replace("<metadata", `${" ".repeat(100 << 20)}<metadata`);
    await assert.rejects(open(damaged("primary", blank)), { code: /^(?:ARCHIVE_TOO_LARGE|INDEX_SYNTAX)$/ });
  });
  it("when it is not there", () => assert.rejects(open(new Map()), { code: "INDEX_MISSING" }));
  it("when a file that it lists is not there", async () => {
    const files = makeRpmRepository({ packages });
    for (const path of files.keys()) if (path.includes("primary")) files.delete(path);
    await assert.rejects(open(files), { code: "INDEX_MISSING" });
  });
});

const all = fixture("rpm");

test("repositories of the fixtures are read, or refused for what is wrong with them", needs(all), async () => {
  const wanted: Record<string, number> = {};
  for (const file of globSync(`${all}/{signed-small-repos,libdnf,createrepo_c}/**/repodata/repomd.xml`)) {
    const root = dirname(dirname(file));
    const files: RepositoryFiles = new Map(
      globSync(`${root}/repodata/*`).map((path) => [relative(root, path), readFileSync(path)]),
    );
    const outcome = await open(files, { keys: [] }).then(
      () => "read",
      (error: { code?: string }) => error.code ?? "bug",
    );
    wanted[outcome] = (wanted[outcome] ?? 0) + 1;
  }
  assert.deepEqual(Object.keys(wanted).sort(), ["DIGEST_MISMATCH", "INDEX_SYNTAX", "RELEASE_SYNTAX", "read"]);
  assert.ok((wanted.read ?? 0) > 30);
});

test("createrepo_c lists our packages as the kit does", needs("createrepo_c"), async (t) => {
  const folder = await temporaryFolder(t);
  const made = makeRpmRepository({ packages });
  await writeRepository(folder, new Map([...made].filter(([path]) => path.startsWith("Packages/"))));
  run("createrepo_c", ["-q", folder]);
  const files: RepositoryFiles = new Map(
    globSync(join(folder, "repodata/*")).map((path) => [relative(folder, path), readFileSync(path)]),
  );
  const [theirs, ours] = [await open(files), await open(made)];
  for (const name of ["app", "lib", "tool"]) {
    const plain = (index: PackageIndex): unknown =>
      index.named(name).map(({ installedBytes: _, ...rest }) => ({
        ...rest,
        provides: rest.provides.map((one) => JSON.stringify(one)).sort(),
      }));
    assert.deepEqual(plain(theirs.index), plain(ours.index));
  }
});
