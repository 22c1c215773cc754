import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type CpioLimits, readCpio } from "../../src/archive/cpio.ts";
import { bytesOf, collect } from "../../src/core/bytes.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { cpioMember } from "../kit/rpm.ts";

const limits: CpioLimits = { maxEntries: 10, maxTotalBytes: 1 << 20, what: "the payload" };
const start = [1, 0o100644, 0, 0, 1, 0];
const member = (name: string, body: string): Buffer => Buffer.concat(cpioMember(name, Buffer.from(body), start));
const trailer = member("TRAILER!!!", "");
const archive = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

async function list(bytes: Uint8Array, size = bytes.length, bounds: Partial<CpioLimits> = {}): Promise<string[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, at * size + size),
  );
  const lines: string[] = [];
  for await (const { name, index, mode, body } of readCpio(bytesOf(...chunks), { ...limits, ...bounds })) {
    const text = Buffer.from(await collect(body, { maxBytes: 1 << 20, what: "body" })).toString();
    lines.push(`${index < 0 ? name : index} ${mode.toString(8)} ${text}`);
  }
  return lines;
}

describe("readCpio reads", () => {
  for (const size of [1, 109, 110, 111, 1000]) {
    it(`members from chunks of ${size}`, async () => {
      const bytes = archive(member("./a", "one"), member("./bc", "four"), trailer, Buffer.alloc(100));
      assert.deepEqual(await list(bytes, size), ["./a 100644 one", "./bc 100644 four"]);
    });
  }
  it("past bodies that nobody takes", async () => {
    const names: string[] = [];
    for await (const { name } of readCpio(bytesOf(archive(member("a", "one"), member("b", "two"), trailer)), limits)) {
      names.push(name);
    }
    assert.deepEqual(names, ["a", "b"]);
  });
  it("the form that rpm strips to a number", async () => {
    const bytes = archive(Buffer.from("07070X00000001\0\0three\0\0\0"), Buffer.from("07070X00000000\0\0"), trailer);
    assert.deepEqual(await list(bytes, 7, { sizeOf: (index) => [0, 5][index] }), ["1 0 three", "0 0 "]);
  });
  const utils = fixture("rpm/go-rpmutils/sassoftware+go-rpmutils/testdata");
  it("an archive of GNU cpio", needs(utils), async () => {
    const lines = await list(readFileSync(`${utils}/foo.cpio`));
    assert.deepEqual(
      lines.map((line) => line.split(" ")[0]),
      ["./config", "./dir", "./normal"],
    );
  });
});

describe("readCpio refuses", () => {
  const cut = member("a", "one");
  const rows: readonly { name: string; bytes: Uint8Array; code?: string; bounds?: Partial<CpioLimits> }[] = [
    { name: "no bytes at all", bytes: new Uint8Array() },
    { name: "no trailer", bytes: member("a", "one") },
    { name: "another magic", bytes: Buffer.from(member("a", "").toString("latin1").replace("070701", "070707")) },
    { name: "a number that is none", bytes: Buffer.from(cut.toString("latin1").replace("00000003", "0000000x")) },
    { name: "a body that is cut off", bytes: cut.subarray(0, -2) },
    { name: "a name without its end", bytes: Buffer.from(cut.toString("latin1").replace("a\0", "ab")) },
    { name: "an endless name", bytes: member("a".repeat(5000), "") },
    { name: "bytes after the trailer", bytes: archive(trailer, Buffer.from("more")) },
    { name: "a number that no file has", bytes: archive(Buffer.from("07070X00000009\0\0"), trailer) },
    {
      name: "too many members",
      bytes: archive(cut, cut, trailer),
      code: "ARCHIVE_TOO_LARGE",
      bounds: { maxEntries: 1 },
    },
    { name: "too many bytes", bytes: archive(cut, trailer), code: "ARCHIVE_TOO_LARGE", bounds: { maxTotalBytes: 100 } },
  ];
  for (const { name, bytes, code = "ARCHIVE_BROKEN", bounds } of rows) {
    it(name, () => assert.rejects(list(bytes, bytes.length || 1, bounds), { code }));
  }
});
