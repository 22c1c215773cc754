import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Entry } from "../../src/archive/entry.ts";
import { readTar, readTarBuffer, type TarLimits } from "../../src/archive/tar.ts";
import { tarTrailer } from "../../src/archive/tar-write.ts";
import { type Bytes, bytesOf, collect } from "../../src/core/bytes.ts";
import { extended, header, linked, member, named, pax, paxRecord, sized, typed } from "./make-tar.ts";
import { limits } from "./oracle.ts";

const archive = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat([...parts, tarTrailer]);
const entriesOf = (bytes: Uint8Array, bounds: TarLimits = limits): Entry[] =>
  [...readTarBuffer(bytes, bounds)].map(({ entry }) => entry);
const pathsOf = (bytes: Uint8Array): string[] => entriesOf(bytes).map(({ path }) => path);

describe("readTar refuses attacks:", () => {
  const refused: readonly { name: string; bytes: Uint8Array; code: string; bounds?: Partial<TarLimits> }[] = [
    { name: "path traversal", bytes: archive(header(named("a/../../etc/passwd"))), code: "ARCHIVE_UNSAFE_PATH" },
    { name: "path traversal as the last part", bytes: archive(header(named("a/.."))), code: "ARCHIVE_UNSAFE_PATH" },
    { name: "path traversal behind ./", bytes: archive(header(named("./../x"))), code: "ARCHIVE_UNSAFE_PATH" },
    { name: "absolute path", bytes: archive(header(named("/etc/passwd"))), code: "ARCHIVE_UNSAFE_PATH" },
    { name: "empty path", bytes: archive(header(named(""))), code: "ARCHIVE_UNSAFE_PATH" },
    { name: "NUL in a PAX path", bytes: archive(pax("path=a\0b"), header()), code: "ARCHIVE_UNSAFE_PATH" },
    { name: "traversal in a PAX path", bytes: archive(pax("path=../x"), header()), code: "ARCHIVE_UNSAFE_PATH" },
    {
      name: "traversal in a GNU long name",
      bytes: archive(extended("L", "../x\0"), header()),
      code: "ARCHIVE_UNSAFE_PATH",
    },
    {
      name: "path longer than Linux has",
      bytes: archive(pax(`path=${"a/".repeat(2100)}`), header()),
      code: "ARCHIVE_UNSAFE_PATH",
    },
    {
      name: "hard link out of the archive",
      bytes: archive(header(typed("1"), linked("../x"))),
      code: "ARCHIVE_UNSAFE_PATH",
    },
    {
      name: "hard link to an absolute path",
      bytes: archive(header(typed("1"), linked("/etc/shadow"))),
      code: "ARCHIVE_UNSAFE_PATH",
    },
    { name: "symlink without a target", bytes: archive(header(typed("2"))), code: "ARCHIVE_BROKEN" },
    {
      name: "NUL in a symlink's target",
      bytes: archive(pax("linkpath=a\0b"), header(typed("2"))),
      code: "ARCHIVE_BROKEN",
    },
    { name: "truncated header", bytes: header().subarray(0, 300), code: "ARCHIVE_BROKEN" },
    { name: "truncated body", bytes: header(sized(513)), code: "ARCHIVE_BROKEN" },
    { name: "truncated padding", bytes: Buffer.concat([header(sized(3)), Buffer.from("abc")]), code: "ARCHIVE_BROKEN" },
    {
      name: "size lie within the limit",
      bytes: archive(member(header(sized(1 << 20)), "abc")),
      code: "ARCHIVE_BROKEN",
    },
    {
      name: "size lie beyond the limit",
      bytes: archive(member(header(sized(2 ** 32)), "abc")),
      code: "ARCHIVE_TOO_LARGE",
    },
    { name: "size that is no number", bytes: archive(header({ at: 124, text: "9" })), code: "ARCHIVE_BROKEN" },
    {
      name: "negative size",
      bytes: archive(header({ at: 124, text: Buffer.alloc(12, 0xff) })),
      code: "ARCHIVE_BROKEN",
    },
    {
      name: "size beyond 2^53",
      bytes: archive(header({ at: 124, text: Buffer.from([0x80, ...Array(11).fill(0xff)]) })),
      code: "ARCHIVE_BROKEN",
    },
    {
      name: "negative owner",
      bytes: archive(header({ at: 108, text: Buffer.alloc(8, 0xff) })),
      code: "ARCHIVE_BROKEN",
    },
    { name: "owner beyond 32 bits", bytes: archive(pax("uid=4294967295"), header()), code: "ARCHIVE_BROKEN" },
    {
      name: "directory with bytes",
      bytes: archive(member(header(typed("5"), sized(3)), "abc")),
      code: "ARCHIVE_BROKEN",
    },
    { name: "wrong checksum", bytes: archive(Buffer.from(header()).fill("x", 0, 1)), code: "ARCHIVE_BROKEN" },
    { name: "no tar archive at all", bytes: Buffer.alloc(2048, "nonsense"), code: "ARCHIVE_BROKEN" },
    { name: "unknown type", bytes: archive(header(typed("Z"))), code: "ARCHIVE_BROKEN" },
    { name: "volume continued from another", bytes: archive(header(typed("M"))), code: "ARCHIVE_BROKEN" },
    {
      name: "PAX record with a wrong length",
      bytes: archive(extended("x", "99 path=x\n"), header()),
      code: "ARCHIVE_BROKEN",
    },
    { name: "PAX record of length 0", bytes: archive(extended("x", "0 path=x\n"), header()), code: "ARCHIVE_BROKEN" },
    { name: "PAX record without a key", bytes: archive(extended("x", "5 =x\n"), header()), code: "ARCHIVE_BROKEN" },
    { name: "PAX size that is no number", bytes: archive(pax("size=-1"), header()), code: "ARCHIVE_BROKEN" },
    { name: "PAX header without an entry", bytes: archive(pax("path=x")), code: "ARCHIVE_BROKEN" },
    {
      name: "global header that names files",
      bytes: archive(extended("g", paxRecord("path=x")), header()),
      code: "ARCHIVE_BROKEN",
    },
    { name: "huge PAX header", bytes: archive(header(typed("x"), sized(2 ** 30))), code: "ARCHIVE_TOO_LARGE" },
    { name: "huge GNU long name", bytes: archive(header(typed("L"), sized(2 ** 30))), code: "ARCHIVE_TOO_LARGE" },
    {
      name: "endless PAX headers",
      bytes: archive(...Array(40).fill(pax("comment=x"))),
      code: "ARCHIVE_TOO_LARGE",
      bounds: { maxHeaderBytes: 16384 },
    },
    {
      name: "endless global headers",
      bytes: archive(
        ...Array.from({ length: 40 }, () => [extended("g", paxRecord(`a=${"x".repeat(900)}`)), header()]).flat(),
      ),
      code: "ARCHIVE_TOO_LARGE",
      bounds: { maxHeaderBytes: 16384 },
    },
    {
      name: "endless entries",
      bytes: archive(...Array(11).fill(header())),
      code: "ARCHIVE_TOO_LARGE",
      bounds: { maxEntries: 10 },
    },
    {
      name: "endless zeros behind the end",
      bytes: Buffer.alloc(1 << 16),
      code: "ARCHIVE_TOO_LARGE",
      bounds: { maxTotalBytes: 1 << 15 },
    },
    {
      name: "bomb of holes",
      bytes: archive(pax("GNU.sparse.size=9007199254740991", "GNU.sparse.map="), header()),
      code: "ARCHIVE_TOO_LARGE",
    },
    {
      name: "sparse map that overlaps",
      bytes: archive(pax("GNU.sparse.size=9", "GNU.sparse.map=0,2,1,1"), member(header(sized(3)), "abc")),
      code: "ARCHIVE_BROKEN",
    },
    {
      name: "sparse map beyond the end",
      bytes: archive(pax("GNU.sparse.size=2", "GNU.sparse.map=0,3"), member(header(sized(3)), "abc")),
      code: "ARCHIVE_BROKEN",
    },
    {
      name: "sparse map with more than is there",
      bytes: archive(pax("GNU.sparse.size=9", "GNU.sparse.map=0,9"), member(header(sized(3)), "abc")),
      code: "ARCHIVE_BROKEN",
    },
    {
      name: "sparse map with an endless count",
      bytes: archive(pax("GNU.sparse.major=1", "GNU.sparse.realsize=9"), member(header(sized(512)), "99999999\n1\n")),
      code: "ARCHIVE_BROKEN",
    },
  ];
  for (const { name, bytes, code, bounds } of refused) {
    it(name, () => assert.throws(() => entriesOf(bytes, { ...limits, ...bounds }), { name: "DodaiError", code }));
  }

  it("and names the entry", () => {
    const bytes = archive(header(named("a/../\u001bb")));
    const message = 'Cannot read archive entry "a/../\\u001bb": it contains "..", wanted a path inside the archive';
    assert.throws(() => entriesOf(bytes), { message });
  });
});

