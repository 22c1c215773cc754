import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { makeApplication } from "../../src/cli/application.ts";
import { describeCommands } from "../../src/cli/completion/vocabulary.ts";
import { errorKinds } from "../../src/core/dodai-error.ts";
import { parseRecipeText } from "../../src/frontends/native/load.ts";
import { recipeJsonSchema } from "../../src/frontends/native/schema.ts";

const read = (path: string): string => readFileSync(path, "utf8");

test("every error code has a page, and every page a code", () => {
  const pages = readdirSync("docs/errors").filter((name) => name !== "README.md");
  assert.deepEqual(
    pages.sort(),
    Object.keys(errorKinds)
      .map((code) => `${code}.md`)
      .sort(),
  );
});

describe("the page of an error", () => {
  for (const code of Object.keys(errorKinds)) {
    it(`${code} says what it means, why it happens and what to do`, () => {
      const page = read(`docs/errors/${code}.md`);
      assert.ok(page.startsWith(`# ${code}\n`));
      assert.match(page, /\n## Why\n[\s\S]+\n## What to do\n/);
      const exit = /\(exit\s+code\s+(\d)\)/.exec(page)?.[1];
      const kinds = { build: "1", usage: "2", network: "3", verification: "4", unsatisfiable: "5", lock: "6" };
      assert.equal(exit, kinds[errorKinds[code as keyof typeof errorKinds]]);
      assert.ok(page.split("\n").length <= 24, "it is short");
    });
  }
});

test("docs/recipe.md names every field of a recipe", () => {
  const page = read("docs/recipe.md");
  const names = new Set<string>();
  const walk = (schema: Record<string, unknown>): void => {
    for (const [name, member] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
      names.add(name);
      walk(member);
    }
    if (schema.items) walk(schema.items as Record<string, unknown>);
  };
  walk(recipeJsonSchema());
  assert.deepEqual(
    [...names].filter((name) => !new RegExp(`(?<![\\w-])${name.replace("$", "\\$")}(?![\\w-])`).test(page)),
    [],
  );
});

test("every recipe of docs/recipe.md is one", () => {
  const examples = [...read("docs/recipe.md").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  assert.ok(examples.length > 10);
  for (const text of examples) parseRecipeText({ text, file: "docs/recipe.md" });
});

test("docs/cli.md names every command and every flag", () => {
  const page = read("docs/cli.md");
  const missing = describeCommands(makeApplication().root, []).flatMap(({ path, flags }) => [
    ...path.split(" ").filter((word) => !page.includes(word)),
    ...flags.map(({ name }) => name).filter((name) => !page.includes(name)),
  ]);
  assert.deepEqual(missing, []);
});
