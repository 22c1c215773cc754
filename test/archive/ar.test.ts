import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { type ArLimits, readAr } from "../../src/archive/ar.ts";
import { bytesOf, collect } from "../../src/core/bytes.ts";
import { fixture, needs, run } from "../kit/oracle.ts";

const limits: ArLimits = { maxEntries: 10, maxTotalBytes: 1 << 26, what: '"x.deb"' };

function member(name: string, body: string, size: string = String(body.length)): string {
  const fields = [name.padEnd(16), "0".padEnd(12), "0".padEnd(6), "0".padEnd(6), "100644".padEnd(8), size.padEnd(10)];
  return `${fields.join("")}\`\n${body}${body.length % 2 === 1 ? "\n" : ""}`;
}
const ar = (...members: readonly string[]): Uint8Array => Buffer.from(`!<arch>\n${members.join("")}`);

async function list(bytes: Uint8Array, size = bytes.length, bounds: ArLimits = limits): Promise<string[]> {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, at * size + size),
  );
  const lines: string[] = [];
  for await (const { name, sizeBytes, body } of readAr(bytesOf(...chunks), bounds)) {
    const bytes = await collect(body, { maxBytes: 1 << 26, what: "body" });
    assert.equal(bytes.length, sizeBytes);
    lines.push(`${name} ${Buffer.from(bytes).toString("latin1").slice(0, 20)}`);
  }
  return lines;
}

describe("readAr reads", () => {
  const deb = ar(member("debian-binary", "2.0\n"), member("control.tar.xz/", "odd"), member("data.tar.xz", "even"));
  for (const size of [1, 59, 60, 61, 1000]) {
    it(`members from chunks of ${size}`, async () => {
      assert.deepEqual(await list(deb, size), ["debian-binary 2.0\n", "control.tar.xz odd", "data.tar.xz even"]);
    });
  }
  it("past bodies that nobody takes", async () => {
    const names: string[] = [];
    for await (const { name } of readAr(bytesOf(deb), limits)) names.push(name);
    assert.equal(names.length, 3);
  });
  it("an empty archive", async () => assert.deepEqual(await list(ar()), []));
  it("a last member without its pad", async () =>
    assert.deepEqual(await list(ar(member("a", "odd")).subarray(0, -1)), ["a odd"]));
});

describe("readAr refuses", () => {
  const refused: readonly { name: string; bytes: Uint8Array; code?: string; bounds?: Partial<ArLimits> }[] = [
    { name: "no bytes at all", bytes: new Uint8Array(0) },
    { name: "another magic", bytes: Buffer.from("!<thin>\n") },
    { name: "a truncated header", bytes: ar(member("a", "even").slice(0, 30)) },
    { name: "a truncated member", bytes: ar(member("a", "even").slice(0, -1)) },
    { name: "a header without its end", bytes: ar(member("a", "even").replace("`\n", "``")) },
    { name: "a negative size", bytes: ar(member("a", "even", "-4")) },
    { name: "a size in hexadecimal", bytes: ar(member("a", "even", "0x4")) },
    { name: "an empty size", bytes: ar(member("a", "even", "")) },
    { name: "a size lie", bytes: ar(member("a", "even", "5000")) },
    { name: "a size lie beyond the limit", bytes: ar(member("a", "even", "9999999999")), code: "ARCHIVE_TOO_LARGE" },
    { name: "a long name of BSD", bytes: ar(member("#1/20", "even")) },
    { name: "a long name of GNU", bytes: ar(member("//", "even")) },
    { name: "a symbol table", bytes: ar(member("/", "even")) },
    { name: "an empty name", bytes: ar(member("", "even")) },
    { name: "a name with control characters", bytes: ar(member("a\u001b", "even")) },
    { name: "endless members", bytes: ar(...Array(11).fill(member("a", ""))), code: "ARCHIVE_TOO_LARGE" },
    {
      name: "more bytes than may come",
      bytes: ar(member("a", "x".repeat(100))),
      code: "ARCHIVE_TOO_LARGE",
      bounds: { maxTotalBytes: 128 },
    },
  ];
  for (const { name, bytes, code = "ARCHIVE_BROKEN", bounds } of refused) {
    it(name, () => assert.rejects(list(bytes, 64, { ...limits, ...bounds }), { name: "DodaiError", code }));
  }
});

test("real debs have the members that ar sees", needs("ar", fixture("deb")), async () => {
  const debs = readdirSync(fixture("deb"), { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".deb"));
  for (const deb of debs) {
    const path = fixture(`deb/${deb}`);
    const read = list(readFileSync(path), 65536);
    // aptly has packages that are cut off, and one whose place a text holds.
    if (/libboost-broken|amanda-client/.test(deb)) await assert.rejects(read, { code: "ARCHIVE_BROKEN" }, deb);
    else
      assert.deepEqual(
        (await read).map((line) => line.split(" ")[0]),
        run("ar", ["t", path]).trim().split("\n"),
        deb,
      );
  }
});
