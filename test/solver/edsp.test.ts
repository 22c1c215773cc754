// Random universes, full of alternatives, providers and conflicts, against apt's own solver; and a real one of Ubuntu's.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { PackageRecord } from "../../src/packages/contract.ts";
import { satisfies } from "../../src/packages/deb/relation.ts";
import { solve } from "../../src/solver/solve.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { askApt, edspSolver } from "./edsp.ts";
import { namesOf, parsePackage, problemOfRecords, recordsOfStanzas } from "./universe-text.ts";

describe("apt's solver on random universes", needs(edspSolver), () => {
  it("chooses the same where nothing conflicts", () => {
    assert.deepEqual(differences({ universes: 150, seed: 1, conflicts: 0 }), []);
  });

  it("chooses the same nearly everywhere where much conflicts, and we find a set wherever it does", () => {
    const found = differences({ universes: 150, seed: 2, conflicts: 0.3 });
    // Where apt's resolver undoes what it marked, its way through several conflicts at once is not followed to the end.
    assert.ok(found.length <= 3, found.join("\n\n"));
    assert.deepEqual(
      found.filter((one) => one.startsWith("conflict")),
      [],
    );
  });
});

describe("apt's scenario of Ubuntu bug 1974196", needs(fixture("solver/apt-edsp")), () => {
  const path = fixture("solver/apt-edsp/Debian+apt/test/integration/edsp-ubuntu-bug-1974196");

  it("gives a set in which everything is met, of the versions that go together", () => {
    const records = recordsOfStanzas(readFileSync(path, "utf8"), "arm64");
    const problem = problemOfRecords({ install: "libudev-dev", records, architecture: "arm64" });
    const result = solve(problem);
    const names = namesOf(result.kind === "solution" ? result.packages : []).split(", ");
    const [dev] = names.filter((one) => one.startsWith("libudev-dev "));
    const [library] = names.filter((one) => one.startsWith("libudev1 "));
    assert.ok(dev !== undefined && library !== undefined, names.join(", "));
    assert.equal(dev.split(" ")[1], library.split(" ")[1]);
  });
});

interface Draw {
  readonly universes: number;
  readonly seed: number;
  /** How many of the packages conflict with something. */
  readonly conflicts: number;
}

/** A description of each universe in which apt finds a set and ours is another. */
function differences({ universes, seed, conflicts }: Draw): string[] {
  const random = generator(seed);
  return Array.from({ length: universes }, () => compare(random, conflicts)).filter((one) => one !== undefined);
}

function compare(random: () => number, conflicts: number): string | undefined {
  const { lines, install, recommends } = drawUniverse(random, conflicts);
  const packages = lines.map(parsePackage);
  const theirs = askApt({ install, recommends, packages });
  if (theirs === undefined) return undefined;
  const problem = problemOfRecords({ install: install.join(" "), records: packages, options: { recommends } });
  const result = solve(problem);
  if (result.kind === "conflict") return `conflict: ${install.join(" ")}\n${lines.join("\n")}`;
  const ours = result.packages.map(({ record }) => record.name).sort();
  const kept = [...neededOf([...theirs], install)].sort();
  if (ours.join() === kept.join()) return undefined;
  return `${install.join(" ")}\n${lines.join("\n")}\nours ${ours}\napt  ${kept}`;
}

/** The names that someone in the set asks for, as apt's autoremove sees it. */
function neededOf(set: readonly PackageRecord[], install: readonly string[]): ReadonlySet<string> {
  const needed = new Set(install);
  // A set is walked in the order in which it grows.
  for (const name of needed) {
    const relations = set.find((one) => one.name === name)?.relations ?? [];
    const positive = relations.filter(({ kind }) => ["depends", "pre-depends", "recommends"].includes(kind));
    for (const requirement of positive.flatMap(({ anyOf }) => anyOf)) {
      for (const one of set) if (satisfies(one, requirement, "amd64")) needed.add(one.name);
    }
  }
  return needed;
}

interface Universe {
  readonly lines: readonly string[];
  readonly install: readonly string[];
  readonly recommends: boolean;
}

const virtual = ["va", "vb", "vc"];

function drawUniverse(random: () => number, conflicts: number): Universe {
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const times = <Item>(count: number, draw: () => Item): Item[] => Array.from({ length: count }, draw);
  const names = Array.from({ length: 6 + below(14) }, (_, at) => `p${String.fromCharCode(97 + at)}`);
  const version = (): string => (random() < 0.12 ? ` (${pick([">=", "<=", "="])} ${1 + below(2)})` : "");
  const requirement = (): string => pick(random() < 0.25 ? virtual : names) + version();
  const choice = (): string => times(random() < 0.6 ? 1 : 1 + below(3), requirement).join(" | ");
  const relations = (): string => times(below(3), choice).join(", ");
  const provide = (name: string): string => name + (random() < 0.4 ? ` (= ${1 + below(2)})` : "");
  const lines = names.map((name) =>
    [
      `${name} ${1 + below(2)}`,
      `pre-depends: ${random() < 0.1 ? relations() : ""}`,
      `depends: ${relations()}`,
      `recommends: ${random() < 0.6 ? relations() : ""}`,
      `conflicts: ${random() < conflicts ? times(1 + below(2), requirement).join(", ") : ""}`,
      `provides: ${
        random() < 0.3
          ? virtual
              .filter(() => random() < 0.5)
              .map(provide)
              .join(", ")
          : ""
      }`,
      `priority: ${pick(["optional", "optional", "optional", "extra", "standard", "important", "required"])}`,
    ].join("; "),
  );
  const install = [...new Set(times(1 + below(3), () => pick(names)))];
  return { lines, install, recommends: random() < 0.6 };
}

/** Numbers from 0 to 1, the same for the same seed (Numerical Recipes' ranqd1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / (1 << 24);
  };
}
