import assert from "node:assert/strict";
import { test } from "node:test";

test("tests run on a Node that dodai supports, not on the one the machine came with", () => {
  assert.ok(Number.parseInt(process.versions.node, 10) >= 24, `this is Node ${process.versions.node}`);
});
