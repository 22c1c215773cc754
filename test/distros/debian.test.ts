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
    const names = [...debian.recipes.keys()].filter((name) => name.startsWith("distroless/"));
    assert.equal(names.length, 3 * 4 * 3);
    for (const name of ["distroless/base", "distroless/cc:debug-nonroot", "distroless/static-debian12:nonroot"]) {
      assert.ok(names.includes(name), name);
    }
  });
});

function contentOf(recipe: Recipe, path: string): string | undefined {
  const file = debian.supply(recipe, amd64, nowhere).files.find((one) => one.path === path);
  return file?.kind === "file" ? file.content : undefined;
}

describe("Debian's variants", () => {
  const variant = (name: string, release = "trixie") => recipeOf(release, { variant: name });
  const asked: readonly { readonly name: string; readonly asks: string }[] = [
    { name: "essential", asks: "essential" },
    { name: "apt", asks: "essential apt" },
    { name: "minbase", asks: "essential apt required" },
    { name: "standard", asks: "essential apt required important standard" },
    { name: "full", asks: "essential apt required" },
    { name: "slim", asks: "essential apt required" },
  ];
  for (const { name, asks } of asked) {
    it(`asks for ${asks} in ${name}`, () => {
      const { essential, requests, priorities } = debian.supply(variant(name), amd64, nowhere);
      const words = [essential ? "essential" : "", ...requests.map(({ request }) => request), ...priorities];
      assert.equal(words.filter((word) => word !== "").join(" "), asks);
    });
  }

  it("tells apt of the official archive, with the keys that the release has", (t) => {
    const sources = ["sid", "trixie", "bookworm"].map((release) => {
      const path = "etc/apt/sources.list.d/debian.sources";
      return `# ${release}\n${contentOf(variant("minbase", release), path)}`;
    });
    t.assert.fileSnapshot(sources.join("\n"), "test/golden/distros/debian.sources", { serializers: [String] });
  });

  it("says nothing of Debian's archive where the recipe does without it", () => {
    const own = { urls: ["/a"], suites: ["x"], components: ["main"], keys: [], only: true, insecureUnsigned: false };
    const { files } = debian.supply({ ...variant("minbase"), repositories: [own] }, amd64, nowhere);
    assert.deepEqual(files, []);
  });

  it("has the settings of container images in full and slim", (t) => {
    const { files } = debian.supply(variant("slim"), amd64, nowhere);
    const picture = files.map((file) =>
      file.kind === "file" ? `==> ${file.mode.toString(8)} ${file.path}\n${file.content}` : file.path,
    );
    t.assert.fileSnapshot(picture.join("\n"), "test/golden/distros/debian-slim.txt", { serializers: [String] });
    const full = debian.supply(variant("full"), amd64, nowhere).files.map(({ path }) => path);
    assert.deepEqual(
      files.map(({ path }) => path).filter((path) => !full.includes(path)),
      ["etc/dpkg/dpkg.cfg.d/docker"],
    );
  });

  it("starts a shell", () => {
    const { config } = debian.supply(variant("full"), amd64, nowhere);
    assert.deepEqual(config.cmd, ["bash"]);
  });
});

describe("Debian's base images", () => {
  it("are built in under the names that people know, and run scripts", () => {
    const names = [
      "debian:sid",
      "debian:sid-slim",
      "debian:trixie",
      "debian:trixie-slim",
      "debian:bookworm",
      "debian:bookworm-slim",
    ];
    assert.deepEqual(
      [...debian.recipes.keys()].filter((name) => name.startsWith("debian:")),
      names,
    );
    for (const name of names) {
      const recipe = debian.recipes.get(name)?.recipe;
      assert.equal(recipe?.scripts, "run");
      assert.equal(recipe.variant, name.endsWith("-slim") ? "slim" : "full");
      assert.equal(recipe.name, name);
    }
  });
});
