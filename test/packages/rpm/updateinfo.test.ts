import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { compressionOfName } from "../../../src/archive/compression.ts";
import { decompress } from "../../../src/archive/decompress.ts";
import { bytesOf, collect } from "../../../src/core/bytes.ts";
import type { Advisory, NamedPackage } from "../../../src/packages/contract.ts";
import { openRpmRepository } from "../../../src/packages/rpm/repository.ts";
import { readUpdateinfo } from "../../../src/packages/rpm/updateinfo.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";
import {
  accessTo,
  type MemoryRepositoryAccess,
  type RepositoryFiles,
  repositoryOf,
  writeRepository,
} from "../../kit/repository.ts";
import { makeRpmRepository, type RpmRepositorySpec } from "../../kit/rpm-repository.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const named = (text: string): NamedPackage => {
  const [, name = "", version = "", architecture = ""] = /^(.*)-([^-]*-[^-]*)\.([^.]*)$/.exec(text) ?? [];
  return { name, version, architecture };
};
const nameOf = ({ name, version, architecture }: NamedPackage): string => `${name}-${version}.${architecture}`;

const read = (text: string, packages: readonly string[] = ["a-1:2-3.x86_64"]): Promise<readonly Advisory[]> =>
  readUpdateinfo(bytesOf(Buffer.from(text)), {
    what: "updateinfo.xml of a test",
    maxBytes: 64 << 20,
    packages: packages.map(named),
  });

const isA = '<pkglist><package name="a" epoch="1" version="2" release="3" arch="x86_64"/></pkglist>';
const updates = (inside: string, more: string = isA): string =>
  `<updates><update type="security"><id>A</id>${inside}${more}</update></updates>`;

describe("an advisory", () => {
  const plain = { id: "A", type: "security", severity: undefined, title: "", issued: undefined, cves: [] };
  const rows: readonly { name: string; text: string; has: Partial<Advisory> }[] = [
    { name: "need not have more than an id", text: updates(""), has: plain },
    { name: "has a title", text: updates("<title> a\n &amp; b\n</title>"), has: { title: "a & b" } },
    { name: "has a severity", text: updates("<severity>Important</severity>"), has: { severity: "Important" } },
    { name: "may leave its severity empty", text: updates("<severity/>"), has: { severity: undefined } },
    {
      name: "has a date and a time",
      text: updates('<issued date="2019-03-29 01:02:03"/>'),
      has: { issued: new Date("2019-03-29T01:02:03Z") },
    },
    {
      name: "has a date alone",
      text: updates('<issued date="2019-03-29"/>'),
      has: { issued: new Date("2019-03-29T00:00:00Z") },
    },
    {
      name: "has seconds since 1970",
      text: updates('<issued date="1555429284"/>'),
      has: { issued: new Date(1_555_429_284_000) },
    },
    { name: "has no date that is mangled", text: updates('<issued date="15mangled2"/>'), has: { issued: undefined } },
    {
      name: "has no date that no calendar has",
      text: updates('<issued date="2019-13-41"/>'),
      has: { issued: undefined },
    },
    {
      name: "has CVEs, each once",
      text: updates(
        '<references><reference type="cve" id="CVE-2024-2222"/><reference type="cve" id="CVE-2024-1111"/><reference type="cve" id="CVE-2024-1111"/></references>',
      ),
      has: { cves: ["CVE-2024-1111", "CVE-2024-2222"] },
    },
    {
      name: "has CVEs that titles of other references name",
      text: updates('<reference type="bugzilla" id="77" title="CVE-2024-1111 CVE-2024-22222 a: b [fedora-all]"/>'),
      has: { cves: ["CVE-2024-1111", "CVE-2024-22222"] },
    },
    {
      name: "has the id of a CVE that is written otherwise",
      text: updates('<reference type="cve" id="2222" title="CVE-2999"/><reference type="cve" id=""/>'),
      has: { cves: ["2222"] },
    },
    {
      name: "without a type is unknown",
      text: updates("").replace(' type="security"', ""),
      has: { type: "unknown" },
    },
  ];
  for (const { name, text, has } of rows) {
    it(name, async () => {
      const [only, ...others] = await read(text);
      assert.deepEqual(
        { ...only, ...has, packages: only?.packages.map(nameOf) },
        { ...only, packages: ["a-1:2-3.x86_64"] },
      );
      assert.equal(others.length, 0);
    });
  }
});

