import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileGlob } from "../../src/rootfs/glob.ts";

const rows = [
  {
    pattern: "/usr/share/doc/**",
    yes: ["usr/share/doc/a", "usr/share/doc/a/b"],
    no: ["usr/share/doc", "usr/share/docs/a"],
  },
  { pattern: "/usr/*/x", yes: ["usr/a/x"], no: ["usr/a/b/x", "usr/x"] },
  { pattern: "/**/*.pyc", yes: ["a.pyc", "a/b/c.pyc"], no: ["a.py"] },
  { pattern: "/a?c", yes: ["abc"], no: ["a/c", "ac"] },
  { pattern: "/lib[0-9x]", yes: ["lib3", "libx"], no: ["liby", "lib"] },
  { pattern: "/lib[!0-9]", yes: ["liby"], no: ["lib3", "lib/"] },
  { pattern: "/a+b(c).d$", yes: ["a+b(c).d$"], no: ["aab(c).d$"] },
  { pattern: "/x-y_z~%&/*.a", yes: ["x-y_z~%&/b.a"], no: ["x-y_z~%&/b.c"] },
  { pattern: "/a[&~|^-]", yes: ["a&", "a~", "a|", "a^", "a-"], no: ["ab", "a"] },
  { pattern: "/a[b", yes: ["a[b"], no: ["ab"] },
  { pattern: "/usr/share/locale/**/*.mo", yes: ["usr/share/locale/de/LC_MESSAGES/x.mo"], no: ["usr/share/x.mo"] },
];

describe("globs", () => {
  for (const { pattern, yes, no } of rows) {
    it(`${pattern} takes ${yes.join(" ")} and leaves ${no.join(" ")}`, () => {
      const matches = compileGlob(pattern);
      assert.deepEqual(
        yes.filter((path) => !matches(path)),
        [],
      );
      assert.deepEqual(no.filter(matches), []);
    });
  }

  it("begin with a slash", () => {
    assert.throws(() => compileGlob("usr/**"), { code: "RECIPE_SYNTAX" });
  });

  it("have sets that are in order", () => {
    assert.throws(() => compileGlob("/[z-a]"), { code: "RECIPE_SYNTAX" });
  });
});
