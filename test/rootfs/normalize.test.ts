import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { noXattrs } from "../../src/archive/entry.ts";
import type { MadeEntry } from "../../src/rootfs/change.ts";
import { clampPasswordDates, normalizeChange, normalizeRuleFor, normalizeRules } from "../../src/rootfs/normalize.ts";

const epoch = 1_700_000_000;
const options = { epoch, before: () => undefined };
const today = 19_675;

const common = { mode: 0o644, uid: 0, gid: 0, mtime: epoch, xattrs: noXattrs };

function file(path: string, text = "content"): MadeEntry {
  const bytes = Buffer.from(text);
  return { entry: { ...common, kind: "file", path, sizeBytes: bytes.byteLength }, bytes };
}

const link = (path: string, target: string): MadeEntry => ({ entry: { ...common, kind: "symlink", path, target } });

const paths: readonly { readonly path: string; readonly rule: string | undefined }[] = [
  { path: "var/log/dpkg.log", rule: "logs" },
  { path: "var/log/apt/term.log", rule: "logs" },
  { path: "var/log/lastlog", rule: undefined },
  { path: "var/cache/ldconfig/aux-cache", rule: "linker-aux-cache" },
  { path: "etc/ld.so.cache", rule: undefined },
  { path: "var/cache/debconf/config.dat-old", rule: "previous-databases" },
  { path: "var/cache/debconf/config.dat", rule: undefined },
  { path: "var/lib/dpkg/status-old", rule: "previous-databases" },
  { path: "var/lib/dpkg/lock-frontend", rule: undefined },
  { path: "var/lib/dpkg/info/x-old.list", rule: undefined },
  { path: "etc/passwd-", rule: undefined },
  { path: "etc/machine-id", rule: "machine-id" },
  { path: "etc/ssh/ssh_host_ed25519_key.pub", rule: "machine-secrets" },
  { path: "etc/ssh/sshd_config", rule: undefined },
  { path: "run/mount/utab", rule: "short-lived" },
  { path: "tmp/x", rule: "short-lived" },
  { path: "etc/shadow", rule: "password-dates" },
];

describe("normalizing", () => {
  for (const { path, rule } of paths) {
    it(`${rule === undefined ? "leaves" : `takes up (${rule})`} /${path}`, () => {
      assert.equal(normalizeRuleFor(path)?.name, rule);
    });
  }

  it("forgets what is to be dropped, and says by which rule", () => {
    const { kept, dropped } = normalizeChange([file("var/log/dpkg.log"), file("etc/passwd")], options);
    assert.deepEqual(
      kept.map(({ entry }) => entry.path),
      ["etc/passwd"],
    );
    assert.deepEqual(dropped, [{ path: "var/log/dpkg.log", rule: "logs" }]);
  });

  it("never drops a directory", () => {
    const folder: MadeEntry = { entry: { ...common, kind: "directory", path: "run/lock", mode: 0o1777 } };
    assert.deepEqual(normalizeChange([folder], options), { kept: [folder], dropped: [] });
  });

  it("empties the machine's id", () => {
    const { kept } = normalizeChange([file("etc/machine-id", "0123\n")], options);
    assert.deepEqual(
      kept.map(({ entry, bytes }) => [entry.path, "sizeBytes" in entry && entry.sizeBytes, bytes?.byteLength]),
      [["etc/machine-id", 0, 0]],
    );
  });

  it("drops dbus's own id and keeps a link to the system's", () => {
    const path = "var/lib/dbus/machine-id";
    assert.equal(normalizeChange([file(path)], options).kept.length, 0);
    assert.equal(normalizeChange([link(path, "/etc/machine-id")], options).kept.length, 1);
  });

  it("does not take a link for a file", () => {
    const shadow = link("etc/shadow", "/elsewhere");
    assert.deepEqual(normalizeChange([shadow], options).kept, [shadow]);
  });

  it("gives all that scripts made the time of the build", () => {
    const at = (mtime: number): MadeEntry => ({ entry: { ...common, kind: "fifo", path: "x", mtime } });
    const times = normalizeChange([at(epoch + 1), at(epoch - 1)], options).kept.map(({ entry }) => entry.mtime);
    assert.deepEqual(times, [epoch, epoch]);
  });

  const folder: MadeEntry = { entry: { ...common, kind: "directory", path: "etc", mode: 0o755 } };
  const befores = [
    { name: "forgets a folder whose time alone is new", change: { mtime: 1 }, kept: 0 },
    { name: "keeps a folder with another mode", change: { mode: 0o700 }, kept: 1 },
    { name: "keeps a folder with another owner", change: { gid: 8 }, kept: 1 },
    {
      name: "keeps a folder with other attributes",
      change: { xattrs: new Map([["user.a", Buffer.from("b")]]) },
      kept: 1,
    },
  ];
  for (const { name, change, kept } of befores) {
    it(name, () => {
      const before = () => ({ ...folder.entry, ...change });
      assert.equal(normalizeChange([folder], { epoch, before }).kept.length, kept);
    });
  }

  it("gives every rule a reason and a name of its own", () => {
    assert.equal(new Set(normalizeRules.map(({ name }) => name)).size, normalizeRules.length);
    assert.ok(normalizeRules.every(({ reason }) => reason.length > 20));
  });
});

const shadows: readonly { readonly name: string; readonly line: string; readonly becomes?: string }[] = [
  { name: "a later day", line: "root:*:20416:0:99999:7:::", becomes: `root:*:${today}:0:99999:7:::` },
  { name: "the same day", line: `root:*:${today}:0:99999:7:::` },
  { name: "an earlier day", line: "root:*:1:0:99999:7:::" },
  { name: "no day", line: "root:*::0:99999:7:::" },
  { name: "a day that is no number", line: "root:*:never:0:99999:7:::" },
  { name: "bytes that are no text", line: "r\xff:*:1:0:99999:7:::" },
];
for (const { name, line, becomes } of shadows) {
  test(`shadow with ${name} ${becomes === undefined ? "stays" : "is taken back"}`, () => {
    const clamped = clampPasswordDates(Buffer.from(`a:*:0:::::\n${line}\n`, "latin1"), epoch);
    assert.equal(Buffer.from(clamped).toString("latin1"), `a:*:0:::::\n${becomes ?? line}\n`);
  });
}
