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

test("libsolv's test cases that install into an empty system", needs(folder), () => {
  let count = 0;
  for (const file of globSync(`${folder}/**/*.t`)) {
    readCase(file).forEach((job, at) => {
      if (job.skipped !== undefined) return;
      count++;
      assert.deepEqual(installed(job), job.wanted, `${file}, job ${at + 1}`);
    });
  }
  assert.ok(count > 10);
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
