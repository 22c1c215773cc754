import assert from "node:assert/strict";
import { test } from "node:test";
import { createMatchFinder, inputSlackBytes } from "../../src/archive/deflate-matches.ts";
import { randomBytes, repeatedBytes } from "./deflate-samples.ts";

/** The match at a position once everything before it was entered: its length and distance, or `none`. */
function matchAt(bytes: Uint8Array, at: number, beat = 0): string {
  const memory = new Uint8Array(bytes.length + inputSlackBytes);
  memory.set(bytes);
  const input = new DataView(memory.buffer);
  const finder = createMatchFinder();
  finder.reset();
  finder.enterUpTo(input, at);
  const match = finder.find(input, at, bytes.length, beat, 8);
  return (match & 0xffff) === 0 ? "none" : `${match >> 16} bytes, ${match & 0xffff} back`;
}

const text = (value: string): Uint8Array => Buffer.from(value, "latin1");
const random = randomBytes(6000, 31);
const farThree = Buffer.concat([text("xyz"), random.subarray(0, 4094), text("xyz#"), text("____")]);

const rows = [
  { name: "nothing before", bytes: text("abcdefgh"), at: 4, found: "none" },
  { name: "four bytes", bytes: text("abcd-abcd+"), at: 5, found: "4 bytes, 5 back" },
  { name: "three bytes", bytes: text("abc-abc+...."), at: 4, found: "3 bytes, 4 back" },
  { name: "three bytes that are too far away", bytes: farThree, at: 4097, found: "none" },
  { name: "the longer of two", bytes: text("abcde-abcd-abcdefgh"), at: 11, found: "5 bytes, 11 back" },
  {
    name: "the nearer of two that are equally long",
    bytes: text("abcd-abcd+abcd*..."),
    at: 10,
    found: "4 bytes, 5 back",
  },
  { name: "a run, by itself", bytes: new Uint8Array(1000), at: 1, found: "258 bytes, 1 back" },
  { name: "not beyond the end", bytes: text("abcdef-abcdef"), at: 7, found: "6 bytes, 7 back" },
  {
    name: "at distance 32768, 258 bytes",
    bytes: repeatedBytes(32_768, 600),
    at: 32_768,
    found: "258 bytes, 32768 back",
  },
  { name: "not at distance 32769", bytes: repeatedBytes(32_769, 600), at: 32_769, found: "none" },
];
for (const { name, bytes, at, found } of rows) {
  test(`a search finds ${name}`, () => assert.equal(matchAt(bytes, at), found));
}

test("a search finds nothing that is not longer than what it must beat", () => {
  assert.equal(matchAt(text("abcdef-abcdef+"), 7, 5), "6 bytes, 7 back");
  assert.equal(matchAt(text("abcdef-abcdef+"), 7, 6), "none");
});
