// What a person reads when it does not work, as golden texts in test/golden/solver.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { conflictError, describeConflict } from "../../src/solver/describe.ts";
import { solve } from "../../src/solver/solve.ts";
import { problemOf, type Written } from "./universe-text.ts";

const conflicts: readonly (Written & { readonly golden: string })[] = [
  {
    golden: "two-versions",
    install: "a b",
    packages: "a 1; depends: c (>= 2)\nb 3; depends: c (<< 2)\nc 2.1\nc 1.0",
  },
  { golden: "not-on-offer", install: "a", packages: "a 1; depends: gone" },
  { golden: "too-old", install: "a", packages: "a 1; depends: b (>= 2) | c (>= 3)\nb 1\nc 2" },
  { golden: "refused", install: "a b", packages: "a 1; conflicts: v\nb 1; provides: v" },
  { golden: "excluded", install: "a !c", packages: "a 1; depends: b\nb 1; depends: c\nc 1\nd 1" },
  { golden: "requested-and-excluded", install: "a !a", packages: "a 1" },
  {
    golden: "essential",
    install: "a",
    packages: "a 1; conflicts: sh\nsh 1; essential",
    options: { essential: true },
  },
  {
    golden: "chain",
    install: "desk mine",
    packages: `desk 1; depends: shell
      shell 3; depends: lib3
      shell 2; depends: lib2
      lib3 1; depends: core (>= 3)
      lib2 1; breaks: mine (<< 2)
      core 3; conflicts: mine
      mine 1
      other 1; depends: desk`,
  },
  {
    golden: "every-alternative-fails",
    install: "a b",
    packages: "a 1; depends: x | y | z\nb 1; conflicts: x, z\nx 1\ny 1; depends: gone\nz 1",
  },
  {
    golden: "repositories",
    install: "web",
    packages: [
      { name: "debian/trixie", priority: 500, packages: "web 1; depends: ssl (>= 3.5)\nssl 3.0" },
      { name: "debian/backports", priority: 100, packages: "ssl 3.5; depends: libc (>= 2.42)\nlibc 2.41" },
    ],
  },
  {
    golden: "pinned-below-zero",
    install: "a",
    packages: [
      { name: "main", priority: 500, packages: "a 1; depends: b" },
      { name: "never", priority: -1, packages: "b 1" },
    ],
  },
  {
    golden: "many-refused",
    install: "a v1 v2 v3 v4 v5 v6 v7",
    packages: `a 1; depends: q
      q 1; conflicts: v
      ${[1, 2, 3, 4, 5, 6, 7].map((at) => `v${at} 1; provides: v`).join("\n")}`,
  },
];

const missing: readonly (Written & { readonly golden: string })[] = [
  { golden: "missing-typo", install: "opensll", packages: "openssl 1\nopenssh 1\nbash 1" },
  { golden: "missing-unlike-anything", install: "xyzzy", packages: "openssl 1\nbash 1" },
  { golden: "missing-version", install: "a>=3", packages: "a 1\na 2" },
  {
    golden: "missing-virtual",
    install: "mail-transport-agent",
    packages: "postfix 1; provides: mail-transport-agent\nexim4 1; provides: mail-transport-agent",
  },
  {
    golden: "missing-pinned-below-zero",
    install: "a",
    packages: [
      { name: "main", priority: 500, packages: "b 1" },
      { name: "never", priority: -1, packages: "a 1" },
    ],
  },
  { golden: "missing-virtual-version", install: "v>=2", packages: "p 1; provides: v (= 1)" },
];

describe("describeConflict", () => {
  for (const { golden, ...written } of conflicts) {
    it(golden.replaceAll("-", " "), (t) => {
      const result = solve(problemOf(written));
      assert.equal(result.kind, "conflict");
      const text = result.kind === "conflict" ? describeConflict(result) : "";
      t.assert.fileSnapshot(`${text}\n`, `test/golden/solver/${golden}.txt`, { serializers: [String] });
    });
  }
});

describe("errors of the solver", () => {
  for (const { golden, ...written } of missing) {
    it(golden.replaceAll("-", " "), (t) => {
      const error = errorOf(() => solve(problemOf(written)));
      assert.equal(error.code, "PACKAGE_MISSING");
      const text = `${error.message}\n${error.fix}\n`;
      t.assert.fileSnapshot(text, `test/golden/solver/${golden}.txt`, { serializers: [String] });
    });
  }

  it("tell a conflict with its premises", (t) => {
    const result = solve(problemOf({ install: "a b", packages: "a 1; conflicts: b\nb 1" }));
    const error = result.kind === "conflict" ? conflictError(result) : assert.fail();
    assert.equal(error.code, "UNSATISFIABLE");
    const text = `${error.message}\n${error.fix}\n`;
    t.assert.fileSnapshot(text, "test/golden/solver/unsatisfiable.txt", { serializers: [String] });
  });
});

function errorOf(body: () => unknown): DodaiError {
  try {
    body();
  } catch (error) {
    if (error instanceof DodaiError) return error;
    throw error;
  }
  assert.fail("nothing was thrown");
}
