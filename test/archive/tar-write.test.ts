import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { type Entry, noXattrs } from "../../src/archive/entry.ts";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { formatTarHeader, tarPadding } from "../../src/archive/tar-write.ts";
import { needs, run } from "../kit/oracle.ts";
import { describeEntry } from "./describe.ts";
import { tarOf, type WithBody } from "./make-tar.ts";
import { limits, listByPython } from "./oracle.ts";

const metadata = { mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, xattrs: noXattrs };
const file = (path: string, more: Partial<Entry> = {}): Entry =>
  ({ kind: "file", path, ...metadata, sizeBytes: 0, ...more }) as Entry;
const xattrs = (values: Record<string, string>): Partial<Entry> => ({
  xattrs: new Map(Object.entries(values).map(([name, hex]) => [name, Uint8Array.from(Buffer.from(hex, "hex"))])),
});

/** What a tree can have, at the edges of what ustar can say. */
const tree: readonly WithBody[] = [
  { entry: { kind: "directory", path: ".", ...metadata, mode: 0o755 } },
  { entry: { kind: "directory", path: "tmp", ...metadata, mode: 0o1777 } },
  { entry: file("tmp/setuid", { mode: 0o6755, sizeBytes: 5 } as Partial<Entry>), body: Buffer.from("hello") },
  { entry: { kind: "hardlink", path: "tmp/hard", ...metadata, mode: 0o6755, target: "tmp/setuid" } },
  { entry: { kind: "symlink", path: "tmp/soft", ...metadata, mode: 0o777, target: "../etc/x" } },
  { entry: { kind: "symlink", path: "tmp/long-link", ...metadata, mode: 0o777, target: "l".repeat(101) } },
  { entry: { kind: "character-device", path: "null", ...metadata, major: 1, minor: 3 } },
  { entry: { kind: "block-device", path: "disk", ...metadata, major: 0xfff, minor: 0xfffff } },
  { entry: { kind: "fifo", path: "fifo", ...metadata } },
  { entry: file("n".repeat(100)) },
  { entry: file("n".repeat(101)) },
  { entry: file(`${"p".repeat(155)}/${"n".repeat(100)}`) },
  { entry: file(`${"p".repeat(156)}/x`) },
  { entry: { kind: "directory", path: `${"d".repeat(155)}/${"e".repeat(99)}`, ...metadata } },
  { entry: { kind: "directory", path: `${"d".repeat(155)}/${"e".repeat(100)}`, ...metadata } },
  { entry: file("grüße/\u{1f600}") },
  { entry: file("ü".repeat(60)) },
  { entry: file("latin1-\udce9") },
  { entry: file("uid", { uid: 0o7777777, gid: 0o10000000 }) },
  { entry: file("uids", { uid: 4294967294, gid: 4294967294 }) },
  { entry: file("old", { mtime: -1 }) },
  { entry: file("late", { mtime: 0o100000000000 }) },
  { entry: file("capability", xattrs({ "security.capability": "010000020004000a00000000ff3d0a" })) },
];
const archive = tarOf(tree);
const lines = tree.map(({ entry, body = new Uint8Array(0) }) => describeEntry(entry, body));

