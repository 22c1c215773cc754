import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PackageRecord, Requirement } from "../../../src/packages/contract.ts";
import { parseProvides, parseRelations, parseRequest, satisfies } from "../../../src/packages/deb/relation.ts";

const context = { what: "Depends", architecture: "amd64" };
const describeRequirement = ({ name, architecture, constraint }: Requirement): string =>
  name +
  (architecture === undefined ? "" : `:${architecture}`) +
  (constraint === undefined ? "" : ` ${constraint.operator} ${constraint.version}`);
const picture = (text: string): string =>
  parseRelations(text, "depends", context)
    .map(({ anyOf }) => anyOf.map(describeRequirement).join(" or "))
    .join("; ");

const read = [
  { name: "a name", text: "a1", picture: "a1" },
  { name: "several", text: "a1, b2,c3", picture: "a1; b2; c3" },
  { name: "alternatives", text: "a1 | b2|c3, d4", picture: "a1 or b2 or c3; d4" },
  {
    name: "every operator",
    text: "a1 (<< 1), a1 (<= 1), a1 (= 1), a1 (>= 1), a1 (>> 1)",
    picture: "a1 < 1; a1 <= 1; a1 = 1; a1 >= 1; a1 > 1",
  },
  { name: "the old < and > as <= and >=", text: "a1 (< 1), a1 (> 1)", picture: "a1 <= 1; a1 >= 1" },
  { name: "no space at all", text: "a1(>=1)|b2(=2)", picture: "a1 >= 1 or b2 = 2" },
  { name: "space everywhere", text: "  a1  ( >=  1:2~3-4 )  |\n b2 \t, c3 ", picture: "a1 >= 1:2~3-4 or b2; c3" },
  {
    name: "architecture qualifiers",
    text: "python3:any (>= 3.5~), a1:native, b2:amd64",
    picture: "python3:any >= 3.5~; a1:native; b2:amd64",
  },
  {
    name: "all characters of names",
    text: "libstdc++6, g++-14, 0ad.x, a_b",
    picture: "libstdc++6; g++-14; 0ad.x; a_b",
  },
  { name: "an empty field", text: " ", picture: "" },
  {
    name: "architecture lists",
    text: "a1 [amd64 i386], b2 [!amd64], c3 (>= 1) [!i386] | d4 [linux-any], e5 [arm64]",
    picture: "a1; c3 >= 1 or d4",
  },
  { name: "build profiles", text: "a1 <!nocheck>, b2 <stage1>, c3 <stage1 !cross> <!nodoc>", picture: "a1; c3" },
];
describe("parseRelations", () => {
  for (const { name, text, picture: wanted } of read) {
    it(`reads ${name}`, () => assert.equal(picture(text), wanted));
  }
});

const refused = [
  { name: "a comma at the end", text: "a1," },
  { name: "a comma in front", text: ", a1" },
  { name: "an empty alternative", text: "a1 | | b2" },
  { name: "a bar at the end", text: "a1 |" },
  { name: "two names without a comma", text: "a1 b2" },
  { name: "a version without operator", text: "a1 (1)" },
  { name: "an operator without version", text: "a1 (>=)" },
  { name: "a doubled operator", text: "a1 (== 1)" },
  { name: "an open parenthesis", text: "a1 (>= 1" },
  { name: "a broken version", text: "a1 (>= 1:)" },
  { name: "a name that starts with a dash", text: "-a1" },
  { name: "a substitution nobody made", text: "{shlibs:Depends}" },
  { name: "a long run of spaces", text: `a1${" ".repeat(50_000)}b2` },
];
for (const { name, text } of refused) {
  it(`refuses ${name}`, () => assert.throws(() => picture(text), { code: "RELATION_SYNTAX" }));
}

it("refuses alternatives where they mean nothing", () => {
  assert.throws(() => parseRelations("a1 | b2", "conflicts", context), { code: "RELATION_SYNTAX" });
});

