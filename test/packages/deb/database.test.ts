import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it, test } from "node:test";
import { bytesOf, collect } from "../../../src/core/bytes.ts";
import type {
  DatabaseOptions,
  GeneratedFile,
  InstalledFiles,
  InstalledPackage,
} from "../../../src/packages/contract.ts";
import { deb } from "../../../src/packages/deb/format.ts";
import { type DebSpec, makeDeb } from "../../kit/deb.ts";
import { needs, run } from "../../kit/oracle.ts";

const options: DatabaseOptions = { architecture: "amd64", state: "unpacked", perPackageStatus: false };
const limits = { maxControlBytes: 1 << 20, maxTreeBytes: 64 << 20, maxEntries: 10_000 };

/** Every field and member that dpkg treats in a way of its own. */
const specs: readonly DebSpec[] = [
  {
    name: "zeta",
    version: "1:2.0-1",
    fields: {
      Source: "zeta-src (1:2.0)",
      "X-Odd": "yes",
      Homepage: "https://example.org",
      Section: "utils",
      Priority: "optional",
      "Multi-Arch": "same",
      Tag: "a::b,\n c::d",
      "Installed-Size": "12",
      Essential: "yes",
      Provides: "z1,z2 (= 3)",
      Conflicts: "foo (<< 1)",
      Breaks: "foo(<<1),  bar",
      Replaces: "foo",
      Enhances: "bar | baz",
      Suggests: "b | c",
      Recommends: "libc6 ",
      "Pre-Depends": "alpha",
      Depends: "alpha (>=1),  beta:any | libc6 (>> 0:2)",
      "Built-Using": "g (= 1)",
      Protected: "yes",
      Origin: "Debian",
      Bugs: "https://example.org/bugs",
      Description: "short\n long one\n .\n more",
    },
    tree: [
      { path: "usr/lib/x/libz.so", content: "z" },
      { path: "etc/zeta.conf", content: "c=1\n" },
      { path: "etc/zeta.d/space file", content: "x" },
      { path: "usr/share/zeta/dir", kind: "directory" },
      { path: "usr/share/zeta/é", kind: "symlink", target: "dir" },
    ],
    control: {
      conffiles: "/etc/zeta.conf\n/etc/zeta.d/space file\n",
      triggers: "interest-noawait /usr/share/zeta\ninterest zeta-trigger\nactivate-noawait ldconfig\n",
      shlibs: "libz 1 zeta\n",
      symbols: "x\n",
      templates: "Template: a\n",
      postinst: "#!/bin/sh\nexit 0\n",
      prerm: "#!/bin/sh\n",
      config: "#!/bin/sh\n",
    },
  },
  {
    name: "alpha",
    version: "1.0",
    architecture: "all",
    tree: [
      { path: "usr/bin/alpha", content: "a", mode: 0o755 },
      { path: "usr/bin/al", kind: "symlink", target: "alpha" },
    ],
    control: {
      triggers:
        "# comment\ninterest /usr/share/zeta\ninterest-await libc-upgrade\ninterest-noawait zeta-trigger\nactivate zeta-trigger\n",
    },
  },
  {
    name: "odd",
    version: "0:1.0-0",
    fields: {
      "X-Multi": "\n a\n b",
      "X-Empty": "",
      Priority: "Optional",
      Essential: "no",
      "Multi-Arch": "no",
      Important: "yes",
      Depends: "x (>= 0:1.0-0), y:amd64 ( = 2)",
      Provides: "",
      Description: "é",
    },
    tree: [{ path: "etc/a", content: "1" }],
    control: { conffiles: "/etc/a\n/etc/missing\nremove-on-upgrade /etc/old\n", list: "/x\n" },
  },
];

async function installedOf(spec: DebSpec): Promise<InstalledPackage> {
  const file = await deb.openPackage(bytesOf(makeDeb(spec)), limits);
  const digested = deb.digestedPaths(file.control);
  const paths: string[] = [];
  const md5 = new Map<string, string>();
  for await (const { entry, body } of file.items) {
    const path = entry.path === "." ? "/." : `/${entry.path}`;
    paths.push(path);
    const content = await collect(body, { maxBytes: 1 << 20, what: path });
    if (digested.has(path)) md5.set(path, createHash("md5").update(content).digest("hex"));
  }
  const { name, version = "1.0-1", architecture = "amd64" } = spec;
  return { name, version, architecture, control: file.control, paths, md5 };
}

const folder = mkdtempSync(join(tmpdir(), "dodai-dpkg-"));
after(() => rmSync(folder, { recursive: true }));

function newRoot(name: string): string {
  const root = join(folder, name);
  for (const one of ["info", "updates", "triggers"]) mkdirSync(join(root, "var/lib/dpkg", one), { recursive: true });
  for (const one of ["status", "available"]) writeFileSync(join(root, "var/lib/dpkg", one), "");
  return root;
}

const force = ["--force-not-root", "--force-script-chrootless", "--force-all", "--log=/dev/null"];