describe("formatTarHeader", () => {
  const rows: readonly { name: string; entry: Entry; blocks: number }[] = [
    { name: "one block for what ustar can say", entry: file("a"), blocks: 1 },
    {
      name: "one block for a name of 256 bytes with a slash in the right place",
      entry: file(`${"p".repeat(155)}/${"n".repeat(100)}`),
      blocks: 1,
    },
    { name: "one block for names that are not ASCII", entry: file("grüße"), blocks: 1 },
    { name: "a PAX header for a name that does not split", entry: file("n".repeat(101)), blocks: 3 },
    { name: "a PAX header for 8 GiB", entry: file("a", { sizeBytes: 2 ** 33 } as Partial<Entry>), blocks: 3 },
    {
      name: "one block for 8 GiB less a byte",
      entry: file("a", { sizeBytes: 2 ** 33 - 1 } as Partial<Entry>),
      blocks: 1,
    },
  ];
  for (const { name, entry, blocks } of rows) {
    it(`gives ${name}`, () => assert.equal(formatTarHeader(entry).length, blocks * 512));
  }

  it("puts PAX records in the order of their keys, whatever the order of attributes", () => {
    const one = formatTarHeader(
      file("n".repeat(101), { uid: 2 ** 31, mtime: -5, ...xattrs({ "user.b": "62", "user.a": "61" }) }),
    );
    const other = formatTarHeader(
      file("n".repeat(101), { uid: 2 ** 31, mtime: -5, ...xattrs({ "user.a": "61", "user.b": "62" }) }),
    );
    assert.deepEqual(one, other);
    const keys = [
      ...Buffer.from(one)
        .toString("latin1", 512, 1024)
        .matchAll(/^\d+ ([^=]+)=/gm),
    ].map(([, key]) => key);
    assert.deepEqual(keys, ["SCHILY.xattr.user.a", "SCHILY.xattr.user.b", "mtime", "path", "uid"]);
  });

  it("names the PAX header after the file, cut between characters", () => {
    const header = Buffer.from(formatTarHeader(file(`dir/xx${"ü".repeat(80)}`)));
    assert.equal(header.toString("utf8", 0, header.indexOf(0)), `PaxHeaders/xx${"ü".repeat(43)}`);
  });

  it("refuses device numbers that no header holds", () => {
    const entry: Entry = { kind: "block-device", path: "x", ...metadata, major: 0o10000000, minor: 0 };
    assert.throws(() => formatTarHeader(entry), { code: "ARCHIVE_BROKEN" });
  });

  it("is read back as it was", () => assert.deepEqual(relist(archive), lines));
});

test("tarPadding fills the last block", () => {
  assert.deepEqual([0, 1, 511, 512, 513].map(tarPadding), [0, 511, 1, 0, 511]);
});

test("Python reads what we write as we do", needs("python3"), () =>
  assert.deepEqual(listByPython([archive])[0], lines),
);

for (const [program, ...args] of [
  ["tar", "-tf", "-", "--quoting-style=literal"],
  ["bsdtar", "-tf", "-"],
] as const) {
  test(`${program} lists what we write`, needs(program), () => {
    const names = tree
      .filter(({ entry }) => entry.path.isWellFormed())
      .map(({ entry }) => entry.path + (entry.kind === "directory" ? "/" : ""));
    const input = tarOf(tree.filter(({ entry }) => entry.path.isWellFormed()));
    const env = { ...process.env, LC_ALL: "C.UTF-8" };
    assert.deepEqual(run(program, args, { input, env }).trimEnd().split("\n"), names);
  });
}

test("GNU tar unpacks binary attributes as we wrote them", needs("tar", "python3"), (t) => {
  const folder = mkdtempSync(join(tmpdir(), "dodai-tar-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const hex = "00ff3d0a256e";
  const input = tarOf([
    {
      entry: file("f", {
        uid: process.getuid?.() ?? 0,
        gid: process.getgid?.() ?? 0,
        ...xattrs({ "user.a": hex, "user.b=c%": "31" }),
      }),
    },
  ]);
  run("tar", ["-xf", "-", "--xattrs", "--xattrs-include=user.*", "-C", folder], { input });
  const script =
    "import os,sys; print({n: os.getxattr(sys.argv[1], n).hex() for n in sorted(os.listxattr(sys.argv[1])) if n.startswith('user.')})";
  const found = run("python3", ["-c", script, join(folder, "f")]).trim();
  if (found === "{}") t.skip("the folder for temporary files keeps no attributes");
  else assert.equal(found, `{'user.a': '${hex}', 'user.b=c%': '31'}`);
});

describe("archives that Python and GNU tar write of odd trees", needs("python3", "tar", "truncate"), () => {
  it("are read as Python reads them", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "dodai-tar-"));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "make.py"), makeTrees);
    run("python3", ["make.py"], { cwd: folder });
    const archives = [
      "pax",
      "gnu",
      "ustar",
      "sparse-gnu",
      "sparse-0.0",
      "sparse-0.1",
      "sparse-1.0",
      "v7",
      "oldgnu",
    ].map((name) => Buffer.from(run("base64", ["-w0", `${name}.tar`], { cwd: folder }), "base64"));
    const theirs = listByPython(archives);
    for (const [index, one] of archives.entries()) assert.deepEqual(relist(one), theirs[index]);
  });
});

