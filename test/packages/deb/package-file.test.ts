import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, test } from "node:test";
import type { Entry } from "../../../src/archive/entry.ts";
import { bytesOf, collect } from "../../../src/core/bytes.ts";
import { openPackage } from "../../../src/packages/deb/package-file.ts";
import { controlText, type DebSpec, makeAr, makeDeb, makeTar } from "../../kit/deb.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";

const limits = { maxControlBytes: 1 << 20, maxTreeBytes: 64 << 20, maxEntries: 10_000 };
const spec: DebSpec = {
  name: "hello",
  tree: [
    { path: "usr/bin/hello", content: "#!/bin/sh\necho hello\n", mode: 0o755 },
    { path: "usr/bin/hi", kind: "symlink", target: "hello" },
  ],
  control: { postinst: "#!/bin/sh\n", conffiles: "/etc/x\n" },
};

/** All that a package says: control members and entries, a line each. */
async function pictureOf(deb: Uint8Array, bounds = limits): Promise<string[]> {
  const file = await openPackage(bytesOf(deb), bounds);
  const lines = file.control.map(({ name, mode, bytes }) => `control ${name} ${mode.toString(8)} ${bytes.length}`);
  for await (const { entry, body } of file.items) {
    const content = await collect(body, { maxBytes: 1 << 26, what: entry.path });
    lines.push(describeEntry(entry, content));
  }
  return lines;
}

function describeEntry(entry: Entry, content: Uint8Array): string {
  const target = "target" in entry ? ` -> ${entry.target}` : "";
  return `${entry.kind} ${entry.path} ${entry.mode.toString(8)} ${content.length}${target}`;
}

const wanted = [
  `control control 644 ${controlText(spec).length}`,
  "control md5sums 644 48",
  "control postinst 755 10",
  "control conffiles 644 7",
  "directory . 755 0",
  "directory usr 755 0",
  "directory usr/bin 755 0",
  "file usr/bin/hello 755 21",
  "symlink usr/bin/hi 777 0 -> hello",
];
for (const compression of ["none", "gzip", "zstd"] as const) {
  test(`openPackage reads members of compression ${compression}`, async () => {
    assert.deepEqual(await pictureOf(makeDeb({ ...spec, compression })), wanted);
  });
}

const control = { name: "control.tar", bytes: makeTar([{ path: "control", content: controlText(spec) }]) };
const data = { name: "data.tar", bytes: makeTar([{ path: "a", content: "a" }]) };
const version = { name: "debian-binary", bytes: Buffer.from("2.0\n") };
const member = (name: string, text = "x") => ({ name, bytes: Buffer.from(text) });

describe("openPackage takes what dpkg takes", () => {
  const taken = [
    {
      name: "members for others anywhere after the first",
      members: [version, member("_a"), control, member("_b"), data, member("_gpgorigin")],
    },
    { name: "a later minor format", members: [member("debian-binary", "2.9\nmore\n"), control, data] },
  ];
  for (const { name, members } of taken) {
    it(name, async () => assert.equal((await pictureOf(makeAr(members))).at(-1), "file a 644 1"));
  }
});

const controlWith = (...files: Parameters<typeof makeTar>[0]) => ({ name: "control.tar", bytes: makeTar(files) });
const whole = { path: "control", content: controlText(spec) };
const refused = [
  { name: "an empty file", deb: Buffer.alloc(0) },
  { name: "a web page", deb: Buffer.from("<!DOCTYPE html>".repeat(20)) },
  { name: "another first member", deb: makeAr([control, version, data]) },
  { name: "format 3", deb: makeAr([member("debian-binary", "3.0\n"), control, data]) },
  { name: "data before control", deb: makeAr([version, data, control]) },
  { name: "no control", deb: makeAr([version]) },
  { name: "no data", deb: makeAr([version, control]) },
  { name: "an unknown member", deb: makeAr([version, member("extra"), control, data]) },
  { name: "two controls", deb: makeAr([version, control, control, data]) },
  { name: "a second data archive", deb: makeAr([version, control, data, data]) },
  { name: "an unknown compression", deb: makeAr([version, control, { ...data, name: "data.tar.zip" }]) },
  { name: "a compression that is a lie", deb: makeAr([version, control, { ...data, name: "data.tar.xz" }]) },
  {
    name: "a control archive without control",
    deb: makeAr([version, controlWith({ path: "md5sums", content: "" }), data]),
  },
  {
    name: "a control file without Package",
    deb: makeAr([version, controlWith({ path: "control", content: "A: b\n" }), data]),
  },
  { name: "a broken control file", deb: makeAr([version, controlWith({ path: "control", content: "hello\n" }), data]) },
  { name: "control twice", deb: makeAr([version, controlWith(whole, whole), data]) },
  {
    name: "a control member that is a link",
    deb: makeAr([version, controlWith(whole, { path: "postinst", kind: "symlink", target: "/x" }), data]),
  },
  {
    name: "a control member in a folder",
    deb: makeAr([version, controlWith(whole, { path: "a/b", content: "" }), data]),
  },
  {
    name: "a newline in a path",
    deb: makeAr([version, control, { name: "data.tar", bytes: makeTar([{ path: "a\nb", content: "" }]) }]),
  },
];
describe("openPackage refuses with PACKAGE_BROKEN", () => {
  for (const { name, deb } of refused) {
    it(name, () => assert.rejects(pictureOf(deb), { code: "PACKAGE_BROKEN" }));
  }

  it("a package that is cut off anywhere", async () => {
    const deb = makeDeb(spec);
    for (let length = 0; length < deb.length; length += 37) {
      await assert.rejects(pictureOf(deb.subarray(0, length)), { code: "PACKAGE_BROKEN" }, `${length} bytes`);
    }
  });

  it("names the package once it is known", async () => {
    const deb = makeAr([version, control, { ...data, name: "data.tar.gz" }]);
    await assert.rejects(pictureOf(deb), { message: /^Cannot open package "hello": Cannot decompress data.tar.gz/ });
  });
});

