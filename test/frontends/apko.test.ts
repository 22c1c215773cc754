import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, it, test } from "node:test";
import { formatReadableJson, type Json } from "../../src/core/canonical-json.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { wolfiKeyHost } from "../../src/distros/wolfi/keys.ts";
import { isApkoText, loadApkoLazily } from "../../src/frontends/apko/lazy.ts";
import type { ApkoWorld } from "../../src/frontends/apko/load.ts";
import { parseNumber, parsePermissions, splitWords } from "../../src/frontends/apko/values.ts";
import { describeFault } from "../kit/faults.ts";
import { fixture, needs } from "../kit/oracle.ts";

const golden = "test/golden/frontends/apko";
const world = {
  readFile: (path: string): Promise<string> => readFile(path, "utf8"),
  hasFile: async (path: string): Promise<boolean> => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
};

const load = (path: string, cwd: string, around: ApkoWorld = world): Promise<Recipe> =>
  loadApkoLazily({ path, cwd, file: "apko.yaml", hostPlatform: parsePlatform("amd64"), world: around });

for (const name of readdirSync(join(golden, "accepted"))) {
  test(`reads ${name.replaceAll("-", " ")}`, async (t) => {
    const folder = resolve(golden, "accepted", name);
    const recipe = await load(join(folder, "apko.yaml"), folder);
    const portable = JSON.parse(JSON.stringify(recipe).replaceAll(folder, "/recipe")) as Json;
    t.assert.fileSnapshot(formatReadableJson(portable), join(golden, "accepted", name, "expected.json"), {
      serializers: [String],
    });
  });
}

for (const name of readdirSync(join(golden, "refused"))) {
  test(`refuses ${name.replaceAll("-", " ")}`, async (t) => {
    const folder = resolve(golden, "refused", name);
    const error = await load(join(folder, "apko.yaml"), folder).then(
      () => assert.fail("it was accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DodaiError, String(error));
    t.assert.fileSnapshot(describeFault(error), join(golden, "refused", name, "expected.txt"), {
      serializers: [String],
    });
  });
}

describe("apko's own recipes", () => {
  const testdata = fixture("alpine/apko-testdata/chainguard-dev+apko/internal/cli/testdata");
  const rules = fixture("alpine/real-indexes/chainguard-dev+rules_apko");
  const rows: readonly {
    readonly path: string;
    readonly cwd: string;
    readonly pinned?: number;
    readonly key?: boolean;
  }[] = [
    { path: join(testdata, "apko.yaml"), cwd: join(testdata, ".."), pinned: 4 },
    { path: join(testdata, "apko-discover.yaml"), cwd: join(testdata, ".."), pinned: 4 },
    { path: join(testdata, "apko-certs.yaml"), cwd: join(testdata, "..") },
    { path: join(testdata, "base_image.apko.yaml"), cwd: testdata },
    { path: join(testdata, "empty-layering.yaml"), cwd: join(testdata, "..") },
    { path: join(testdata, "image_on_top.apko.yaml"), cwd: join(testdata, "..") },
    { path: join(testdata, "layering.yaml"), cwd: join(testdata, "..") },
    { path: join(rules, "examples/lock/apko.yaml"), cwd: rules },
    { path: join(rules, "examples/multi_arch_and_repo/apko.yaml"), cwd: rules, key: true },
    { path: join(rules, "examples/oci/apko.yaml"), cwd: rules },
    { path: join(rules, "examples/wolfi-base/apko.yaml"), cwd: rules },
    { path: join(rules, "e2e/smoke/apko.yaml"), cwd: rules },
    { path: fixture("dockerfile/base-images/distroless+static/apko.yaml"), cwd: "/" },
  ];
  for (const { path, cwd, pinned, key = false } of rows) {
    it(`${path.split("/").slice(-3).join("/")} is read`, needs(path), async () => {
      const fetchKey = (): Promise<string> => readFile(join(testdata, "melange.rsa.pub"), "utf8");
      const recipe = await load(path, cwd, key ? { ...world, fetchKey } : world);
      assert.ok(recipe.packages.length > 0);
      if (pinned !== undefined) assert.equal(recipe.pinned?.length, pinned);
    });
  }

  it("the file in the image is that of apko's golden layout", needs(testdata), async () => {
    const recipe = await loadApkoLazily({
      path: "/w/apko.yaml",
      cwd: join(testdata, ".."),
      hostPlatform: parsePlatform("amd64"),
      world: { ...world, readFile: async (path) => (path === "/w/apko.yaml" ? goldenRecipe : world.readFile(path)) },
    });
    const file = recipe.files.find((one) => one.path === "etc/apko.json");
    assert.equal(file?.kind === "file" && file.content, goldenJson);
  });
});

/** What apko builds its golden layout from: its recipe with packages as they were solved. */
const goldenRecipe = `
contents:
  keyring: [./testdata/melange.rsa.pub]
  repositories: [./testdata/packages]
  packages: [pretend-baselayout=1.0.0-r0, replayout=1.0.0-r0]
entrypoint: {command: /bin/sh -l}
archs: [x86_64]
annotations:
  org.opencontainers.image.vendor: Vendor
  org.opencontainers.image.title: Title
`;
const goldenJson = `{"contents":{"repositories":["./testdata/packages"],"keyring":["./testdata/melange.rsa.pub"],"packages":["pretend-baselayout=1.0.0-r0","replayout=1.0.0-r0"]},"entrypoint":{"command":"/bin/sh -l"},"accounts":{},"archs":["amd64"],"annotations":{"org.opencontainers.image.title":"Title","org.opencontainers.image.vendor":"Vendor"}}
`;

describe("a key at an address that dodai does not know", () => {
  const key = readFileSync(join(golden, "accepted/every-field/test.rsa.pub"), "utf8");
  const loadWith = (url: string, fetchKey: (url: string) => Promise<string>): Promise<Recipe> =>
    loadApkoLazily({
      path: "/w/apko.yaml",
      cwd: "/w",
      hostPlatform: parsePlatform("amd64"),
      world: { ...world, fetchKey, readFile: async () => `contents:\n  keyring: [${url}]\n` },
    });

  it("is fetched over TLS, which is told", async () => {
    const recipe = await loadWith("https://example.com/a%40b.rsa.pub", async () => key);
    assert.ok(recipe.files.some((file) => file.path === "etc/apk/keys/a@b.rsa.pub"));
    assert.match(
      recipe.warnings?.[0] ?? "",
      /^Key "https:.*" is trusted because of where it lies \(sha256 [0-9a-f]{64}\)/,
    );
  });

  it("is refused without TLS", async () => {
    await assert.rejects(() => loadWith("http://example.com/a.rsa.pub", async () => key), { code: "KEY_SYNTAX" });
  });

  it("is refused when it is none", async () => {
    await assert.rejects(() => loadWith("https://example.com/a.rsa.pub", async () => "<html>"), { code: "KEY_SYNTAX" });
  });

  it("is not fetched when dodai knows it", async () => {
    const recipe = await loadWith(`https://${wolfiKeyHost}/os/wolfi-signing.rsa.pub`, () => assert.fail("fetched"));
    assert.ok(recipe.files.some((file) => file.path === "etc/apk/keys/wolfi-signing.rsa.pub"));
    assert.equal(recipe.warnings, undefined);
  });
});

describe("hostile recipes are refused", () => {
  const rows: readonly (readonly [string, string])[] = [
    [
      "a bomb of aliases",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(",")}]`).join("\n")}\ncontents: {packages: *h}\n`,
    ],
    ["a list that holds itself", "contents: &c\n  packages: [*c]\n"],
    ["a key of every object", "contents: {__proto__: {packages: [x]}}\n"],
    ["brackets without end", `contents: ${"[".repeat(5000)}\n`],
    ["a path out of the image", "contents: {}\npaths: [{path: a/../../etc/x, type: empty-file}]\n"],
    ["a link out of the image", "contents: {}\npaths: [{path: a, type: hardlink, source: ../../etc/x}]\n"],
    ["a certificate's name with a folder", "contents: {}\ncertificates: {additional: [{name: a/b, content: x}]}\n"],
    ["a key's name with a folder", "contents: {runtime_keyring: [{name: ../x, content: y}]}\n"],
    ["a user's name with a line", 'contents: {}\naccounts: {users: [{username: "a\\nroot", uid: 5}]}\n'],
  ];
  for (const [name, text] of rows) {
    it(name, async () => {
      const around = { ...world, readFile: async () => text };
      await assert.rejects(() => load("/w/apko.yaml", "/w", around), { code: "RECIPE_SYNTAX" });
    });
  }
});