it("reads Provides", () => {
  assert.deepEqual(parseProvides("mail-agent, libfoo (= 1.2)", context), [
    { name: "mail-agent" },
    { name: "libfoo", version: "1.2" },
  ]);
  assert.throws(() => parseProvides("libfoo (>= 1.2)", context), { code: "RELATION_SYNTAX" });
});

const requests = [
  { text: "openssl", picture: "openssl" },
  { text: "openssl>=3.5", picture: "openssl >= 3.5" },
  { text: "openssl (>= 3.5)", picture: "openssl >= 3.5" },
  { text: "openssl=3.5.1-1", picture: "openssl = 3.5.1-1" },
  { text: "openssl<<4", picture: "openssl < 4" },
  { text: "openssl >> 1:2~3", picture: "openssl > 1:2~3" },
  { text: "python3:any", picture: "python3:any" },
  { text: "python3:any>=3", picture: "python3:any >= 3" },
  { text: " libstdc++6 ", picture: "libstdc++6" },
];
describe("parseRequest", () => {
  for (const { text, picture: wanted } of requests) {
    it(`reads "${text}"`, () => assert.equal(describeRequirement(parseRequest(text)), wanted));
  }
  for (const text of ["", "a1, b2", "a1 | b2", "a1 b2", "a1>=", ">=1", "a1>=1:", "a1 [amd64]", "!a1", "a1(>= 1"]) {
    it(`refuses "${text}"`, () => assert.throws(() => parseRequest(text), { code: "RELATION_SYNTAX" }));
  }
});

const record = (fields: Partial<PackageRecord>): PackageRecord =>
  ({
    name: "real",
    version: "2.0-1",
    architecture: "amd64",
    multiArch: "no",
    provides: [],
    ...fields,
  }) as PackageRecord;

const decided = [
  { name: "its own name", record: {}, request: "real", is: true },
  { name: "another name", record: {}, request: "other", is: false },
  { name: "its version within bounds", record: {}, request: "real>=2", is: true },
  { name: "its version out of bounds", record: {}, request: "real<<2", is: false },
  { name: "a provided name", record: { provides: [{ name: "virtual" }] }, request: "virtual", is: true },
  {
    name: "an unversioned provide and a version",
    record: { provides: [{ name: "virtual" }] },
    request: "virtual>=0",
    is: false,
  },
  {
    name: "a provided version",
    record: { provides: [{ name: "virtual", version: "5" }] },
    request: "virtual>=4",
    is: true,
  },
  {
    name: "a provided version out of bounds",
    record: { provides: [{ name: "virtual", version: "5" }] },
    request: "virtual>=6",
    is: false,
  },
  {
    name: "the second of two provided versions",
    record: {
      provides: [
        { name: "virtual", version: "1" },
        { name: "virtual", version: "5" },
      ],
    },
    request: "virtual=5",
    is: true,
  },
  {
    name: "its own name provided in another version",
    record: { provides: [{ name: "real", version: "9" }] },
    request: "real>=9",
    is: true,
  },
  { name: "Architecture: all", record: { architecture: "all" }, request: "real", is: true },
  { name: "another architecture", record: { architecture: "i386" }, request: "real", is: false },
  { name: "another architecture by name", record: { architecture: "i386" }, request: "real:i386", is: true },
  { name: ":native", record: {}, request: "real:native", is: true },
  { name: ":amd64 and Architecture: all", record: { architecture: "all" }, request: "real:amd64", is: true },
  { name: ":any and Multi-Arch: allowed", record: { multiArch: "allowed" }, request: "real:any", is: true },
  { name: ":any and Multi-Arch: foreign", record: { multiArch: "foreign" }, request: "real:any", is: false },
  { name: ":any and no Multi-Arch", record: {}, request: "real:any", is: false },
  {
    name: ":any and a name that an allowed package provides",
    record: { multiArch: "allowed", provides: [{ name: "virtual" }] },
    request: "virtual:any",
    is: true,
  },
] as const;
describe("satisfies", () => {
  for (const { name, record: fields, request, is } of decided) {
    it(`says ${is ? "yes" : "no"} to ${name}`, () =>
      assert.equal(satisfies(record(fields), parseRequest(request), "amd64"), is));
  }
});
