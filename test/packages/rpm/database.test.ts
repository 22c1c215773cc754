// rpm's database, against the one that rpm itself writes of the same packages: tables, rows and headers.
import assert from "node:assert/strict";
import { createReadStream, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it, test } from "node:test";
import { bytesOf } from "../../../src/core/bytes.ts";
import type {
  DatabaseOptions,
  FileWishes,
  GeneratedFile,
  InstalledPackage,
  TrustKey,
} from "../../../src/packages/contract.ts";
import { formatDatabase } from "../../../src/packages/rpm/database.ts";
import { rpm } from "../../../src/packages/rpm/format.ts";
import { parseHeader } from "../../../src/packages/rpm/header.ts";
import { openPackage } from "../../../src/packages/rpm/package-file.ts";
import { workshopSpecs } from "../../build/workshop-specs.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";
import { createSigner } from "../../kit/repository.ts";
import { makeRpm, type RpmSpec } from "../../kit/rpm.ts";
import { runWorkshop } from "../../kit/rpm-workshop.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const epoch = 1_700_000_001;
const limits = { maxControlBytes: 64 << 20, maxTreeBytes: 1 << 30, maxEntries: 100_000 };

async function installedOf(bytes: AsyncIterable<Uint8Array>): Promise<InstalledPackage> {
  const { control, items } = await openPackage(bytes, limits);
  const paths: string[] = [];
  for await (const { entry, body } of items) {
    for await (const _ of body);
    paths.push(entry.path === "." ? "/." : `/${entry.path}`);
  }
  const header = parseHeader(control[0]?.bytes ?? new Uint8Array(), { what: "x", region: 63 });
  return { name: header.text(1000) ?? "", version: "", architecture: "x86_64", control, paths, md5: new Map() };
}

const options = (keys: readonly TrustKey[] = []): DatabaseOptions => ({
  architecture: "x86_64",
  state: "installed",
  perPackageStatus: false,
  epoch,
  rpmDatabase: { folder: "var/lib/rpm", backend: "sqlite", keys },
});

function bytesIn(files: readonly GeneratedFile[]): Uint8Array {
  const file = files.find((one) => one.kind === "file");
  assert.ok(file?.kind === "file" && file.path === "var/lib/rpm/rpmdb.sqlite" && file.mode === 0o644);
  return file.bytes;
}

type Rows = Readonly<Record<string, readonly string[]>>;