describe("readTar reads", () => {
  const paths = [
    { raw: "./", path: ".", type: "5" },
    { raw: ".", path: ".", type: "5" },
    { raw: "./usr/bin/", path: "usr/bin", type: "5" },
    { raw: "usr//bin///x", path: "usr/bin/x", type: "0" },
    { raw: "a/./b", path: "a/b", type: "0" },
    { raw: ".hidden", path: ".hidden", type: "0" },
    { raw: "..data/x..", path: "..data/x..", type: "0" },
    { raw: "back\\slash", path: "back\\slash", type: "0" },
  ];
  for (const { raw, path, type } of paths) {
    it(`the name "${raw}" as "${path}"`, () =>
      assert.deepEqual(pathsOf(archive(header(named(raw), typed(type)))), [path]));
  }

  const kinds = [
    {
      name: "a file of v7 with a trailing slash",
      head: header(named("dir/"), typed("\0"), { at: 257, text: Buffer.alloc(8) }),
      kind: "directory",
    },
    { name: "a contiguous file", head: header(typed("7")), kind: "file" },
    { name: "a file type of NUL", head: header(typed("\0")), kind: "file" },
    { name: "a hard link that repeats the size", head: header(typed("1"), linked("x"), sized(99)), kind: "hardlink" },
    { name: "a fifo", head: header(typed("6")), kind: "fifo" },
  ];
  for (const { name, head, kind } of kinds) {
    it(`${name} as ${kind}`, () =>
      assert.deepEqual(
        entriesOf(archive(head)).map((one) => one.kind),
        [kind],
      ));
  }

  const times = [
    { record: "mtime=1.999", mtime: 1 },
    { record: "mtime=-1.5", mtime: -2 },
    { record: "mtime=-1.0", mtime: -1 },
    { record: "mtime=-0", mtime: 0 },
  ];
  for (const { record, mtime } of times) {
    it(`${record} as ${mtime}`, () => assert.equal(entriesOf(archive(pax(record), header()))[0]?.mtime, mtime));
  }

  it("a checksum over signed bytes", () => {
    const block = Buffer.from(header(named("\u00e9")));
    const sum = Number.parseInt(block.toString("latin1", 148, 154), 8) - 2 * 256;
    block.write(sum.toString(8).padStart(6, "0"), 148, "latin1");
    assert.deepEqual(pathsOf(archive(block)), ["\u00e9"]);
  });

  it("a negative time in base 256", () => {
    const bytes = archive(header({ at: 136, text: Buffer.alloc(12, 0xff) }));
    assert.equal(entriesOf(bytes)[0]?.mtime, -1);
  });

  it("global records until later ones, and under an entry's own", () => {
    const global = (text: string): Uint8Array => extended("g", paxRecord(text));
    const bytes = archive(global("uid=1"), header(), pax("uid=2"), header(), header(), global("uid=3"), header());
    assert.deepEqual(
      entriesOf(bytes).map(({ uid }) => uid),
      [1, 2, 1, 3],
    );
  });

  it("an empty PAX value as none, and an empty extended attribute as one", () => {
    const [entry] = entriesOf(archive(pax("path=x", "path=", "SCHILY.xattr.user.a="), header()));
    assert.equal(entry?.path, "file");
    assert.deepEqual(entry?.xattrs, new Map([["user.a", new Uint8Array(0)]]));
  });

  it("attributes as GNU tar and libarchive spell them", () => {
    const records = ["SCHILY.xattr.user.a%3Db=x", "LIBARCHIVE.xattr.user.c%20d=AAH/"];
    const [entry] = entriesOf(archive(pax(...records), header()));
    const wanted = new Map([
      ["user.a=b", Uint8Array.from(Buffer.from("x"))],
      ["user.c d", Uint8Array.from([0, 1, 255])],
    ]);
    assert.deepEqual(entry?.xattrs, wanted);
  });

  it("symlink targets as they are", () => {
    for (const target of ["/etc/x", "../../../x", "a//b/", "./"]) {
      const [entry] = entriesOf(archive(header(typed("2"), linked(target))));
      assert.equal(entry?.kind === "symlink" && entry.target, target);
    }
  });

  const ends = [
    { name: "no trailer", bytes: header() },
    { name: "one zero block", bytes: Buffer.concat([header(), Buffer.alloc(512)]) },
    { name: "garbage behind the trailer", bytes: Buffer.concat([archive(header()), Buffer.from("garbage")]) },
  ];
  for (const { name, bytes } of ends) it(`an archive with ${name}`, () => assert.deepEqual(pathsOf(bytes), ["file"]));
  it("an empty archive", () => assert.deepEqual(pathsOf(new Uint8Array(0)), []));
});

