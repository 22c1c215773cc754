import assert from "node:assert/strict";
import { createPublicKey, hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { formatPlatform, parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { alpine } from "../../src/distros/alpine/alpine.ts";
import { alpineKeys } from "../../src/distros/alpine/keys.ts";
import { wolfiKeys } from "../../src/distros/wolfi/keys.ts";
import { wolfi } from "../../src/distros/wolfi/wolfi.ts";
import { fixture, needs } from "../kit/oracle.ts";

const nowhere = { archive: undefined, security: undefined, snapshot: undefined };
const amd64 = parsePlatform("linux/amd64");
const built = (name: string): Recipe => {
  const found = alpine.recipes.get(name) ?? wolfi.recipes.get(name);
  assert.ok(found, name);
  return found.recipe;
};
/** The same from packages. */
const packaged = (name: string): Recipe => ({ ...built(name), variant: "packages" });

describe("Alpine", () => {
  it("has a recipe for each release", () => {
    const names = [...alpine.recipes.keys()];
    for (const name of ["alpine:edge", "alpine:3.23", "alpine:3.22"]) assert.ok(names.includes(name), name);
  });
  it("is main and community of the release, and its own five packages", () => {
    const { repositories, requests, files } = alpine.supply(packaged("alpine:3.22"), amd64, nowhere);
    assert.deepEqual(
      repositories.map(({ name, suite, components, urls }) => [name, suite, ...components, ...urls]),
      ["main", "community"].map((one) => [
        `alpine/v3.22/${one}`,
        "v3.22",
        one,
        "https://dl-cdn.alpinelinux.org/alpine",
      ]),
    );
    assert.deepEqual(
      requests.map(({ request }) => request),
      ["alpine-baselayout", "alpine-keys", "apk-tools", "busybox", "libc-utils"],
    );
    assert.deepEqual(
      files.map(({ path }) => path),
      ["etc/apk/repositories"],
    );
  });
  it("is known by its other names", () => {
    const recipe = built("alpine:3.22");
    for (const [name, release] of [
      ["v3.22", "3.22"],
      ["latest", "3.24"],
    ] as const) {
      const asked = { ...recipe, distribution: { name: "alpine", release: name } };
      assert.equal(alpine.supply(asked, amd64, nowhere).release, release);
    }
  });
  it("is fetched from the mirrors that are named", () => {
    const mirrors = { ...nowhere, archive: ["file:///mirror"] };
    const { repositories } = alpine.supply(packaged("alpine:edge"), amd64, mirrors);
    assert.deepEqual(
      repositories.map(({ urls }) => urls),
      [["file:///mirror"], ["file:///mirror"]],
    );
  });
  it("has a word and keys for each platform of each release", () => {
    for (const { name, platforms } of alpine.releases) {
      for (const platform of platforms) {
        assert.ok(alpine.format.architectureOf(formatPlatform(platform)), formatPlatform(platform));
        const { repositories } = alpine.supply(packaged(`alpine:${name}`), platform, nowhere);
        assert.ok(
          repositories.every(({ keys }) => keys.length > 0),
          `${name} ${formatPlatform(platform)}`,
        );
      }
    }
  });
  it("keeps scripts as the apk-tools of the release does", () => {
    const toolsOf = (name: string): number | undefined =>
      alpine.supply(packaged(name), amd64, nowhere).apkDatabase?.tools;
    assert.deepEqual(["alpine:3.22", "alpine:3.23"].map(toolsOf), [2, 3]);
  });

  const refused: readonly (readonly [name: string, changes: Partial<Recipe>, code: string])[] = [
    ["a release that there is not", { distribution: { name: "alpine", release: "2.7" } }, "DISTRIBUTION_UNKNOWN"],
    ["a variant that there is not", { variant: "minbase" }, "DISTRIBUTION_UNKNOWN"],
    ["a snapshot", { snapshot: "20260101T000000Z" }, "SNAPSHOT_UNAVAILABLE"],
  ];
  for (const [name, changes, code] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => alpine.supply({ ...built("alpine:3.22"), ...changes }, amd64, nowhere), { code });
    });
  }
  it("refuses a platform that the release has no port for", () => {
    const riscv = parsePlatform("linux/riscv64");
    assert.throws(() => alpine.supply(built("alpine:3.19"), riscv, nowhere), { code: "PLATFORM_UNSUPPORTED" });
  });
});

describe("Wolfi", () => {
  it("is one repository and one release", () => {
    const { repositories, apkDatabase } = wolfi.supply(built("wolfi:latest"), amd64, nowhere);
    assert.deepEqual(
      repositories.map(({ name, urls }) => [name, ...urls]),
      [["wolfi/os", "https://packages.wolfi.dev/os"]],
    );
    assert.equal(apkDatabase?.folder, "usr/lib/apk");
  });
  it("refuses another release and another platform", () => {
    const recipe = built("wolfi:latest");
    const asked = { ...recipe, distribution: { name: "wolfi", release: "1" } };
    assert.throws(() => wolfi.supply(asked, amd64, nowhere), { code: "DISTRIBUTION_UNKNOWN" });
    assert.throws(() => wolfi.supply(recipe, parsePlatform("linux/s390x"), nowhere), { code: "PLATFORM_UNSUPPORTED" });
  });
});

describe("keys", () => {
  const folder = "alpine/keys/rpm-software-management+distribution-gpg-keys/keys/alpine-linux";
  const all = [
    ...alpineKeys.map((key) => ({ key, file: fixture(`${folder}/${key.name}`) })),
    ...wolfiKeys.map((key) => ({ key, file: fixture(`alpine/keys/wolfi-dev+os/${key.name}`) })),
  ];
  for (const { key, file } of all) {
    test(`${key.name} is what it says, and what others publish`, needs(file), () => {
      const der = createPublicKey(key.armored).export({ type: "spki", format: "der" });
      assert.equal(hash("sha256", der), key.fingerprint);
      assert.ok(existsSync(file));
      assert.deepEqual(createPublicKey(readFileSync(file)).export({ type: "spki", format: "der" }), der);
    });
  }
});