/** Writes one archive per format with Python, and one per kind of sparse file with GNU tar. */
const makeTrees = `
import io, subprocess, tarfile
def write(name, form, odd):
    with tarfile.open(name, "w", format=form) as t:
        def add(path, kind=tarfile.REGTYPE, body=b"", **more):
            i = tarfile.TarInfo(path); i.type = kind; i.size = len(body); i.mtime = 1700000000
            for key, value in more.items(): setattr(i, key, value)
            t.addfile(i, io.BytesIO(body))
        add("./", tarfile.DIRTYPE, mode=0o755)
        add("d\\u00fcr/\\u4e2d\\U0001f600", body=b"x" * 1000)
        add("hard", tarfile.LNKTYPE, linkname="d\\u00fcr/\\u4e2d\\U0001f600")
        add("soft", tarfile.SYMTYPE, linkname="../up")
        add("null", tarfile.CHRTYPE, devmajor=1, devminor=3)
        add("disk", tarfile.BLKTYPE, devmajor=259, devminor=70000)
        add("fifo", tarfile.FIFOTYPE)
        if odd:
            add("n" * 300, body=b"long")
            add("link", tarfile.SYMTYPE, linkname="t" * 300)
            add("big", uid=3000000000, gid=3000000001)
        if form == tarfile.PAX_FORMAT:
            add("x", pax_headers={"SCHILY.xattr.user.a": "value\\n=", "mtime": "-1.5", "comment": "\\u00fc"})
write("pax.tar", tarfile.PAX_FORMAT, True)
write("gnu.tar", tarfile.GNU_FORMAT, True)
write("ustar.tar", tarfile.USTAR_FORMAT, False)
with open("holes", "wb") as f:
    for at in range(0, 60):
        f.seek(at * 65536); f.write(b"%d" % at * 100)
    f.truncate(60 * 65536 + 5)
with open("empty", "wb") as f: f.truncate(1 << 20)
def gnu(name, *args): subprocess.run(["tar", "-cf", name, "--owner=0", "--group=0", *args], check=True)
gnu("sparse-gnu.tar", "--format=gnu", "-S", "holes", "empty", "make.py")
for version in ("0.0", "0.1", "1.0"):
    gnu("sparse-%s.tar" % version, "--format=posix", "-S", "--sparse-version=" + version, "holes", "empty", "make.py")
gnu("v7.tar", "--format=v7", "make.py")
gnu("oldgnu.tar", "--format=oldgnu", "-S", "holes", "make.py")
`;

const part = fc.string({
  unit: fc.constantFrom("a", "ü", "-", ".", "\udce9", "\u{1f600}", "\n"),
  minLength: 1,
  maxLength: 120,
});
const path = fc
  .array(
    part.filter((one) => one !== "." && one !== ".."),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join("/"));
const common = {
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 0xfffffffe }),
  gid: fc.integer({ min: 0, max: 0xfffffffe }),
  mtime: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  xattrs: fc
    .dictionary(fc.stringMatching(/^user\.[a-z=%]{1,20}$/), fc.uint8Array({ maxLength: 50 }), { maxKeys: 2 })
    .map((values) => new Map(Object.entries(values))),
};
const device = { major: fc.integer({ min: 0, max: 0xfff }), minor: fc.integer({ min: 0, max: 0xfffff }) };
const items: fc.Arbitrary<WithBody> = fc.oneof(
  fc
    .record({ body: fc.uint8Array({ maxLength: 2000 }), rest: fc.record(common) })
    .map(({ body, rest }) => ({ entry: { kind: "file" as const, ...rest, sizeBytes: body.length }, body })),
  fc
    .record({ ...common, target: fc.oneof(part, path) })
    .map((rest) => ({ entry: { kind: "symlink" as const, ...rest } })),
  fc.record({ ...common, target: path }).map((rest) => ({ entry: { kind: "hardlink" as const, ...rest } })),
  fc.record({ ...common, ...device }).map((rest) => ({ entry: { kind: "block-device" as const, ...rest } })),
  fc.record(common).map((rest) => ({ entry: { kind: "directory" as const, ...rest } })),
);

test("what is written is what is read, whatever the entries", () => {
  fc.assert(
    fc.property(fc.array(items, { maxLength: 5 }), (written) => {
      const read = [...readTarBuffer(tarOf(written), limits)];
      assert.deepEqual(
        read.map(({ entry }) => ({ ...entry })),
        written.map(({ entry }) => ({ ...entry })),
      );
      assert.deepEqual(
        read.map(({ body }) => Buffer.from(body)),
        written.map(({ body = [] }) => Buffer.from(body)),
      );
    }),
  );
});

function relist(bytes: Uint8Array): string[] {
  return [...readTarBuffer(bytes, limits)].map(({ entry, body }) => describeEntry(entry, body));
}
