// A repository of CentOS 7.6's own packages, as createrepo_c makes it, and recipes for it.
import { globSync, mkdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { baseRecipe } from "../../src/distros/rpm-family.ts";
import { fixture, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

export const centosPackages: string = fixture("rpm/centos7-real");

export async function centosRepository(
  t: TestContext,
): Promise<{ readonly folder: string; readonly repository: string }> {
  const folder = await temporaryFolder(t);
  const repository = join(folder, "repository");
  mkdirSync(repository);
  const files = globSync(`${centosPackages}/{lzhuan-test+zabbix-tutorial/rpms,stand-ins}/*.rpm`);
  for (const file of files) symlinkSync(file, join(repository, basename(file)));
  run("createrepo_c", ["-q", repository]);
  return { folder, repository };
}

export function centosRecipe(repository: string, words: readonly string[]): Recipe {
  return {
    ...baseRecipe("c7", { name: "centos", release: "7" }, "empty"),
    scripts: "skip",
    platforms: [parsePlatform("linux/amd64")],
    packages: words.map((request) => ({ request, exclude: false })),
    // The stand-ins are not signed.
    repositories: [
      { urls: [repository], suites: [], flat: "./", components: [], keys: [], only: true, insecureUnsigned: true },
    ],
  };
}