/** What dpkg itself leaves when it unpacks these packages in this order. */
function unpackWithDpkg(root: string, packages: readonly DebSpec[]): void {
  const debs = packages.map((spec) => {
    const path = join(folder, `${spec.name}.deb`);
    writeFileSync(path, makeDeb(spec));
    return path;
  });
  run("dpkg", [`--root=${root}`, ...force, "--unpack", ...debs]);
}

/** Files below `var/lib/dpkg` by path, as mode and text; without what dpkg makes anew at each run. */
function databaseOf(root: string): Map<string, string> {
  const files = readdirSync(join(root, "var/lib/dpkg"), { recursive: true, withFileTypes: true });
  const found = new Map<string, string>();
  for (const file of files.filter((one) => one.isFile() && !/^(lock|lock-frontend|Lock|status-old)$/.test(one.name))) {
    const path = join(file.parentPath, file.name);
    const mode = (statSync(path).mode & 0o7777).toString(8);
    found.set(path.slice(root.length + 1), `${mode}\n${readFileSync(path, "latin1")}`);
  }
  return found;
}

function writeFiles(root: string, files: readonly GeneratedFile[]): void {
  for (const file of files) {
    const path = join(root, file.path);
    if (file.kind === "directory") mkdirSync(path, { recursive: true });
    if (file.kind !== "file") continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.bytes, { mode: file.mode });
  }
}

const textOf = (files: readonly GeneratedFile[], path: string): string | undefined => {
  const file = files.find((one) => one.path === `var/lib/dpkg/${path}`);
  return file?.kind === "file" ? Buffer.from(file.bytes).toString("utf8") : undefined;
};

test("the database is dpkg's own, byte for byte", needs("dpkg"), async () => {
  const root = newRoot("theirs");
  const byName = [...specs].sort((a, b) => (a.name < b.name ? -1 : 1));
  unpackWithDpkg(root, byName);
  const theirs = databaseOf(root);
  const ourRoot = join(folder, "ours");
  writeFiles(ourRoot, deb.formatDatabase(await Promise.all(specs.map(installedOf)), options));
  const ours = databaseOf(ourRoot);
  // dpkg makes these three later, or its own package does.
  for (const name of ["arch", "diversions", "statoverride"]) ours.delete(`var/lib/dpkg/${name}`);
  // dpkg knows hashes of configuration files once they are configured; ours are those that it then writes.
  const withoutHashes = (text = "") => text.replace(/^( \/.*) [0-9a-f]{32}/gm, "$1 newconffile");
  const status = "var/lib/dpkg/status";
  ours.set(status, withoutHashes(ours.get(status)));
  assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
  for (const [path, text] of theirs) assert.equal(ours.get(path), text, path);
});

test("the database of installed packages is dpkg's own after --configure", needs("dpkg"), async () => {
  const plain = specs.filter(({ name }) => name !== "zeta");
  const root = newRoot("configured");
  unpackWithDpkg(root, plain);
  run("dpkg", [`--root=${root}`, ...force, "--configure", "--pending"]);
  const files = deb.formatDatabase(await Promise.all(plain.map(installedOf)), { ...options, state: "installed" });
  assert.equal(textOf(files, "status"), readFileSync(join(root, "var/lib/dpkg/status"), "utf8"));
});