describe("packages of an advisory", () => {
  const rows: readonly { name: string; attributes: string; isNamed: boolean }[] = [
    { name: "are exactly the version", attributes: 'version="2" release="3" arch="noarch"', isNamed: true },
    { name: "may state an epoch of 0", attributes: 'epoch="0" version="2" release="3" arch="noarch"', isNamed: true },
    { name: "are not another epoch", attributes: 'epoch="1" version="2" release="3" arch="noarch"', isNamed: false },
    { name: "are not another release", attributes: 'version="2" release="30" arch="noarch"', isNamed: false },
    { name: "are not older", attributes: 'version="1" release="3" arch="noarch"', isNamed: false },
    { name: "are not of another architecture", attributes: 'version="2" release="3" arch="src"', isNamed: false },
    { name: "are none without a version", attributes: "", isNamed: false },
  ];
  for (const { name, attributes, isNamed } of rows) {
    it(name, async () => {
      const text = updates("", `<pkglist><package name="b" ${attributes}/></pkglist>`);
      assert.equal((await read(text, ["a-1-1.noarch", "b-2-3.noarch"])).length, isNamed ? 1 : 0);
    });
  }
});

describe("updateinfo.xml is refused", () => {
  const cves = Array.from({ length: 100_001 }, (_, at) => `<reference id="CVE-2024-${10_000 + at}"/>`).join("");
  const rows: readonly { name: string; text: string; times?: number }[] = [
    { name: "when an advisory for a package has no id", text: updates("").replace("<id>A</id>", "") },
    { name: "when an advisory has endlessly many CVEs", text: updates(cves) },
    {
      name: "when advisories have endlessly long titles",
      text: updates(`<title>${"a".repeat(3 << 20)}</title>`),
      times: 12,
    },
    { name: "when there are endlessly many advisories for a package", text: updates(""), times: 500_000 },
  ];
  for (const { name, text, times = 1 } of rows) {
    it(name, async () => {
      const inside = text.slice("<updates>".length, -"</updates>".length);
      await assert.rejects(read(`<updates>${inside.repeat(times)}</updates>`), { code: "INDEX_SYNTAX" });
    });
  }
  it("not when an advisory without an id is for none of them", async () => {
    assert.deepEqual(await read("<updates><update><pkglist><package/></pkglist></update></updates>"), []);
  });
});

const all = fixture("rpm");

describe("updateinfo.xml of the fixtures", needs(all), () => {
  const told = async (pattern: string, packages: readonly string[]): Promise<readonly string[]> => {
    const [path = ""] = globSync(join(all, pattern));
    const stream = decompress(bytesOf(readFileSync(path)), {
      compression: compressionOfName(path),
      maxBytes: 1 << 20,
      what: path,
    });
    const text = Buffer.from(await collect(stream, { maxBytes: 1 << 20, what: path })).toString();
    return (await read(text, packages)).map(({ id, type, severity, issued, cves, packages }) =>
      [id, type, severity ?? "-", issued?.toISOString().slice(0, 10) ?? "-", ...cves, ...packages.map(nameOf)].join(
        " ",
      ),
    );
  };
  const rows: readonly { name: string; file: string; packages: readonly string[]; wanted: readonly string[] }[] = [
    {
      name: "libdnf: a module's package in two collections",
      file: "libdnf/*/data/tests/advisories/repodata/updateinfo.xml.gz",
      packages: [
        "test-perl-DBI-1-2.module_el8+6745+9879ate3.x86_64",
        "test-perl-DBI-1-2.module_el8+6587+9879afr5.x86_64",
      ],
      wanted: [
        "FEDORA-2019-0329090518 enhancement none 2019-03-29 2222 test-perl-DBI-1-2.module_el8+6745+9879ate3.x86_64 test-perl-DBI-1-2.module_el8+6587+9879afr5.x86_64",
      ],
    },
    {
      name: "pulp: an epoch",
      file: "pulp-fixtures/*/rpm/assets-modularity/updateinfo.xml",
      packages: ["nodejs-1:8.11.4-1.module_2030+42747d40.x86_64", "postgresql-1:9.6.8-1.module_1710+b535a823.x86_64"],
      wanted: ["FEDORA-2019-0329090518 enhancement none 2019-03-29 2222 nodejs-1:8.11.4-1.module_2030+42747d40.x86_64"],
    },
    {
      name: "createrepo_c: dates of all forms",
      file: "createrepo_c/*/tests/testdata/updateinfo_files/updateinfo_03.xml",
      packages: ["bear-4.1-1.noarch", "duck-0.6-1.noarch", "duck-0.8-1.noarch"],
      wanted: [
        "RHEA-2012:0056 security - 2013-01-27 duck-0.6-1.noarch",
        "RHEA-2012:0057 security - - bear-4.1-1.noarch",
        "RHEA-2012:0060 enhancement - 2019-04-16 duck-0.8-1.noarch",
      ],
    },
    {
      name: "createrepo_c: one that says nothing",
      file: "createrepo_c/*/tests/testdata/updateinfo_files/updateinfo_02.xml.xz",
      packages: ["bear-4.1-1.noarch"],
      wanted: [],
    },
  ];
  for (const { name, file, packages, wanted } of rows) {
    it(name, async () => assert.deepEqual(await told(file, packages), wanted));
  }
});

