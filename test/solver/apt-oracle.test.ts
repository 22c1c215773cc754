// The chosen set against apt's own, for packages drawn from Debian's archive.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mapLimited } from "../../src/core/limit.ts";
import type { PackageIndex } from "../../src/packages/contract.ts";
import { memoryIndex } from "../../src/packages/deb/index.ts";
import { satisfies } from "../../src/packages/deb/relation.ts";
import { compareVersions } from "../../src/packages/deb/version.ts";
import { solve } from "../../src/solver/solve.ts";
import { needs, sharedOracle } from "../kit/oracle.ts";
import { type AptOracle, openAptOracle } from "./apt-oracle.ts";

/** Where every oracle is required, all that the project promises; else a part, for a run of seconds. */
const drawn = process.env.DODAI_REQUIRE_ORACLES === "1" ? 100 : 20;

/** Requests that lead to conflicts, many alternatives or many packages; asked for beside those that are drawn. */
const hard = ["science-all", "texlive-full", "postfix mutt", "sysvinit-core task-ssh-server", "default-jre php"];

describe("apt's own sets", needs("apt-get", "dpkg", sharedOracle("apt-set")), () => {
  for (const suite of ["bookworm", "trixie"]) {
    it(`of ${suite} are ours, at least 99 in 100`, async () => {
      const oracle = openAptOracle(suite);
      try {
        const index = memoryIndex(oracle.packages);
        const requests = [...hard, ...draw([...index.names()], drawn)];
        const cases = requests.flatMap((request) => [true, false].map((recommends) => ({ request, recommends })));
        const found = await mapLimited(cases, 2, (one) => difference(oracle, index, one));
        const different = found.filter((one) => one !== undefined);
        assert.ok(different.length * 100 <= cases.length, different.join("\n"));
      } finally {
        oracle.close();
      }
    });
  }
});

interface Case {
  readonly request: string;
  readonly recommends: boolean;
}

/** What is in only one of the two sets, in words. */
async function difference(
  oracle: AptOracle,
  index: PackageIndex,
  { request, recommends }: Case,
): Promise<string | undefined> {
  const names = request.split(" ");
  const theirs = await oracle.install(names, { recommends });
  const result = solve({
    format: { compareVersions, satisfies },
    architecture: oracle.architecture,
    repositories: [{ name: "main", priority: 500, index }],
    requests: names.map((name) => ({ requirement: { name }, exclude: false })),
    options: { recommends, essential: false, priorities: [] },
  });
  // apt gives up on some problems that have a solution; that ours is one is shown by brute-force.test.ts.
  if (theirs === undefined) return undefined;
  const ours =
    result.kind === "solution" ? result.packages.map(({ record }) => `${record.name} ${record.version}`) : [];
  const more = ours.filter((one) => !theirs.includes(one)).map((one) => `+${one}`);
  const less = theirs.filter((one) => !ours.includes(one)).map((one) => `-${one}`);
  if (more.length + less.length === 0) return undefined;
  return `${request}, recommends ${recommends}: ${[...more, ...less].slice(0, 20).join(" ")}`;
}

/** `count` of the names, by a generator with a fixed seed (Numerical Recipes' ranqd1). */
function draw(names: readonly string[], count: number): readonly string[] {
  let state = 20260101;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return names[state % names.length] as string;
  });
}