/** Every table as lines, with packages by name instead of number, and what installing times are left out. */
function rowsOf(path: string): { readonly rows: Rows; readonly schema: readonly string[] } {
  const database = new DatabaseSync(path, { readOnly: true });
  const names = new Map<unknown, string>();
  const rows: Record<string, readonly string[]> = {};
  rows.Packages = database
    .prepare("SELECT hnum, blob FROM Packages")
    .all()
    .map(({ hnum, blob }) => {
      const bytes = Uint8Array.from(blob as Uint8Array);
      const header = parseHeader(bytes, { what: "a header", region: 62 });
      names.set(hnum, `${header.text(1000)}-${header.text(1001)}`);
      const start = 8 + 16 * new DataView(bytes.buffer).getUint32(0);
      const time = header.entries.find(({ tag }) => tag === 1008);
      if (time) bytes.fill(0, start + time.offset, start + time.offset + 4);
      return `${names.get(hnum)} ${Buffer.from(bytes).toString("base64")}`;
    })
    .sort();
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  for (const { name } of tables) {
    if (name === "Packages" || String(name).startsWith("sqlite_")) continue;
    rows[String(name)] = database
      .prepare(`SELECT key, hnum, idx FROM '${name}'`)
      .all()
      .map(
        ({ key, hnum, idx }) =>
          `${typeof key === "string" ? key : Buffer.from(key as Uint8Array).toString("hex")} ${names.get(hnum)} ${idx}`,
      )
      .sort();
  }
  const schema = database
    .prepare("SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY rowid")
    .all();
  assert.deepEqual(database.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
  database.close();
  return { rows, schema: schema.map(({ sql }) => String(sql).replaceAll("IF NOT EXISTS ", "")) };
}

const packages: readonly RpmSpec[] = [
  {
    name: "alpha",
    requires: [
      "beta >= 1",
      "(gamma if beta)",
      "(x(y) >= 2 or (z and w))",
      "(a if (b or c) else d)",
      "(e if (f if g))",
      "/bin/sh",
    ],
    tree: [{ path: "usr/bin/alpha", content: "a" }],
  },
  {
    name: "beta",
    epoch: 3,
    provides: ["virtual = 2"],
    conflicts: ["delta"],
    obsoletes: ["old < 2"],
    recommends: ["gamma"],
    suggests: ["zeta"],
    supplements: ["alpha"],
    enhances: ["omega"],
    scripts: { post: "true" },
    tree: [
      { path: "etc/beta", kind: "directory" },
      { path: "etc/beta/conf", content: "x", flags: 1 },
      { path: "var/log/beta", content: "", flags: 64 },
      { path: "usr/share/doc/beta", content: "d", flags: 2 },
    ],
  },
  { name: "gamma", arch: "noarch" },
];

describe("the database of rpm packages", () => {
  it("is the same whatever the order of packages", async () => {
    const installed = await Promise.all(packages.map((one) => installedOf(bytesOf(makeRpm(one)))));
    const [a, b] = [formatDatabase(installed, options()), formatDatabase([...installed].reverse(), options())];
    assert.ok(Buffer.from(bytesIn(a)).equals(bytesIn(b)));
  });
  it("of no packages is one that SQLite reads", async (t) => {
    const path = join(await temporaryFolder(t), "rpmdb.sqlite");
    writeFileSync(path, bytesIn(formatDatabase([], options())));
    assert.equal(rowsOf(path).rows.Name?.length, 0);
  });
  it("is in files of Berkeley DB where rpm is old", async () => {
    const installed = await Promise.all(packages.map((one) => installedOf(bytesOf(makeRpm(one)))));
    const old = { ...options(), rpmDatabase: { folder: "var/lib/rpm", backend: "berkeley" as const, keys: [] } };
    const files = formatDatabase(installed, old);
    assert.deepEqual(files, formatDatabase([...installed].reverse(), old));
    assert.deepEqual(
      files.map(({ path }) => path.replace("var/lib/rpm/", "")),
      [
        "var/lib/rpm",
        ...["Basenames", "Conflictname", "Dirnames", "Group", "Installtid", "Name", "Obsoletename", "Packages"],
        ...["Providename", "Requirename", "Sha1header", "Sigmd5", "Triggername"],
      ],
    );
  });
});

const centos = fixture("rpm/centos7-real/lzhuan-test+zabbix-tutorial/rpms");
const keyFile = fixture("rpm/keys/rpm-software-management+distribution-gpg-keys/keys/centos/RPM-GPG-KEY-CentOS-7");

async function compared(folder: string, files: readonly string[], keys: readonly string[]): Promise<void> {
  const [ours, theirs] = [join(folder, "ours"), join(folder, "theirs")];
  mkdirSync(ours);
  const installed: InstalledPackage[] = [];
  for (const file of files) installed.push(await installedOf(createReadStream(file)));
  const trusted = keys.map((file) => ({ owner: file, source: file, armored: readFileSync(file, "utf8") }));
  writeFileSync(join(ours, "rpmdb.sqlite"), bytesIn(formatDatabase(installed, options(trusted))));
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  if (keys.length > 0) run("rpmkeys", ["--dbpath", theirs, "--import", ...keys], { env });
  const words = ["--justdb", "--nodeps", "--noscripts", "--notriggers", "--ignorearch", "--nosignature"];
  run("rpm", ["--dbpath", theirs, ...words, "-i", ...files], { env });
  const [a, b] = [rowsOf(join(ours, "rpmdb.sqlite")), rowsOf(join(theirs, "rpmdb.sqlite"))];
  for (const table of Object.keys(b.rows)) assert.deepEqual(a.rows[table], b.rows[table], table);
  assert.deepEqual(a.schema, b.schema);
}

test("rpm writes the same of packages of the kit", needs("rpm"), async (t) => {
  const folder = await temporaryFolder(t);
  const files = packages.map((one) => {
    const file = join(folder, `${one.name}.rpm`);
    writeFileSync(file, makeRpm(one));
    return file;
  });
  await compared(folder, files, []);
});

test("rpm writes the same of real packages and keys", needs("rpm", centos, keyFile), async (t) => {
  const files = globSync(`${centos}/{bash,glibc-2,filesystem,setup,rpm-4,systemd-libs,ca-cert,tzdata}*.rpm`);
  await compared(await temporaryFolder(t), files, [keyFile]);
});

test("rpm reads the files of Berkeley DB", needs("rpm", centos, keyFile), async (t) => {
  const folder = await temporaryFolder(t);
  const installed: InstalledPackage[] = [];
  for (const file of globSync(`${centos}/*.rpm`)) installed.push(await installedOf(createReadStream(file)));
  const key: TrustKey = { owner: "CentOS", source: keyFile, armored: readFileSync(keyFile, "utf8") };
  const { rpmDatabase, ...rest } = options([key]);
  const files = formatDatabase(installed, { ...rest, rpmDatabase: { folder: "db", backend: "berkeley", keys: [key] } });
  mkdirSync(join(folder, "db"));
  for (const file of files) if (file.kind === "file") writeFileSync(join(folder, file.path), file.bytes);
  const rpm = (...words: readonly string[]): readonly string[] =>
    run("rpm", ["--define", "_db_backend bdb_ro", "--dbpath", join(folder, "db"), ...words])
      .trim()
      .split("\n");
  assert.deepEqual(
    [...rpm("-qa", "--qf", "%{NAME}\n")].sort(),
    [...installed.map(({ name }) => name), "gpg-pubkey"].sort(),
  );
  // Each is found by its name, and by what it has: keys of every page of the trees.
  const names = installed.map(({ name }) => name);
  assert.deepEqual(rpm("-q", "--qf", "%{NAME}\n", ...names), names);
  for (const { name, paths } of installed.filter((_, at) => at % 9 === 0)) {
    const some = paths.filter((path, at) => at % 50 === 0 && path !== "/.");
    if (some.length > 0) assert.ok(rpm("-qf", "--qf", "%{NAME}\n", ...some).includes(name), name);
  }
  assert.deepEqual(rpm("-q", "--qf", "%{NAME}\n", "--whatprovides", "libc.so.6()(64bit)"), ["glibc"]);
});

const triggers = `Name: triggers
Version: 3
Release: 1
Summary: What is looked up by rarer tags
License: MIT
BuildArch: noarch
AutoReqProv: no
Requires: (app with app >= 2)
Requires: (libdata without app)
Requires: ((a and b) if (c or d) else e)
Requires(preun): setup
Requires(post): shell
Requires: config(triggers) = 3-1
Conflicts: (gone unless too)
Obsoletes: before < 2
Recommends: nice >= 1
Suggests: (x or y)
Supplements: (app and nice)
Enhances: app > 1
%description
Triggers.
%description -l de
Ausloeser.
%prep
%install
mkdir -p %{buildroot}/etc %{buildroot}/usr/share/triggers/empty
echo 1 >%{buildroot}/etc/triggers.conf
echo 2 >%{buildroot}/etc/triggers.missing
echo 3 >%{buildroot}/usr/share/triggers/artifact
%triggerin -- app, setup > 1, app
true
%triggerun -- libdata
true
%triggerpostun -- app < 1
true
%triggerprein -- extra
true
%filetriggerin -- /usr/bin, /usr/lib
true
%filetriggerun -- /usr/share
true
%transfiletriggerin -P 2000 -- /usr/share/app /etc
true
%transfiletriggerpostun -- /usr/lib64
true
%pre -p <lua>
print("x")
%preun
true
%verifyscript
true
%changelog
* Tue Nov 14 2023 Some One <some@example.org> - 3-1
- made
%files
%config(noreplace) %verify(not md5 size) /etc/triggers.conf
%config(missingok) /etc/triggers.missing
%artifact /usr/share/triggers/artifact
%dir /usr/share/triggers
/usr/share/triggers/empty
`;

describe("packages of rpmbuild", needs("rpm", "rpmbuild", "rpmsign", "createrepo_c", "gpg"), () => {
  const isRoot = process.getuid?.() === 0;
  const ways: readonly {
    readonly name: string;
    readonly words: readonly string[];
    readonly wishes?: FileWishes;
  }[] = [
    { name: "whole", words: [] },
    { name: "without documentation", words: ["--excludedocs"], wishes: { documentation: false } },
    {
      name: "in some languages",
      words: ["--define", "_install_langs de:en"],
      wishes: { documentation: true, languages: ["de", "en"] },
    },
  ];
  let workshop = "";
  const closing: (() => Promise<void> | void)[] = [];
  before(async () => {
    const signers = [createSigner("one", { algorithm: "rsa3072" }), createSigner("two")];
    for (const signer of signers) closing.push(() => signer.close());
    const folder = await temporaryFolder({ after: (close: () => Promise<void>) => void closing.push(close) });
    workshop = runWorkshop(folder, { specs: [...workshopSpecs.slice(0, 4), triggers], signers });
  });
  after(async () => {
    for (const close of closing) await close();
  });
  for (const { name, words, wishes } of ways) {
    it(
      `are in the database as rpm itself has them: ${name}`,
      isRoot ? {} : { skip: "needs root, for rpm" },
      async (t) => {
        const folder = await temporaryFolder(t);
        const files = globSync(`${workshop}/*.rpm`).filter((file) => !file.includes("/old-extra-"));
        const [ours, theirs] = [join(folder, "ours.sqlite"), join(folder, "theirs")];
        const installed: InstalledPackage[] = [];
        for (const file of files) {
          const one = await installedOf(createReadStream(file));
          const gone = new Set(wishes ? rpm.unwanted?.(one.control, wishes) : []);
          installed.push({ ...one, paths: one.paths.filter((path) => !gone.has(path)) });
        }
        writeFileSync(ours, bytesIn(formatDatabase(installed, options())));
        const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
        const flags = ["--nodeps", "--noscripts", "--notriggers", "--nosignature", "--ignorearch"];
        run("rpm", ["--root", theirs, "--dbpath", "/var/lib/rpm", ...flags, ...words, "-i", ...files], { env });
        const [a, b] = [rowsOf(ours), rowsOf(join(theirs, "var/lib/rpm/rpmdb.sqlite"))];
        assert.deepEqual(Object.keys(a.rows).toSorted(), Object.keys(b.rows).toSorted());
        for (const table of Object.keys(b.rows)) assert.deepEqual(a.rows[table], b.rows[table], table);
        assert.deepEqual(a.schema, b.schema);
        assert.ok((a.rows.Transfiletriggername?.length ?? 0) > 2 && (a.rows.Triggername?.length ?? 0) > 3);
      },
    );
  }
});