/** A root on disk as the image below. */
function filesIn(root: string): InstalledFiles {
  return {
    has: (path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false,
    read: (path) => readFileSync(join(root, path)),
    names: (path) => (existsSync(join(root, path)) ? readdirSync(join(root, path)).sort() : []),
  };
}

test("the database on top of another is dpkg's own when it adds packages", needs("dpkg"), async () => {
  const plain = specs.filter(({ name }) => name !== "zeta");
  const [first, later] = [0, 1].map((parity) => plain.filter((_, at) => at % 2 === parity));
  assert.ok(first && later);
  const root = newRoot("first");
  unpackWithDpkg(root, first);
  run("dpkg", [`--root=${root}`, ...force, "--configure", "--pending"]);
  const ourRoot = join(folder, "first-ours");
  cpSync(root, ourRoot, { recursive: true });
  const below = deb.readInstalled?.(filesIn(ourRoot), "amd64");
  assert.deepEqual(
    below?.packages.map(({ name }) => name),
    first.map(({ name }) => name).sort(),
  );
  const added = await Promise.all(later.map(installedOf));
  writeFiles(ourRoot, deb.formatDatabase(added, { ...options, state: "installed", below }));
  unpackWithDpkg(root, later);
  run("dpkg", [`--root=${root}`, ...force, "--configure", "--pending"]);
  const [ours, theirs] = [databaseOf(ourRoot), databaseOf(root)];
  assert.deepEqual([...ours.keys()].sort(), [...theirs.keys()].sort());
  for (const [path, text] of theirs) assert.equal(ours.get(path), text, path);
});

test("dpkg finds nothing to complain about", needs("dpkg", "dpkg-query"), async () => {
  const root = newRoot("checked");
  const sound: readonly DebSpec[] = [
    {
      name: "one",
      fields: { "Multi-Arch": "same" },
      tree: [{ path: "etc/one", content: "1" }],
      control: { conffiles: "/etc/one\n" },
    },
    { name: "two", architecture: "all", fields: { Depends: "one" }, tree: [{ path: "usr/bin/two", content: "2" }] },
  ];
  unpackWithDpkg(root, sound);
  writeFileSync(join(root, "etc/one"), "1");
  const files = deb.formatDatabase(await Promise.all(sound.map(installedOf)), { ...options, state: "installed" });
  writeFiles(root, files);
  assert.equal(run("dpkg", [`--root=${root}`, "--audit"]), "");
  assert.equal(run("dpkg", [`--root=${root}`, "--verify"]), "");
  const query = (...args: string[]) => run("dpkg-query", [`--admindir=${root}/var/lib/dpkg`, ...args]);
  assert.equal(
    query("-W", "-f", `\${db:Status-Abbrev}\${binary:Package} \${Version}\n`),
    "ii one:amd64 1.0-1\nii two 1.0-1\n",
  );
  assert.equal(query("-L", "one"), "/.\n/etc\n/etc/one\n");
  assert.equal(query("-S", "/usr/bin/two"), "two: /usr/bin/two\n");
  assert.equal(query("--control-list", "one"), "md5sums\n");
});

describe("formatDatabase", () => {
  it("is sorted by path and does not depend on the order of packages", async () => {
    const installed = await Promise.all(specs.map(installedOf));
    const files = deb.formatDatabase(installed, { ...options, perPackageStatus: true });
    const paths = files.map(({ path }) => path);
    assert.deepEqual(paths, [...paths].sort());
    assert.deepEqual(deb.formatDatabase([...installed].reverse(), { ...options, perPackageStatus: true }), files);
  });

  it("keeps a stanza and checksums for each package in status.d when asked", async () => {
    const files = deb.formatDatabase([await installedOf({ name: "one", tree: [{ path: "a", content: "" }] })], {
      ...options,
      perPackageStatus: true,
    });
    assert.match(textOf(files, "status.d/one") ?? "", /^Package: one\nVersion: 1.0-1\n/);
    assert.match(textOf(files, "status.d/one.md5sums") ?? "", /^[0-9a-f]{32} {2}a\n$/);
    assert.equal(textOf(deb.formatDatabase([], options), "status.d/one"), undefined);
  });

  it("says which package a file is about", async () => {
    const files = deb.formatDatabase(await Promise.all(specs.map(installedOf)), { ...options, perPackageStatus: true });
    const about = files.flatMap((file) =>
      file.kind === "file" && file.about === "alpha" ? [file.path.slice(13)] : [],
    );
    assert.deepEqual(about, [
      "info/alpha.list",
      "info/alpha.md5sums",
      "info/alpha.triggers",
      "status.d/alpha",
      "status.d/alpha.md5sums",
    ]);
  });

  it("is complete without any package", () => {
    const files = deb.formatDatabase([], options);
    assert.equal(textOf(files, "status"), "");
    assert.equal(textOf(files, "arch"), "amd64\n");
    assert.equal(textOf(files, "info/format"), "1\n");
  });

  it("makes no file of a trigger whose name is a path or one of dpkg's own", async () => {
    const control = { triggers: "interest ../../../etc/passwd\ninterest a/b\ninterest File\ninterest ..\n" };
    const files = deb.formatDatabase([await installedOf({ name: "evil", control })], options);
    const triggers = files.map(({ path }) => path).filter((path) => path.includes("/triggers/"));
    assert.deepEqual(triggers, ["var/lib/dpkg/triggers/Unincorp"]);
  });
});

const replacing = [
  { name: "a name", field: "foo", other: { name: "foo", version: "1" }, is: true },
  { name: "a version within bounds", field: "foo (<< 2)", other: { name: "foo", version: "1" }, is: true },
  { name: "a version out of bounds", field: "foo (<< 2)", other: { name: "foo", version: "2" }, is: false },
  { name: "another name", field: "bar, baz", other: { name: "foo", version: "1" }, is: false },
];
for (const { name, field, other, is } of replacing) {
  it(`Replaces of ${name}: ${is}`, async () => {
    const { control } = await installedOf({ name: "new", fields: { Replaces: field } });
    assert.equal(deb.replaces(control, other), is);
  });
}

const platforms = [
  ["linux/amd64", "amd64"],
  ["linux/arm/v7", "armhf"],
  ["linux/arm/v5", "armel"],
  ["linux/386", "i386"],
  ["linux/ppc64le", "ppc64el"],
  ["linux/mips64le", "mips64el"],
  ["linux/arm/v6", undefined],
  ["windows/amd64", undefined],
  ["toString", undefined],
] as const;
for (const [platform, architecture] of platforms) {
  it(`calls ${platform} ${architecture}`, () => assert.equal(deb.architectureOf(platform), architecture));
}
