import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePlatform } from "../../src/core/platform.ts";
import { plainRecipe, type Recipe } from "../../src/core/recipe.ts";
import { officialMirror } from "../../src/distros/alpine/repositories.ts";
import { apko } from "../../src/distros/apko/apko.ts";

const recipe = (urls: readonly string[], changes: Partial<Recipe> = {}): Recipe => ({
  ...plainRecipe,
  name: "test",
  distribution: { name: "apko", release: "v1" },
  variant: "apko",
  packages: [],
  recommends: false,
  repositories: urls.map((url) => ({
    urls: [url],
    suites: [],
    components: [],
    flat: "./",
    keys: [],
    only: true,
    insecureUnsigned: false,
  })),
  scripts: "emulate",
  allowUnknownScripts: [],
  platforms: [],
  accounts: { users: [], groups: [] },
  files: [],
  remove: [],
  config: {},
  layers: { kind: "single" },
  ...changes,
});
const amd64 = parsePlatform("amd64");
const none = { archive: undefined, security: undefined, snapshot: undefined };

test("Alpine's official address stands for its mirrors, and a lock knows it by that", () => {
  const urls = [`${officialMirror}/v3.22/main`, "https://example.com/os"];
  const mirrors = { ...none, archive: ["http://a.test/alpine/", "http://b.test"] };
  const { repositories } = apko.supply(recipe(urls), amd64, mirrors);
  assert.deepEqual(
    repositories.map((one) => [one.name, one.urls, one.knownAs]),
    [
      ["recipe-1", ["http://a.test/alpine/v3.22/main", "http://b.test/v3.22/main"], [urls[0]]],
      ["recipe-2", [urls[1]], [urls[1]]],
    ],
  );
});

test("an image on another gets neither accounts nor folders", () => {
  const base = { image: "/b", installed: "/i", upgrade: false };
  const { files, effects } = apko.supply(recipe([], { base }), amd64, none);
  assert.deepEqual(files, []);
  assert.ok(effects.every(({ name }) => name !== "accounts-apko"));
});

test("there is one release and one variant", () => {
  const other = recipe([], { distribution: { name: "apko", release: "v2" } });
  assert.throws(() => apko.supply(other, amd64, none), { code: "DISTRIBUTION_UNKNOWN" });
  assert.throws(() => apko.supply(recipe([], { variant: "minbase" }), amd64, none), { code: "DISTRIBUTION_UNKNOWN" });
});
