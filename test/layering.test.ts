import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { test } from "node:test";

/** Lowest first. A folder may import itself and the folders before it. */
const layers = [
  "core",
  "archive",
  "crypto",
  "packages",
  "distros",
  "solver",
  "rootfs",
  "image",
  "frontends",
  "evidence",
  "io",
  "sandbox",
  "build",
  "cli",
];
/** Folders that may touch the world. All others take time, order, chance and bytes as arguments. */
const worldly = ["io", "sandbox", "build", "cli"];
const worldModules = /^node:(?:fs|http|https|net|tls|dns|child_process|worker_threads|os|readline)/;
/** A folder under these never imports a sibling, except a child its parent. */
const families: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  packages: {},
  distros: { apko: "alpine", ubuntu: "debian", wolfi: "alpine" },
};

const sources = globSync("src/**/*.ts");
const folderOf = (file: string): string => file.split("/")[1] ?? "";
const memberOf = (file: string): string => file.split("/")[2] ?? "";

/** Every module that a file names: static, re-exported, dynamic, or a worker's URL. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const forms = [/^(?:import|export)\b[^;]*?\bfrom "([^"]+)"/gm, /^import "([^"]+)"/gm, /\bimport\(\s*"([^"]+)"/g];
  return forms.flatMap((form) => [...text.matchAll(form)].map(([, target]) => target ?? ""));
}

function resolved(file: string, target: string): string {
  return posix.join(dirname(file), target);
}

test("imports only point down the layers", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const from = layers.indexOf(folderOf(file));
    for (const target of importsOf(file).filter((one) => one.startsWith("."))) {
      const to = resolved(file, target);
      if (from >= 0 && layers.indexOf(folderOf(to)) > from) wrong.push(`${file} must not import ${to}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("every folder of src is a layer with a known place", () => {
  const unknown = sources.filter((file) => file.split("/").length > 2 && !layers.includes(folderOf(file)));
  assert.deepEqual(unknown, []);
});

test("package formats and distributions do not import their siblings", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const parents = families[folderOf(file)];
    if (!parents || file.split("/").length < 4) continue;
    for (const target of importsOf(file).filter((one) => one.startsWith("."))) {
      const to = resolved(file, target);
      const sibling = folderOf(to) === folderOf(file) && to.split("/").length > 3 && memberOf(to) !== memberOf(file);
      if (sibling && parents[memberOf(file)] !== memberOf(to)) wrong.push(`${file} must not import ${to}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("pure folders do not touch the world", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    if (worldly.includes(folderOf(file)) || file.split("/").length < 3) continue;
    for (const target of importsOf(file))
      if (worldModules.test(target)) wrong.push(`${file} must not import ${target}`);
    const text = readFileSync(file, "utf8");
    for (const world of [
      /\bprocess\.env\b/,
      /\bDate\.now\(/,
      /\bnew Date\(\)/,
      /\bMath\.random\(/,
      /\bperformance\.now\(/,
    ]) {
      if (world.test(text)) wrong.push(`${file} must not use ${world.source}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("only the sandbox starts processes, and who asks a person's credential helper", () => {
  const asks = "src/io/registry-credential-helper.ts";
  const wrong = sources.filter(
    (file) =>
      file !== asks &&
      folderOf(file) !== "sandbox" &&
      importsOf(file).some((target) => target.startsWith("node:child_process")),
  );
  assert.deepEqual(wrong, []);
});
