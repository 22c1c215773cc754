import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fieldLines, fieldOf, formatStanza, parseStanza, parseStanzas } from "../../../src/packages/deb/deb822.ts";

const what = "test text";

const read = [
  { name: "one field", text: "A: 1\n", stanzas: [{ A: "1" }] },
  { name: "no newline at the end", text: "A: 1", stanzas: [{ A: "1" }] },
  { name: "no space after the colon", text: "A:1\n", stanzas: [{ A: "1" }] },
  { name: "white space around a value", text: "A: \t 1 \t\n", stanzas: [{ A: "1" }] },
  { name: "an empty value", text: "A:\nB: 2\n", stanzas: [{ A: "", B: "2" }] },
  { name: "a colon in a value", text: "A: 1:2\n", stanzas: [{ A: "1:2" }] },
  { name: "two stanzas", text: "A: 1\n\nA: 2\n", stanzas: [{ A: "1" }, { A: "2" }] },
  {
    name: "empty lines before, between and after",
    text: "\n\nA: 1\n\n\n\nA: 2\n\n\n",
    stanzas: [{ A: "1" }, { A: "2" }],
  },
  { name: "lines that continue", text: "D: a\n b\n .\n\tc\n", stanzas: [{ D: "a\n b\n .\n\tc" }] },
  { name: "a value that starts on the next line", text: "S:\n x 1\n y 2\n", stanzas: [{ S: "\n x 1\n y 2" }] },
  { name: "CRLF", text: "A: 1\r\nB: 2\r\n c\r\n\r\nA: 3\r\n", stanzas: [{ A: "1", B: "2\n c" }, { A: "3" }] },
  { name: "nothing", text: "\n\n", stanzas: [] },
  { name: "characters beyond ASCII in a value", text: "A: 土台\n", stanzas: [{ A: "土台" }] },
];
describe("parseStanzas", () => {
  for (const { name, text, stanzas } of read) {
    it(`reads ${name}`, () => {
      const got = [...parseStanzas(text, { what })].map((stanza) =>
        Object.fromEntries([...stanza.values()].map((field) => [field.name, field.value])),
      );
      assert.deepEqual(got, stanzas);
    });
  }

  it("skips comments only where they are allowed", () => {
    const text = "# hello\nA: 1\n# inside\n 2\n#B: 3\n";
    const [stanza] = parseStanzas(text, { what, comments: true });
    assert.equal(stanza && fieldOf(stanza, "A"), "1\n 2");
    assert.throws(() => [...parseStanzas(text, { what })], { code: "CONTROL_SYNTAX" });
  });

  it("finds fields by name in any case and keeps their spelling", () => {
    const stanza = parseStanza("multi-ARCH: same\n", { what });
    assert.equal(fieldOf(stanza, "Multi-Arch"), "same");
    assert.deepEqual([...stanza.values()], [{ name: "multi-ARCH", value: "same", line: 1 }]);
  });

  it("splits the lines of a field", () => {
    const stanza = parseStanza("SHA256:\n aa 1 x\n bb 2 y\n", { what });
    assert.deepEqual(fieldLines(stanza, "sha256"), ["aa 1 x", "bb 2 y"]);
    assert.deepEqual(fieldLines(stanza, "MD5Sum"), []);
  });
});

const refused = [
  { name: "a field that is there twice", text: "A: 1\nB: 2\na: 3\n", line: 3 },
  { name: "a line without a colon", text: "A: 1\nhello\n", line: 2 },
  { name: "an empty name", text: ": 1\n", line: 1 },
  { name: "a space in a name", text: "A b: 1\n", line: 1 },
  { name: "a name that starts with a dash", text: "-A: 1\n", line: 1 },
  { name: "a NUL in a name", text: "A\0: 1\n", line: 1 },
  { name: "a continuation of nothing", text: "A: 1\n\n b\n", line: 3 },
  { name: "a line of spaces inside a field", text: "A: 1\n b\n  \n c\n", line: 3 },
  {
    name: "more fields than anybody writes",
    text: Array.from({ length: 2002 }, (_, n) => `F${n}: x\n`).join(""),
    line: 2001,
  },
];
for (const { name, text, line } of refused) {
  it(`refuses ${name}`, () =>
    assert.throws(() => [...parseStanzas(text, { what })], {
      code: "CONTROL_SYNTAX",
      message: new RegExp(`^Cannot read test text: line ${line}: `),
    }));
}

it("parseStanza refuses an empty text and a second stanza", () => {
  assert.throws(() => parseStanza("\n", { what }), { code: "CONTROL_SYNTAX" });
  assert.throws(() => parseStanza("A: 1\n\nB: 2\n", { what }), { code: "CONTROL_SYNTAX", message: /line 3/ });
});

it("reads back what formatStanza writes", () => {
  const line = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  const value = fc
    .tuple(fc.oneof(fc.constant(""), line), fc.array(line, { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest.map((one) => ` ${one}`)].join("\n"));
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
  const fields = fc.uniqueArray(fc.record({ name, value }, { noNullPrototype: true }), {
    minLength: 1,
    maxLength: 8,
    selector: (field) => field.name.toLowerCase(),
  });
  fc.assert(
    fc.property(fields, (wanted) => {
      const stanza = parseStanza(formatStanza(wanted), { what });
      assert.deepEqual(
        [...stanza.values()].map(({ name, value }) => ({ name, value })),
        wanted,
      );
    }),
  );
});
