import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { formatReadableJson, type Json } from "../../src/core/canonical-json.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { loadRecipeLazily } from "../../src/frontends/native/lazy.ts";
import type { RecipeWorld } from "../../src/frontends/native/load.ts";
import { recipeJsonSchema } from "../../src/frontends/native/schema.ts";

const golden = "test/golden/frontends/native";
const cases = (kind: string): readonly string[] => readdirSync(join(golden, kind));

const builtIn: Recipe = {
  name: "distroless/base",
  distribution: { name: "debian", release: "trixie" },
  variant: "distroless",
  packages: [{ request: "libc6", exclude: false }],
  recommends: false,
  repositories: [],
  scripts: "emulate",
  allowUnknownScripts: [],
  platforms: [parsePlatform("riscv64")],
  accounts: { users: [], groups: [] },
  files: [],
  remove: [],
  config: { env: { PATH: "/usr/bin" }, user: "0" },
  layers: { kind: "single" },
};

const world: RecipeWorld = {
  readFile: (path) => readFile(path, "utf8"),
  hasFile: async (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  findBuiltIn: async (name) => (name === builtIn.name ? builtIn : undefined),
  builtInNames: async () => [builtIn.name],
};

const load = (folder: string, file = "recipe.yaml"): Promise<Recipe> =>
  loadRecipeLazily({ path: resolve(golden, folder, file), file, hostPlatform: parsePlatform("amd64"), world });

for (const name of cases("accepted")) {
  test(`reads ${name.replaceAll("-", " ")}`, async (t) => {
    const recipe = await load(`accepted/${name}`);
    const portable = JSON.parse(
      JSON.stringify(recipe).replaceAll(resolve(golden, "accepted", name), "/recipe"),
    ) as Json;
    t.assert.fileSnapshot(formatReadableJson(portable), join(golden, "accepted", name, "expected.json"), {
      serializers: [String],
    });
  });
}

for (const name of cases("refused")) {
  test(`refuses ${name.replaceAll("-", " ")}`, async (t) => {
    const error = await load(`refused/${name}`).then(
      () => assert.fail("it was accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DodaiError, String(error));
    t.assert.fileSnapshot(describe(error), join(golden, "refused", name, "expected.txt"), { serializers: [String] });
  });
}

/** A line for the fault, one for its place and one for its fix; the same for each fault below it. */
function describe(error: DodaiError): string {
  const { where } = error;
  const place = typeof where === "object" ? `  at ${where.file}:${where.line}:${where.column}\n` : "";
  const own = `${error.code}: ${error.message}\n${place}${error.fix === undefined ? "" : `  fix: ${error.fix}\n`}`;
  const below = error.cause instanceof AggregateError ? (error.cause.errors as DodaiError[]) : [];
  return own + below.map(describe).join("");
}

test("the published JSON Schema is current", () => {
  const published: unknown = JSON.parse(readFileSync("src/recipe.schema.json", "utf8"));
  const current = recipeJsonSchema();
  if (JSON.stringify(published) !== JSON.stringify(current)) {
    assert.fail(`write this into src/recipe.schema.json, then run "npm run format":\n${JSON.stringify(current)}`);
  }
});

test("every field of the JSON Schema has a description", () => {
  const without: string[] = [];
  const walk = (schema: Record<string, unknown>, at: string): void => {
    if (typeof schema.description !== "string") without.push(at);
    const properties = (schema.properties ?? {}) as Record<string, Record<string, unknown>>;
    for (const [key, member] of Object.entries(properties)) walk(member, `${at}.${key}`);
    if (schema.items) walk(schema.items as Record<string, unknown>, `${at}[]`);
  };
  walk(recipeJsonSchema(), "");
  assert.deepEqual(without, []);
});
