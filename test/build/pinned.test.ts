import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pinnedPlatform } from "../../src/build/pinned.ts";
import { planPlatform } from "../../src/build/plan.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { type PinnedPackage, plainRecipe, type Recipe } from "../../src/core/recipe.ts";
import { officialMirror } from "../../src/distros/alpine/repositories.ts";

const root = `${officialMirror}/v3.22/main`;
const recipe: Recipe = {
  ...plainRecipe,
  name: "test",
  distribution: { name: "apko", release: "v1" },
  variant: "apko",
  packages: [],
  recommends: false,
  repositories: [
    {
      urls: [root],
      suites: [],
      components: [],
      flat: "./",
      keys: [],
      only: true,
      insecureUnsigned: false,
    },
  ],
  scripts: "emulate",
  allowUnknownScripts: [],
  platforms: [],
  accounts: { users: [], groups: [] },
  files: [],
  remove: [],
  config: {},
  layers: { kind: "single" },
};
const mirrors = { archive: ["http://mirror.test"], security: undefined, snapshot: undefined };
const plan = planPlatform(recipe, parsePlatform("amd64"), mirrors);

const one = (changes: Partial<PinnedPackage> = {}): PinnedPackage => ({
  name: "musl",
  version: "1.2.5-r0",
  architecture: "x86_64",
  url: `${root}/x86_64/musl-1.2.5-r0.apk`,
  checksum: "Q1m6wB0UFePGN8Drz82pC8y2uAiu8=",
  sizeBytes: 5,
  ...changes,
});

describe("packages of a foreign lock", () => {
  it("are those of the platform, below the repository that has their address, sorted", () => {
    const others = [one({ architecture: "aarch64" }), one({ name: "a", url: `${root}/x86_64/a.apk` })];
    const { packages, repositories } = pinnedPlatform(plan, [one(), ...others]);
    assert.deepEqual(repositories, []);
    assert.deepEqual(
      packages.map(({ name, path, repository, digest }) => [name, path, repository, digest]),
      [
        ["a", "x86_64/a.apk", "recipe-1", one().checksum],
        ["musl", "x86_64/musl-1.2.5-r0.apk", "recipe-1", one().checksum],
      ],
    );
  });

  const refused: readonly (readonly [string, readonly PinnedPackage[]])[] = [
    ["another platform alone", [one({ architecture: "aarch64" })]],
    ["a repository that the recipe has not", [one({ url: "https://example.com/musl.apk" })]],
    ["a path that leads out of the repository", [one({ url: `${root}/../../secret` })]],
    ["no checksum of apk's", [one({ checksum: "sha1-x" })]],
  ];
  for (const [state, pinned] of refused) {
    it(`are refused with ${state}`, () => {
      assert.throws(() => pinnedPlatform(plan, pinned), { code: "LOCK_OUT_OF_DATE" });
    });
  }
});
