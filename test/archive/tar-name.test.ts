import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cleanPath, decodeName, encodeName, printable } from "../../src/archive/tar-name.ts";

describe("decodeName and encodeName", () => {
  const rows = [
    { name: "ASCII", hex: "6162", text: "ab" },
    { name: "UTF-8", hex: "c3a9e282acf09f9880", text: "\u00e9\u20ac\u{1f600}" },
    { name: "latin1", hex: "63616ee9", text: "can\udce9" },
    { name: "a replacement character that is meant", hex: "efbfbd", text: "\ufffd" },
    { name: "a byte in front of UTF-8", hex: "ffc3a9", text: "\udcff\u00e9" },
    { name: "a cut character", hex: "e282", text: "\udce2\udc82" },
    { name: "an overlong slash", hex: "c0af", text: "\udcc0\udcaf" },
    { name: "a surrogate in UTF-8", hex: "eda080", text: "\udced\udca0\udc80" },
  ];
  for (const { name, hex, text } of rows) {
    it(`take ${name} forth and back`, () => {
      assert.equal(decodeName(Buffer.from(hex, "hex")), text);
      assert.equal(encodeName(text).toString("hex"), hex);
    });
  }

  it("give any bytes back", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(Uint8Array.from(encodeName(decodeName(bytes))), bytes)),
    );
  });

  const refused = [
    { name: "a surrogate that is no escape", text: "\ud800" },
    { name: "an escape of an ASCII byte", text: "\udc41" },
    { name: "escapes that spell a character", text: "\udcc3\udca9" },
  ];
  for (const { name, text } of refused) {
    it(`refuse ${name}, which would collide`, () =>
      assert.throws(() => encodeName(text), { code: "ARCHIVE_UNSAFE_PATH" }));
  }
});

describe("cleanPath", () => {
  it("gives a path that is clean, and inside", () => {
    const part = fc.constantFrom("a", ".", "..", "", "...", "b c", "\u00e9");
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        const raw = parts.join("/");
        const refused = raw === "" || raw.startsWith("/") || parts.includes("..");
        if (refused) assert.throws(() => cleanPath(raw), { code: "ARCHIVE_UNSAFE_PATH" });
        else assert.equal(cleanPath(raw), parts.filter((one) => one !== "" && one !== ".").join("/") || ".");
      }),
    );
  });
});

describe("printable", () => {
  it("keeps control characters from a terminal", () =>
    assert.equal(printable("a\u001b[31m\udce9"), "a\\u001b[31m\\udce9"));
  it("cuts what is endless", () => assert.equal(printable("x".repeat(300)).length, 203));
});
