import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import { accounts } from "../../../src/rootfs/effects/accounts.ts";
import { readApplets } from "../../../src/rootfs/effects/busybox-folder.ts";
import { caCertificates } from "../../../src/rootfs/effects/ca-certificates.ts";
import type { EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { effects } from "../../../src/rootfs/effects/effects.ts";
import { localtime } from "../../../src/rootfs/effects/localtime.ts";
import { osReleaseDistroless } from "../../../src/rootfs/effects/os-release-distroless.ts";
import { subjectHash } from "../../../src/rootfs/effects/subject-hash.ts";
import { needs, run } from "../../kit/oracle.ts";
import { entryOf, treeOf } from "../../kit/tree.ts";

function contextOf(lines: readonly string[], more: Partial<EffectContext> = {}): EffectContext {
  const texts = new Map(lines.map((line) => [entryOf(line).path, entryOf(line).text]));
  return {
    tree: treeOf(lines),
    read: (path) => Buffer.from(texts.get(path) ?? ""),
    open: (path) => memoryAccess(Buffer.from(texts.get(path) ?? "")),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "debian", release: "trixie" },
    users: [],
    groups: [],
    epoch: 0,
    packages: [],
    ...more,
  };
}

/** Text of a file that an effect made. */
function made(effect: (typeof effects)[number], context: EffectContext, path: string): string | undefined {
  const { files } = effect.apply(context);
  const file = files.find((one) => one.path === path);
  return file?.kind === "file"
    ? Buffer.from(file.bytes).toString()
    : file?.kind === "symlink"
      ? `-> ${file.target}`
      : undefined;
}

const app = { name: "app", uid: 1000, gid: 1000, comment: "", home: "/home/app", shell: "/bin/sh" };

describe("accounts", () => {
  it("are left alone when nobody asks for any", () => {
    assert.deepEqual(accounts.apply(contextOf([])), { files: [], removed: [] });
  });

  it("give a user a line, a group of its own, and a home of its own", () => {
    const context = contextOf([], { users: [app] });
    assert.equal(made(accounts, context, "etc/passwd"), "app:x:1000:1000::/home/app:/bin/sh\n");
    assert.equal(made(accounts, context, "etc/group"), "app:x:1000:\n");
    const { files } = accounts.apply(context);
    assert.deepEqual(files.at(-1), { kind: "directory", path: "home/app", mode: 0o700, uid: 1000, gid: 1000 });
  });

  it("are added to those of base-passwd, and take the place of one of the same name", () => {
    const context = contextOf(["usr/share/base-passwd/passwd.master = app:*:5:5::/:/bin/x"], { users: [app] });
    assert.equal(made(accounts, context, "etc/passwd"), "app:x:1000:1000::/home/app:/bin/sh\n");
  });
});

test("os-release keeps what scanners read", () => {
  const context = contextOf(['usr/lib/os-release = PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="13"\n']);
  assert.equal(
    made(osReleaseDistroless, context, "usr/lib/os-release"),
    'PRETTY_NAME="Distroless"\nID=debian\nVERSION_ID="13"\n',
  );
});

test("the time zone is UTC when tzdata is there", () => {
  const packages = [{ name: "tzdata", version: "1", control: [] }];
  assert.equal(made(localtime, contextOf([], { packages }), "etc/localtime"), "-> /usr/share/zoneinfo/Etc/UTC");
  assert.deepEqual(localtime.apply(contextOf([])).files, []);
});

test("applets are read from BusyBox's own table, without the folder's own name", () => {
  const bytes = Buffer.from("\x7fELF...\0[\0[[\0acpid\0ash\0busybox\0cat\0sh\0\0rest\0");
  assert.deepEqual(readApplets(bytes), ["[", "[[", "acpid", "ash", "cat", "sh"]);
  assert.throws(() => readApplets(Buffer.from("no table")), { code: "EFFECT_FAILED" });
});

const certificates = "/usr/share/ca-certificates/mozilla";

test("hashes of CA subjects are those of openssl", needs(certificates, "openssl"), () => {
  const names = readdirSync(certificates).slice(0, 40);
  for (const name of names) {
    const path = `${certificates}/${name}`;
    const expected = run("openssl", ["x509", "-noout", "-subject_hash", "-in", path]).trim();
    assert.equal(subjectHash(new X509Certificate(readFileSync(path)).raw), expected, name);
  }
});

test("a hash of something that is no certificate is refused", () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x30, 0x03, 0x30, 0x01, 0x00]),
  ]) {
    assert.throws(() => subjectHash(bytes), { code: "EFFECT_FAILED" });
  }
});

test("certificates are linked by name and by hash, and bundled in order", needs(certificates), () => {
  const names = readdirSync(certificates).sort().slice(0, 3);
  const texts = new Map(
    names.map((name) => [`usr/share/ca-certificates/mozilla/${name}`, readFileSync(`${certificates}/${name}`, "utf8")]),
  );
  const context: EffectContext = {
    ...contextOf([...texts.keys()]),
    read: (path) => Buffer.from(texts.get(path) ?? ""),
    open: (path) => memoryAccess(Buffer.from(texts.get(path) ?? "")),
  };
  const { files } = caCertificates.apply(context);
  assert.equal(made(caCertificates, context, "etc/ssl/certs/ca-certificates.crt"), [...texts.values()].join(""));
  const links = files.filter(({ kind, path }) => kind === "symlink" && path.startsWith("etc/ssl/certs/"));
  assert.equal(links.length, 2 * names.length);
});

test("every effect has a name of its own", () => {
  assert.equal(new Set(effects.map(({ name }) => name)).size, effects.length);
});
