import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatCanonicalJson } from "../../src/core/canonical-json.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { loadRecipe, type RecipeWorld } from "../../src/frontends/native/load.ts";
import { recipeValue } from "../../src/frontends/native/recipe-value.ts";

const load = (text: string, path = "/a/app.yaml", host = "amd64"): Promise<Recipe> => {
  const world: RecipeWorld = {
    readFile: async () => text,
    hasFile: async () => true,
    findBuiltIn: async () => undefined,
    builtInNames: async () => [],
  };
  return loadRecipe({ path, hostPlatform: parsePlatform(host), world });
};

const canonical = async (text: string, path?: string, host?: string): Promise<string> =>
  formatCanonicalJson(recipeValue(await load(text, path, host)));

const start = "distro: debian:trixie\npackages: [a, b]\n";

const same: readonly {
  readonly name: string;
  readonly text: string;
  readonly path?: string;
  readonly host?: string;
}[] = [
  { name: "comments and blank lines", text: `# why\n\n${start}` },
  { name: "the order of keys", text: "packages: [a, b]\ndistro: debian:trixie\n" },
  { name: "the order of packages", text: "distro: debian:trixie\npackages: [b, a]\n" },
  { name: "a package named twice", text: "distro: debian:trixie\npackages: [b, a, b]\n" },
  { name: "a default written out", text: `${start}scripts: emulate\nrecommends: false\n` },
  { name: "the file's name and folder", text: start, path: "/elsewhere/other.yaml" },
  { name: "the machine that builds", text: start, host: "arm64" },
];

const different: readonly { readonly name: string; readonly text: string }[] = [
  { name: "another package", text: "distro: debian:trixie\npackages: [a, c]\n" },
  { name: "a package kept out", text: 'distro: debian:trixie\npackages: [a, b, "!c"]\n' },
  { name: "another release", text: "distro: debian:bookworm\npackages: [a, b]\n" },
  { name: "recommended packages", text: `${start}recommends: true\n` },
  { name: "a repository", text: `${start}repositories: [{url: "https://a.example", suites: [a]}]\n` },
  { name: "a root tarball", text: "distro: debian:trixie\nsource: {rootfs: ./root.tar}\n" },
  { name: "a step", text: `${start}steps: [{run: "true"}]\n` },
  { name: "a system's settings", text: `${start}timezone: Etc/UTC\n` },
  { name: "a password of root", text: `${start}accounts: {root-password: locked}\n` },
  { name: "a file", text: `${start}files: [{path: /a, content: a}]\n` },
];

describe("the value that a lock hashes stays the same with", () => {
  for (const { name, text, path, host } of same) {
    it(name, async () => assert.equal(await canonical(text, path, host), await canonical(start)));
  }
  it("a root tarball in another folder", async () => {
    const text = "source: {rootfs: ./root.tar, sums: ./SUMS, serial: {file: ./info, pattern: a}}\n";
    assert.equal(await canonical(text, "/one/app.yaml"), await canonical(text, "/two/app.yaml"));
  });
  it("a checkout in another folder", async () => {
    const text = `${start}files: [{path: /a, source: b}]\nrepositories: [{url: ./packages/, flat: ./}]\n`;
    assert.equal(await canonical(text, "/one/app.yaml"), await canonical(text, "/two/app.yaml"));
  });
});

describe("the value that a lock hashes changes with", () => {
  for (const { name, text } of different) {
    it(name, async () => assert.notEqual(await canonical(text), await canonical(start)));
  }
});
