import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { compareVersions, isLike, isVersion } from "../../../src/packages/apk/version.ts";
import { fixture, needs } from "../../kit/oracle.ts";

const table = fixture("vectors/apk-version/alpinelinux+apk-tools/test/unit/version.data");

/** `>`, `<~`, `!~` ... as apk's own test has them. */
function holds(a: string, operator: string, b: string): boolean {
  const order = compareVersions(a, b);
  const alike = isLike(a, b);
  switch (operator) {
    case "<":
      return order < 0 && compareVersions(b, a) > 0;
    case ">":
      return order > 0 && compareVersions(b, a) < 0;
    case "=":
      return order === 0;
    case "~":
      return alike;
    case "!~":
      return !alike;
    case "<~":
      return order < 0 || alike;
    default:
      return false;
  }
}

describe("apk's own table of versions", needs(table), () => {
  const lines = existsSync(table) ? readFileSync(table, "utf8").split("\n") : [];
  for (const line of lines.map((one) => one.replace(/\s*#.*/, "").trim()).filter((one) => one !== "")) {
    const [a = "", operator = "", b = ""] = line.split(" ");
    if (operator !== "") test(line, () => assert.ok(holds(a, operator, b)));
    else if (a.startsWith("!")) test(`${a.slice(1)} is no version`, () => assert.equal(isVersion(a.slice(1)), false));
    else test(`${a} is a version`, () => assert.equal(isVersion(a), true));
  }
});

const pairs: readonly (readonly [name: string, a: string, b: string])[] = [
  ["a part with a zero in front is a fraction", "1.05", "1.1"],
  ["numbers that no machine word holds are compared as numbers", "1.99999999999999999999", "1.100000000000000000000"],
  ["a suffix before the release is older than the release", "1.0_rc9-r9", "1.0"],
  ["a suffix after the release is newer", "1.0-r9", "1.0_git1"],
  ["a build is newer than none", "1.0", "1.0-r0"],
];
for (const [name, older, newer] of pairs) {
  test(name, () => assert.ok(compareVersions(older, newer) < 0 && compareVersions(newer, older) > 0));
}

test("a long version takes linear time", () => {
  const long = `1${".1".repeat(200_000)}`;
  assert.ok(compareVersions(long, `${long}.1`) < 0);
});
