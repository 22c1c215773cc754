// How packages are put in layers; the rows of `origin` are those that apko's own tests of its grouping decide.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type PlannedPackage, planLayers } from "../../src/image/layer-plan.ts";

const one = (name: string, sizeBytes: number, more: Partial<PlannedPackage> = {}): PlannedPackage => ({
  name,
  source: name,
  sizeBytes,
  ...more,
});

const crane = one("crane", 100);
const glibc = one("glibc", 6113087);
const posix = one("glibc-locale-posix", 417444, { source: "glibc" });
const libcrypt1 = one("libcrypt1", 23508, { source: "glibc" });
const libxcrypt = one("libxcrypt", 235761);
const replacing = one("libxcrypt", 235761, { replaces: new Set(["libcrypt1"]) });

describe("strategy origin", () => {
  const rows: readonly {
    readonly name: string;
    readonly packages: readonly PlannedPackage[];
    readonly budget: number;
    readonly layers: readonly (readonly string[])[];
  }[] = [
    { name: "gives one package its layer", packages: [crane], budget: 1, layers: [["crane"]] },
    {
      name: "keeps packages of one source together",
      packages: [crane, glibc, posix],
      budget: 2,
      layers: [["glibc", "glibc-locale-posix"], ["crane"]],
    },
    {
      name: "makes one layer of a budget of none",
      packages: [crane, glibc, posix],
      budget: 0,
      layers: [["crane", "glibc", "glibc-locale-posix"]],
    },
    {
      name: "keeps a package with what it replaces",
      packages: [crane, glibc, posix, libcrypt1, replacing],
      budget: 5,
      layers: [["glibc", "glibc-locale-posix", "libcrypt1", "libxcrypt"], ["crane"]],
    },
    {
      name: "keeps apart what replaces another version",
      packages: [crane, glibc, posix, libcrypt1, libxcrypt],
      budget: 5,
      layers: [["glibc", "glibc-locale-posix", "libcrypt1"], ["libxcrypt"], ["crane"]],
    },
    {
      name: "puts what is over the budget in the last layer",
      packages: [crane, glibc, posix, libcrypt1, libxcrypt],
      budget: 2,
      layers: [
        ["glibc", "glibc-locale-posix", "libcrypt1"],
        ["crane", "libxcrypt"],
      ],
    },
    {
      name: "orders groups of one size by the last of their names",
      packages: [one("b", 5), one("z", 1, { source: "a" }), one("a", 4)],
      budget: 3,
      layers: [["b"], ["a", "z"]],
    },
    {
      name: "joins along a chain of replacements",
      packages: [
        one("a", 1, { replaces: new Set(["b"]) }),
        one("b", 1, { replaces: new Set(["c"]) }),
        one("c", 1),
        one("d", 9),
      ],
      budget: 9,
      layers: [["d"], ["a", "b", "c"]],
    },
    {
      name: "does not mind a replaced package that is not there",
      packages: [one("a", 1, { replaces: new Set(["gone"]) })],
      budget: 2,
      layers: [["a"]],
    },
  ];
  for (const { name, packages, budget, layers } of rows) {
    it(name, () => {
      for (const order of [packages, packages.toReversed()]) {
        const planned = planLayers(order, { kind: "origin", budget });
        assert.deepEqual(
          planned.map((group) => group.packages),
          layers,
        );
      }
    });
  }
});