describe("what is apko's", () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["a recipe with contents", "contents:\n  packages: [a]\n", true],
    ["contents in quotes", '"contents": {}\n', true],
    ["one that only includes another", "include: base.yaml\narchs: [amd64]\n", true],
    ["dodai's own", "distro: debian:trixie\npackages: [a]\n", false],
    ["dodai's own with a word of apko's", "distro: debian:trixie\ncontents: x\n", false],
    ["dodai's own with include for extends", "include: base.yaml\npackages: [a]\n", false],
    ["contents further inside", "files:\n  contents: x\n", false],
  ];
  for (const [name, text, expected] of rows) {
    it(`${name}: ${expected ? "yes" : "no"}`, () => assert.equal(isApkoText(text), expected));
  }
});

test("numbers are read as Go reads them in YAML", () => {
  const rows = { "493": 493, "0o755": 0o755, "0755": 0o755, "0x1ed": 493, "0b11": 3, "1_000": 1000, "0": 0 };
  for (const [text, value] of Object.entries(rows)) assert.equal(parseNumber(text), value, text);
  for (const text of ["", "-1", "1.5", "1e3", "0o8", "4294967296"]) {
    assert.throws(() => parseNumber(text), { code: "RECIPE_SYNTAX" }, text);
  }
  assert.equal(parsePermissions("420"), 0o644);
  assert.throws(() => parsePermissions("644"), { code: "RECIPE_SYNTAX" });
});

test("commands are split as a shell splits them, and nothing is expanded", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["/bin/sh -l", ["/bin/sh", "-l"]],
    ["  a   b  ", ["a", "b"]],
    [`a "b c" 'd "e"'`, ["a", "b c", 'd "e"']],
    [`a"b"c ''`, ["abc", ""]],
    ["a\\ b $HOME *", ["a b", "$HOME", "*"]],
    [`"a\\"b"`, ['a"b']],
    ["a # b\nc", ["a", "c"]],
    ["a#b", ["a#b"]],
    ["", []],
  ];
  for (const [text, words] of rows) assert.deepEqual(splitWords(text), words, text);
});