interface Opened {
  readonly access: MemoryRepositoryAccess;
  advisories(): Promise<readonly string[] | undefined>;
}

async function open(spec: Partial<RpmRepositorySpec> | RepositoryFiles, suite = ""): Promise<Opened> {
  const files = spec instanceof Map ? spec : makeRpmRepository({ packages: [{ name: "a" }], ...spec });
  const access = accessTo(files, new Date("2025-06-02T12:00:00Z"));
  const repository = { ...repositoryOf({ keys: [], flat: true, components: [] }), suite };
  const { advisories } = await openRpmRepository(repository, "x86_64", access);
  return {
    access,
    advisories: async () => (await advisories?.([named("a-1:2-3.x86_64")]))?.map(({ id }) => id),
  };
}

describe("advisories of a repository", () => {
  const updateinfo = updates("");
  it("are fetched only when they are asked for", async () => {
    const { access, advisories } = await open({ updateinfo });
    assert.ok(!access.fetched.some((path) => path.includes("updateinfo")));
    assert.deepEqual(await advisories(), ["A"]);
    assert.ok(access.fetched.some((path) => path.includes("updateinfo")));
  });
  it("may not be there", async () => assert.equal(await (await open({})).advisories(), undefined));
  it("may be for none of the packages", async () => {
    assert.deepEqual(await (await open({ updateinfo: "<updates/>" })).advisories(), []);
  });
  for (const compression of ["none", "gzip", "zstd"] as const) {
    it(`are read in ${compression}`, async () => {
      assert.deepEqual(await (await open({ updateinfo, compression })).advisories(), ["A"]);
    });
  }
  for (const compression of ["gz", "xz", "bz2"]) {
    it(`are read in ${compression}, as modifyrepo_c adds them`, needs("modifyrepo_c"), async (t) => {
      const folder = await temporaryFolder(t);
      await writeRepository(folder, makeRpmRepository({ packages: [{ name: "a" }] }));
      writeFileSync(join(folder, "updateinfo.xml"), updateinfo);
      run("modifyrepo_c", [`--compress-type=${compression}`, join(folder, "updateinfo.xml"), join(folder, "repodata")]);
      const files: RepositoryFiles = new Map(
        globSync(join(folder, "repodata/*")).map((path) => [`os/${relative(folder, path)}`, readFileSync(path)]),
      );
      const { access, advisories } = await open(files, "os");
      assert.deepEqual(await advisories(), ["A"]);
      assert.ok(access.fetched.some((path) => path.endsWith(`updateinfo.xml.${compression}`)));
    });
  }
  it("are refused with another digest", async () => {
    const files = makeRpmRepository({ packages: [{ name: "a" }], updateinfo, compression: "none" });
    for (const [path, bytes] of files) {
      if (path.includes("updateinfo")) files.set(path, Buffer.from(bytes.toString().replace(">A<", ">B<")));
    }
    await assert.rejects((await open(files)).advisories(), { code: "DIGEST_MISMATCH" });
  });
  it("are missed when they are listed and not there", async () => {
    const files = makeRpmRepository({ packages: [{ name: "a" }], updateinfo });
    for (const path of files.keys()) if (path.includes("updateinfo")) files.delete(path);
    await assert.rejects((await open(files)).advisories(), { code: "INDEX_MISSING" });
  });
});
