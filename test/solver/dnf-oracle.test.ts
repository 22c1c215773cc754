// Whole repositories, metadata and all, and requests in every form: the sets are those of dnf.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Repository } from "../../src/packages/contract.ts";
import { rpm } from "../../src/packages/rpm/format.ts";
import type { OfferedRepository } from "../../src/solver/problem.ts";
import { solve } from "../../src/solver/solve.ts";
import { needs, run } from "../kit/oracle.ts";
import { accessTo, type RepositoryFiles, repositoryOf } from "../kit/repository.ts";
import { makeRpmRepository } from "../kit/rpm-repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { type RandomProblem, type RandomRepository, randomProblem } from "./dnf-random.ts";

const count = 38;
const platform = "el9";
const python = "/usr/bin/python3";

test("dnf's sets, on random repositories", needs("dnf", python), async (t) => {
  const folder = await temporaryFolder(t);
  const problems = Array.from({ length: count }, (_, seed) => randomProblem(seed));
  const made = problems.map(({ repositories }) => repositories.map((one) => makeRpmRepository(one)));
  const lines = problems.map(({ repositories, ...rest }, seed) => {
    const places = repositories.map(({ packages, comps, modules, ...one }, at) => {
      const place = join(folder, `${seed}-${at}`);
      writeFiles(place, made[seed]?.[at] ?? new Map());
      return { ...one, folder: place };
    });
    return JSON.stringify({ ...rest, platform, repositories: places });
  });
  const told = run(python, [join(import.meta.dirname, "dnf-oracle.py")], { input: `${lines.join("\n")}\n` });
  const wanted = told
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as readonly string[] | null);
  for (const [seed, problem] of problems.entries()) {
    const { repositories, ...rest } = problem;
    assert.deepEqual(await ours(problem, made[seed] ?? []), wanted[seed], `seed ${seed}: ${JSON.stringify(rest)}`);
  }
  assert.ok(wanted.filter((one) => one !== null).length > count / 3);
});

function writeFiles(folder: string, files: RepositoryFiles): void {
  for (const [path, bytes] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

async function ours(problem: RandomProblem, made: readonly RepositoryFiles[]): Promise<readonly string[] | null> {
  const { install, without, recommends } = problem;
  const modules = install.flatMap((one) => /^@(mod:\d)/.exec(one)?.[1] ?? []);
  const repositories = await Promise.all(
    problem.repositories.map((one, at) => offered(one, { files: made[at] ?? new Map(), modules })),
  );
  const request = (text: string, exclude: boolean) => ({ requirement: rpm.parseRequest(text), exclude });
  try {
    const outcome = solve({
      format: rpm,
      architecture: "x86_64",
      repositories,
      requests: [...install.map((one) => request(one, false)), ...without.map((one) => request(one, true))],
      options: { recommends, essential: false, priorities: [] },
    });
    if (outcome.kind === "conflict") return null;
    return outcome.packages
      .map(({ record, repository }) => `${record.name}-${record.version}.${record.architecture}@${repository}`)
      .sort();
  } catch (error) {
    assert.equal((error as { code?: string }).code, "PACKAGE_MISSING");
    return null;
  }
}

async function offered(
  one: RandomRepository,
  { files, modules }: { readonly files: RepositoryFiles; readonly modules: readonly string[] },
): Promise<OfferedRepository> {
  const { id, cost, excludes, includes, moduleHotfixes } = one;
  const repository: Repository = {
    ...repositoryOf({ keys: [], flat: true, suite: "", components: [] }),
    ...{ name: id, cost, excludes, includes, moduleHotfixes, modules, modulePlatform: platform },
    priority: -one.priority + 1000,
  };
  const { index } = await rpm.openRepository(repository, "x86_64", accessTo(files, new Date("2025-06-02T12:00:00Z")));
  return { name: id, priority: repository.priority, cost, moduleHotfixes, index };
}