describe("openPackage stays within its limits", () => {
  const zeros = "0".repeat(2 << 20);
  const bomb = makeDeb({ name: "bomb", tree: [{ path: "zeros", content: zeros }] });
  it("refuses a data archive that becomes too large", () =>
    assert.rejects(pictureOf(bomb, { ...limits, maxTreeBytes: 1 << 20 }), { code: "ARCHIVE_TOO_LARGE" }));

  it("refuses a control archive that becomes too large", () =>
    assert.rejects(pictureOf(makeDeb({ name: "bomb", control: { templates: zeros } })), { code: "ARCHIVE_TOO_LARGE" }));

  it("refuses too many entries", () =>
    assert.rejects(pictureOf(makeDeb(spec), { ...limits, maxEntries: 3 }), { code: "ARCHIVE_TOO_LARGE" }));

  it("refuses paths that lead out of the tree", async () => {
    for (const path of ["../x", "a/../../x"]) {
      const deb = makeAr([version, control, { name: "data.tar", bytes: makeTar([{ path, content: "" }]) }]);
      await assert.rejects(pictureOf(deb), { code: "ARCHIVE_UNSAFE_PATH" });
    }
  });
});

it("closes its input when a reader stops early", async () => {
  let closed = false;
  async function* input() {
    try {
      yield makeDeb(spec);
      yield Buffer.alloc(1);
    } finally {
      closed = true;
    }
  }
  const file = await openPackage(input(), limits);
  for await (const _item of file.items) break;
  assert.ok(closed);
});

const folder = mkdtempSync(join(tmpdir(), "dodai-deb-"));
after(() => rmSync(folder, { recursive: true }));

/** What dpkg-deb says: sizes of control members, and mode, size and path of each entry. */
function assertLikeDpkg(path: string, picture: readonly string[]): void {
  const listed = run("dpkg-deb", ["-c", path]).trimEnd().split("\n");
  const ours = picture.filter((line) => !line.startsWith("control "));
  assert.equal(ours.length, listed.length);
  for (const [at, line] of listed.entries()) {
    const [, size = "", name = ""] = /^\S+ \S+ +(\d+|\d+,\d+) \S+ \S+ (.*)$/.exec(line) ?? [];
    const spelled =
      name
        .replace(/ (?:->|link to) .*$/, "")
        .replace(/^\.\//, "")
        .replace(/\/$/, "") || ".";
    assert.ok(ours[at]?.includes(` ${spelled} `), `${ours[at]} is not ${line}`);
    if (line.startsWith("-")) assert.ok(ours[at]?.endsWith(` ${size}`), `${ours[at]} is not ${line}`);
  }
  const info = run("dpkg-deb", ["-I", path]).split("\n");
  const sizes = info.flatMap((line) => /^ +(\d+) bytes, .* (\S+) *(?:#!.*)?$/.exec(line)?.slice(1, 3).join(" ") ?? []);
  const members = picture.filter((line) => line.startsWith("control "));
  assert.equal(members.length, sizes.length);
}

for (const compression of ["xz", "gzip", "zstd", "none"]) {
  test(`openPackage reads what dpkg-deb builds with -Z${compression}`, needs("dpkg-deb"), async () => {
    const tree = join(folder, compression);
    mkdirSync(join(tree, "DEBIAN"), { recursive: true });
    mkdirSync(join(tree, "usr/share/long".padEnd(140, "g")), { recursive: true });
    writeFileSync(join(tree, "DEBIAN/control"), controlText(spec));
    writeFileSync(join(tree, "usr/share/file"), "content".repeat(10_000));
    const deb = `${tree}.deb`;
    run("dpkg-deb", ["--root-owner-group", `-Z${compression}`, "--build", tree, deb]);
    assertLikeDpkg(deb, await pictureOf(readFileSync(deb)));
  });
}

for (const group of ["deb/aptly", "solver/apt-integration-data"]) {
  test(
    `openPackage takes and refuses the packages of ${group} as dpkg-deb does`,
    needs(fixture(group), "dpkg-deb"),
    async () => {
      const debs = globSync(`${fixture(group)}/**/*.deb`);
      assert.ok(debs.length > 0);
      for (const path of debs) {
        if (isTaken(path)) assertLikeDpkg(path, await pictureOf(readFileSync(path)));
        else await assert.rejects(pictureOf(readFileSync(path)), { code: "PACKAGE_BROKEN" }, path);
      }
    },
  );
}

function isTaken(path: string): boolean {
  try {
    run("dpkg-deb", ["-c", path]);
    return true;
  } catch {
    return false;
  }
}
