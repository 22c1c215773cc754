import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { compareVersions } from "../../../src/packages/deb/version.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";

const ordered = [
  { name: "~ before the end", older: "1.0~rc1", newer: "1.0" },
  { name: "~~ before ~", older: "1.0~~", newer: "1.0~" },
  { name: "~ before a digit", older: "1.0~1", newer: "1.01" },
  { name: "letters before other characters", older: "1a", newer: "1+" },
  { name: "the end before letters", older: "1", newer: "1a" },
  { name: "numbers as numbers", older: "1.9", newer: "1.10" },
  { name: "numbers beyond 64 bits", older: "99999999999999999999999998", newer: "99999999999999999999999999" },
  { name: "the epoch before all else", older: "9999", newer: "1:0" },
  { name: "the revision last", older: "1.0-2", newer: "1.0.1-1" },
  { name: "revisions by the same rules", older: "1.0-1~bpo1", newer: "1.0-1" },
  { name: "no revision as revision 0", older: "1.0", newer: "1.0-0.1" },
  { name: "only the last dash starts the revision", older: "1-2-3", newer: "1-10-1" },
  { name: "a rebuild after its original", older: "1.0-1", newer: "1.0-1+b1" },
];
describe("compareVersions orders", () => {
  for (const { name, older, newer } of ordered) {
    it(`${name}: ${older} < ${newer}`, () => {
      assert.ok(compareVersions(older, newer) < 0);
      assert.ok(compareVersions(newer, older) > 0);
      assert.equal(compareVersions(newer, newer), 0);
    });
  }
});

const equal = [
  ["1", "0:1"],
  ["1", "1-0"],
  ["1.0", "1.00"],
  ["1.0-1", "1.0-01"],
  ["00:1", "1"],
] as const;
for (const [a, b] of equal) {
  it(`takes ${a} and ${b} for the same`, () => assert.equal(compareVersions(a, b), 0));
}

/** Each is an error of `dpkg --compare-versions` too, but for the last two rows: dpkg trims and takes any byte. */
const refused = [
  { name: "nothing", version: "" },
  { name: "an empty epoch", version: ":1" },
  { name: "nothing after the epoch", version: "1:" },
  { name: "an epoch of letters", version: "a:1" },
  { name: "a negative epoch", version: "-1:1" },
  { name: "an epoch beyond 31 bits", version: "2147483648:1" },
  { name: "an empty revision", version: "1-" },
  { name: "a revision alone", version: "1:-1" },
  { name: "a dash alone", version: "-" },
  { name: "a space inside", version: "1 2" },
  { name: "a space in front", version: " 1" },
  { name: "a letter beyond ASCII", version: "1é" },
];
for (const { name, version } of refused) {
  it(`refuses ${name}`, () => {
    assert.throws(() => compareVersions(version, "1"), { code: "VERSION_SYNTAX" });
    assert.throws(() => compareVersions("1", version), { code: "VERSION_SYNTAX" });
    assert.throws(() => compareVersions(version, version), { code: "VERSION_SYNTAX" });
  });
}

/** Rows of a fixture table, without those whose versions dpkg itself refuses. */
function rowsOf(path: string): string[][] {
  const lines = readFileSync(fixture(path), "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split("\t"));
}

const dpkgTable = "vectors/dpkg-version.tsv";
test("dpkg's own table of versions", needs(fixture(dpkgTable)), () => {
  const rows = rowsOf(dpkgTable);
  const wrong = rows.filter(([a = "", b = "", order]) => Math.sign(compareVersions(a, b)) !== Number(order));
  assert.deepEqual(wrong, []);
  assert.ok(rows.length > 15);
});

const aptTable = "vectors/apt-compareversion.tsv";
test("apt's own table of versions", needs(fixture(aptTable)), () => {
  const signs: Readonly<Record<string, number>> = { LESS: -1, EQUAL: 0, GREATER: 1 };
  const rows = rowsOf(aptTable).filter((row) => !row.includes("-")); // apt compares "-"; dpkg and we refuse it
  const wrong = rows.filter(([a = "", order = "", b = ""]) => Math.sign(compareVersions(a, b)) !== signs[order]);
  assert.deepEqual(wrong, []);
  assert.ok(rows.length > 30);
});

test("the order is dpkg's for 300 random pairs", needs("dpkg", "sh"), () => {
  const part = fc.string({ unit: fc.constantFrom(..."0019ab~+."), minLength: 1, maxLength: 6 });
  const version = fc
    .tuple(fc.option(fc.nat(2)), fc.nat(11), part, fc.option(part))
    .map(([epoch, first, rest, revision]) => {
      return `${epoch === null ? "" : `${epoch}:`}${first}${rest}${revision === null ? "" : `-${revision}`}`;
    });
  const near = fc.tuple(version, part).map(([one, more]) => [one, one + more] as const);
  const pairs = fc.sample(fc.oneof(fc.tuple(version, version), near), { numRuns: 300, seed: 20 });
  // One shell for all: it prints "-", "=" or "+" per pair.
  const script =
    "while read -r a b; do if dpkg --compare-versions $a lt $b; then echo -; elif dpkg --compare-versions $a eq $b; then echo =; else echo +; fi; done";
  const input = pairs.map((pair) => `${pair.join(" ")}\n`).join("");
  const told = run("sh", ["-c", script], { input }).trim().split("\n");
  const ours = pairs.map(([a, b]) => ["-", "=", "+"][Math.sign(compareVersions(a, b)) + 1]);
  assert.deepEqual(ours, told);
});
