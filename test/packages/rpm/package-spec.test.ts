import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { packageMatcher } from "../../../src/packages/rpm/package-spec.ts";

const bash = { name: "bash", version: "1:5.1.8-6.el9", architecture: "x86_64" };
const docs = { name: "bash-doc", version: "5.1.8-6.el9", architecture: "noarch" };

describe("what people write for packages of rpm", () => {
  const meant = [
    "bash",
    "bash.x86_64",
    "bash-5.1.8",
    "bash-5.1.8-6.el9",
    "bash-1:5.1.8-6.el9",
    "bash-5.1.8-6.el9.x86_64",
  ];
  for (const text of [
    ...meant,
    "bash-1:5.1.8-6.el9.x86_64",
    "ba*",
    "b?sh",
    "bash-5.*",
    "*.x86_64",
    "[ab]ash",
    "bash-1:5*",
  ]) {
    it(`"${text}" names the package`, () => assert.ok(packageMatcher([text])(bash)));
  }
  const others = [
    "bas",
    "bash.i686",
    "bash-5.1",
    "bash-0:5.1.8-6.el9",
    "bash-2:5*",
    "bash-6*",
    "[!b]ash",
    "bash.*686",
    "BASH",
  ];
  for (const text of others) {
    it(`"${text}" does not`, () => assert.ok(!packageMatcher([text])(bash)));
  }
  it("a glob of versions does not meet the epoch", () => assert.ok(!packageMatcher(["bash-1*"])(bash)));
  it("a dash may belong to the name", () => {
    assert.ok(packageMatcher(["bash-doc"])(docs));
    assert.ok(packageMatcher(["bash-doc-5.1.8"])(docs));
    assert.ok(packageMatcher(["bash-doc-0:5.1.8-6.el9.noarch"])(docs));
  });
  it("nothing names nothing", () => assert.ok(!packageMatcher([])(bash)));
});
