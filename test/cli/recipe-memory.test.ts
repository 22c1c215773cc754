import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { loadRemembered } from "../../src/cli/recipe-memory.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { loadRecipe } from "../../src/frontends/native/load.ts";
import { builtIn, temporaryFolder } from "./world.ts";

/** A folder with a recipe that extends one, copies a file and names a key; and how often it was parsed. */
function setUp(t: TestContext) {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write("app.yaml", "extends: ./base.yaml\npackages: [curl]\nfiles: [{path: /a, source: a.txt}]\n");
  write("base.yaml", "extends: distroless/base\nvariant: empty\n");
  write("a.txt", "a");
  const seen = { parsed: 0 };
  let parent = builtIn;
  const load = (file = "app.yaml"): Promise<Recipe> =>
    loadRemembered(
      {
        path: join(folder, file),
        hostPlatform: parsePlatform("amd64"),
        world: {
          readFile: async (path) => readFileSync(path, "utf8"),
          hasFile: async (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
          findBuiltIn: async () => parent,
          builtInNames: async () => [],
        },
      },
      join(folder, "cache"),
      (options) => {
        seen.parsed++;
        return loadRecipe(options);
      },
    );
  const changeBuiltIn = (): void => {
    parent = { ...builtIn, recommends: true };
  };
  return { folder, write, seen, load, changeBuiltIn };
}

describe("a recipe that was read before", () => {
  it("is not parsed again, and is the same", async (t) => {
    const { load, seen } = setUp(t);
    const first = await load();
    assert.deepEqual(await load(), first);
    assert.equal(seen.parsed, 1);
  });

  const changes: readonly { readonly name: string; readonly change: (set: ReturnType<typeof setUp>) => void }[] = [
    { name: "it changed", change: ({ write }) => write("app.yaml", "distro: debian:trixie\n") },
    {
      name: "the recipe that it extends changed",
      change: ({ write }) => write("base.yaml", "distro: debian:bookworm\n"),
    },
    { name: "the built-in recipe below changed", change: ({ changeBuiltIn }) => changeBuiltIn() },
    {
      name: "what is kept of it is damaged",
      change: ({ folder }) => {
        for (const name of readdirSync(join(folder, "cache/values/recipes"))) {
          writeFileSync(join(folder, "cache/values/recipes", name), "{}");
        }
      },
    },
  ];
  for (const { name, change } of changes) {
    it(`is parsed again when ${name}`, async (t) => {
      const set = setUp(t);
      await set.load();
      change(set);
      await set.load();
      assert.equal(set.seen.parsed, 2);
    });
  }

  it("is refused when a file that it copies is gone", async (t) => {
    const { load, folder } = setUp(t);
    await load();
    rmSync(join(folder, "a.txt"));
    await assert.rejects(load(), { code: "FILE_UNREADABLE" });
  });

  it("is kept only when it could be read", async (t) => {
    const { load, write, folder } = setUp(t);
    write("bad.yaml", "distro: 1\n");
    await assert.rejects(load("bad.yaml"), { code: "RECIPE_SYNTAX" });
    assert.equal(statSync(join(folder, "cache"), { throwIfNoEntry: false }), undefined);
  });
});
