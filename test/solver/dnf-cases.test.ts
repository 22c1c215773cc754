// dnf's solver is libsolv: its own test cases, and small random problems that libsolv's testsolv solves beside ours.
import assert from "node:assert/strict";
import { globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { solve } from "../../src/solver/solve.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { type LibsolvJob, readCase } from "./libsolv-cases.ts";
import { type Hardness, randomCase } from "./random-cases.ts";

const folder = fixture("solver/libsolv-testcases/openSUSE+libsolv/test/testcases");

function installed({ problem }: LibsolvJob): readonly string[] | undefined {
  const outcome = solve(problem);
  if (outcome.kind === "conflict") return undefined;
  return outcome.packages
    .map(({ record, repository }) => `${record.name}-${record.version}.${record.architecture}@${repository}`)
    .sort();
}

/** Why a case of libsolv's is not asked here, by how its first such line begins. */
const notAsked: readonly (readonly [RegExp, string])[] = [
  [/^it starts from an installed system$/, "libsolv changes and removes what is there; an image's base stays"],
  [/^result (jobs|rules|proof)$/, "libsolv's own jobs, rules and proofs, not which packages are chosen"],
  [/^namespace /, "languages, file systems and devices of a running system"],
  [/^job (favor|disfavor|excludefromweak) /, "wishes of libsolv's callers that dnf has no words for on installing"],
  [
    /^job (lock|erase|update|distupgrade|verify|multiversion|install (?!name|provides|pkg|oneof))/,
    "of systems that live on",
  ],
  [/^disable pkg /, "packages that a caller hides one by one"],
  [/^genid /, "how libsolv writes relations"],
];

test("libsolv's test cases that install into an empty system; the others have a reason", needs(folder), () => {
  let count = 0;
  for (const file of globSync(`${folder}/**/*.t`)) {
    readCase(file).forEach((job, at) => {
      const { skipped } = job;
      if (skipped !== undefined) {
        assert.ok(
          notAsked.some(([line]) => line.test(skipped)),
          `${file}, job ${at + 1}: ${skipped}`,
        );
        return;
      }
      count++;
      assert.deepEqual(installed(job), job.wanted, `${file}, job ${at + 1}`);
    });
  }
  assert.equal(count, 15);
});

describe("random problems are solved as libsolv solves them", needs("testsolv"), () => {
  const kinds: readonly (readonly Hardness[])[] = [
    [],
    ["Con"],
    ["weak"],
    ["versions", "Con", "Obs"],
    ["versions", "weak", "rich"],
    ["versions", "repositories", "weak"],
    ["versions", "Con", "architectures"],
    ["versions", "Con", "Obs", "weak", "rich", "architectures", "repositories"],
  ];
  for (const kind of kinds) {
    it(["requires", ...kind].join(", "), async (t) => {
      const file = join(await temporaryFolder(t), "case.t");
      for (let seed = 0; seed < 40; seed++) {
        const text = randomCase(seed, new Set(kind));
        writeFileSync(file, text);
        const told = run("testsolv", ["-r", file]);
        const result = told.replaceAll(/^(?=.)/gm, "#>");
        writeFileSync(file, `${text}${result}`);
        const [job] = readCase(file) as [LibsolvJob];
        assert.deepEqual(installed(job), job.wanted, text);
      }
    });
  }
});
