import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import type { MirrorSettings } from "../../src/distros/contract.ts";
import { debian } from "../../src/distros/debian/debian.ts";

const nowhere: MirrorSettings = { archive: undefined, security: undefined, snapshot: undefined };
const amd64 = parsePlatform("amd64");

function recipeOf(release: string, more: Partial<Recipe> = {}): Recipe {
  const base = debian.recipes.get("distroless/static")?.recipe;
  assert.ok(base);
  return { ...base, distribution: { name: "debian", release }, ...more };
}

describe("Debian", () => {
  it("knows a release by any of its names", () => {
    for (const name of ["trixie", "13", "stable"]) {
      assert.equal(debian.supply(recipeOf(name), amd64, nowhere).release, "trixie");
    }
  });

  it("uses the release, its updates and its security fixes by default, from the official names", () => {
    const { repositories } = debian.supply(recipeOf("trixie"), amd64, nowhere);
    assert.deepEqual(
      repositories.map(({ name, urls }) => `${name} ${urls}`),
      [
        "debian/trixie http://ftp.debian.org/debian",
        "debian/trixie-updates http://ftp.debian.org/debian",
        "debian/trixie-security http://security.debian.org/debian-security",
      ],
    );
  });

  it("takes mirrors that are named instead", () => {
    const mirrors = { ...nowhere, archive: ["file:///a"], security: ["file:///s"] };
    const { repositories } = debian.supply(recipeOf("trixie"), amd64, mirrors);
    assert.deepEqual(
      repositories.map(({ urls }) => String(urls)),
      ["file:///a", "file:///a", "file:///s"],
    );
  });

  it("takes a snapshot from the service that is named, as archived, and from nowhere else", () => {
    const recipe = recipeOf("trixie", { snapshot: "20261101T000000Z" });
    assert.throws(() => debian.supply(recipe, amd64, nowhere), { code: "SNAPSHOT_UNAVAILABLE" });
    const { repositories } = debian.supply(recipe, amd64, { ...nowhere, snapshot: "https://s.example/archive/" });
    assert.ok(repositories.every(({ archived }) => archived));
    assert.equal(String(repositories[0]?.urls), "https://s.example/archive/debian/20261101T000000Z");
  });

  it("refuses releases, variants and ports that it does not have", () => {
    assert.throws(() => debian.supply(recipeOf("potato"), amd64, nowhere), { code: "DISTRIBUTION_UNKNOWN" });
    const fat = recipeOf("trixie", { variant: "fat" });
    assert.throws(() => debian.supply(fat, amd64, nowhere), { code: "DISTRIBUTION_UNKNOWN" });
    const loong = parsePlatform("loong64");
    assert.throws(() => debian.supply(recipeOf("trixie"), loong, nowhere), { code: "PLATFORM_UNSUPPORTED" });
  });

  it("has every distroless image in four tags, for two releases and as the latest", () => {
    const names = [...debian.recipes.keys()];
    assert.equal(names.length, 3 * 4 * 3);
    for (const name of ["distroless/base", "distroless/cc:debug-nonroot", "distroless/static-debian12:nonroot"]) {
      assert.ok(names.includes(name), name);
    }
  });
});