describe("readTar as a stream", () => {
  const text = "0123456789".repeat(100);
  const sparse = pax("GNU.sparse.size=100000", "GNU.sparse.map=10,500,99500,500");
  const bytes = archive(
    member(header(named("a"), sized(text.length)), text),
    header(named("d/"), typed("5")),
    Buffer.concat([sparse, member(header(named("s"), sized(1000)), text)]),
  );
  const expected = [...readTarBuffer(bytes, limits)].map(({ entry, body }) => [
    entry,
    Buffer.from(body).toString("hex"),
  ]);

  async function* chunked(size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  for (const size of [1, 7, 511, 512, 513, 1024, 1 << 20]) {
    it(`gives the same from chunks of ${size}`, async () => {
      const seen: unknown[] = [];
      for await (const { entry, body } of readTar(chunked(size), limits)) {
        seen.push([entry, Buffer.from(await collect(body, { maxBytes: 1 << 20, what: "body" })).toString("hex")]);
      }
      assert.deepEqual(seen, expected);
    });
  }

  it("passes over bodies that nobody takes, or takes in part", async () => {
    const paths: string[] = [];
    for await (const { entry, body } of readTar(chunked(100), limits)) {
      paths.push(entry.path);
      for await (const _ of body) break;
    }
    assert.deepEqual(paths, ["a", "d", "s"]);
  });

  it("copies no bytes of a body", async () => {
    for await (const { body } of readTar(bytesOf(bytes), limits)) {
      for await (const chunk of body) assert.equal(chunk.buffer, bytes.buffer);
      break;
    }
  });

  it("takes its input to the end, where checksums are", async () => {
    let ended = false;
    async function* input(): AsyncGenerator<Uint8Array> {
      yield* chunked(512);
      yield Buffer.alloc(5000);
      ended = true;
    }
    for await (const _ of readTar(input(), limits));
    assert.ok(ended);
  });

  it("closes its input when the reader stops early", async () => {
    let closed = false;
    async function* input(): AsyncGenerator<Uint8Array> {
      try {
        yield* chunked(512);
      } finally {
        closed = true;
      }
    }
    for await (const _ of readTar(input(), limits)) break;
    assert.ok(closed);
  });

  it("says so when a body is read too late", async () => {
    const bodies: Bytes[] = [];
    await assert.rejects(async () => {
      for await (const { body } of readTar(chunked(512), limits)) {
        bodies.push(body);
        if (bodies.length === 3) for await (const _ of bodies[0] ?? bytesOf()) assert.ok(_.length > 0);
      }
    }, /was read after the next entry/);
  });
});
