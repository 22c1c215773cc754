import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/**/*.md")];

test("every link of the documentation leads somewhere", () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(page, "utf8").matchAll(/\]\(([^)#\s]+)/g)]
      .map(([, target]) => target ?? "")
      .filter((target) => !/^https?:/.test(target) && !existsSync(join(dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("the list of errors names every page", () => {
  const list = readFileSync("docs/errors/README.md", "utf8");
  const missing = globSync("docs/errors/*.md").filter(
    (page) => !page.endsWith("README.md") && !list.includes(`](${page.slice("docs/errors/".length)})`),
  );
  assert.deepEqual(missing, []);
});
