import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parseRecipeText } from "../../src/frontends/native/load.ts";

const many = 5000;

const hostile: readonly { readonly name: string; readonly text: string }[] = [
  { name: "a file over 1 MiB", text: `#${"x".repeat(1 << 20)}` },
  { name: "a megabyte of opening brackets", text: "[".repeat(1 << 20) },
  { name: "a megabyte of opening braces", text: "{".repeat(1 << 20) },
  { name: "a megabyte of list dashes", text: "- ".repeat(1 << 19) },
  { name: "a megabyte of question marks", text: "? ".repeat(1 << 19) },
  { name: "keys within keys on one line", text: "a: ".repeat(many) },
  { name: "ever deeper indentation", text: Array.from({ length: 500 }, (_, at) => `${" ".repeat(at)}a:`).join("\n") },
  { name: "many tags", text: "!a ".repeat(many) },
  { name: "many closing brackets", text: "] ".repeat(many) },
  { name: "many quotes", text: '"'.repeat(many) },
  { name: "many documents", text: "---\n".repeat(many) },
  { name: "the same key many times", text: "a: 1\n".repeat(many) },
  { name: "many list items", text: "- 1\n".repeat(many) },
  { name: "many unknown keys", text: Array.from({ length: many }, (_, at) => `k${at}: 1\n`).join("") },
  { name: "lists nested in lists", text: `packages: ${"[".repeat(500)}${"]".repeat(500)}` },
  { name: "a NUL byte in a path", text: 'distro: debian:trixie\nfiles: [{path: "/a\\0b", content: a}]' },
  {
    name: "a newline in a user's comment",
    text: 'accounts: {users: [{name: a, uid: 1, comment: "a\\nroot::0:0:::"}]}',
  },
  { name: "a colon in a home folder", text: 'accounts: {users: [{name: a, uid: 1, home: "/a:/b"}]}' },
  { name: "a tag that makes an object", text: 'distro: !!js/function "function () {}"' },
];

describe("hostile recipes are refused", () => {
  for (const { name, text } of hostile) {
    it(name, () => assert.throws(() => parseRecipeText({ text, file: "a.yaml" }), { code: "RECIPE_SYNTAX" }));
  }
});

test("a byte order mark and line ends of Windows change nothing", () => {
  const text = "distro: debian:trixie\npackages:\n  - curl\n";
  const other = parseRecipeText({ text: `\ufeff${text.replaceAll("\n", "\r\n")}`, file: "a.yaml" });
  assert.deepEqual(other.input, parseRecipeText({ text, file: "a.yaml" }).input);
  assert.deepEqual(other.document.positionOf(["packages", 0]), { file: "a.yaml", line: 3, column: 5 });
});

test("a thousand aliases of one node are read in time", () => {
  const files = Array.from({ length: 1000 }, (_, at) => `  - {path: /f${at}, content: *t}`).join("\n");
  const text = `distro: debian:trixie\nconfig: {cmd: [&t text]}\nfiles:\n${files}\n`;
  assert.equal(parseRecipeText({ text, file: "a.yaml" }).input.files?.length, 1000);
});

test("any text is a recipe or a fault with its place, never a crash", () => {
  const words = fc.constantFrom(
    ..."distro packages files config env mode path [ ] { } : , - & * a1 *a ! !!str \" ' | > # % @ ` --- ... 0644 \t".split(
      " ",
    ),
    "\n",
    "\n  ",
    "debian:trixie",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
      try {
        parseRecipeText({ text: parts.join(" "), file: "a.yaml" });
      } catch (error) {
        assert.ok(error instanceof DodaiError, String(error));
        for (const fault of error.cause instanceof AggregateError ? error.cause.errors : [error]) {
          assert.ok(fault instanceof DodaiError && typeof fault.where === "object" && fault.where.line > 0);
        }
      }
    }),
    { numRuns: 300, seed: 7 },
  );
});
