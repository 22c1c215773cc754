import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { almalinux } from "../../src/distros/almalinux/almalinux.ts";
import { amazonlinux } from "../../src/distros/amazonlinux/amazonlinux.ts";
import { centos } from "../../src/distros/centos/centos.ts";
import type { Distribution, MirrorSettings } from "../../src/distros/contract.ts";
import { fedora } from "../../src/distros/fedora/fedora.ts";
import { opensuse } from "../../src/distros/opensuse/opensuse.ts";
import { rockylinux } from "../../src/distros/rockylinux/rockylinux.ts";
import { baseRecipe } from "../../src/distros/rpm-family.ts";

// biome-ignore lint/suspicious/noTemplateCurlyInString: dnf has both spellings
const braced = "b/${basearch}";
const official: MirrorSettings = { archive: undefined, security: undefined, snapshot: undefined };
const amd64 = parsePlatform("linux/amd64");
const arm64 = parsePlatform("linux/arm64");

const recipe = (release: string, variant = "empty", changes: Partial<Recipe> = {}): Recipe => ({
  ...baseRecipe("x", { name: "centos", release }, variant),
  ...changes,
});

const placesOf = (
  distribution: Distribution,
  wanted: Recipe,
  platform = amd64,
  mirrors = official,
): readonly string[] =>
  distribution
    .supply(wanted, platform, mirrors)
    .repositories.map(({ name, urls, suite }) => `${name} ${urls.join(" ")} ${suite}`);

describe("distributions of rpm packages", () => {
  for (const distribution of [centos, fedora, rockylinux, almalinux, opensuse, amazonlinux]) {
    it(`${distribution.name} has a key of its own for every release, and a recipe that it can supply`, () => {
      for (const { name, platforms } of distribution.releases) {
        const { repositories } = distribution.supply(recipe(name), platforms[0] ?? amd64, official);
        for (const { keys } of repositories) {
          assert.ok(keys.length > 0, name);
          for (const { armored, fingerprint } of keys) assert.equal(parseKeyring(armored)[0]?.fingerprint, fingerprint);
        }
      }
      for (const { recipe: builtIn } of distribution.recipes.values()) {
        assert.ok(distribution.supply(builtIn, amd64, official).requests.length > 0);
      }
    });
  }
  it("CentOS Stream has two repositories, with the architecture in their paths", () => {
    assert.deepEqual(placesOf(centos, recipe("9"), arm64), [
      "centos/baseos https://mirror.stream.centos.org 9-stream/BaseOS/aarch64/os",
      "centos/appstream https://mirror.stream.centos.org 9-stream/AppStream/aarch64/os",
    ]);
  });
  const wishes: readonly (readonly [
    name: string,
    variant: string,
    changes: Partial<Recipe>,
    wanted: unknown,
    macros: readonly string[],
  ])[] = [
    ["all of packages without a variant", "empty", {}, undefined, []],
    [
      "what the recipe says",
      "empty",
      { documentation: false, languages: ["de"] },
      { documentation: false, languages: ["de"] },
      [],
    ],
    [
      "what images of a variant have",
      "minimal",
      {},
      { documentation: false, languages: ["en", "C.utf8"] },
      ["%_install_langs en:C.utf8\n", "%_excludedocs 1\n", ""],
    ],
    [
      "what the recipe says of a variant",
      "minimal",
      { documentation: true, languages: [] },
      { documentation: true },
      [""],
    ],
  ];
  for (const [name, variant, changes, wanted, macros] of wishes) {
    it(`unpack ${name}, and remember it`, () => {
      const supply = centos.supply(recipe("9", variant, changes), amd64, official);
      assert.deepEqual(supply.wishes, wanted);
      assert.deepEqual(
        supply.files.flatMap((file) => (file.kind === "file" && !file.path.includes("/vars/") ? [file.content] : [])),
        macros,
      );
    });
  }
  it("CentOS 7 is in the vault", () => {
    assert.equal(placesOf(centos, recipe("7"))[0], "centos/base http://vault.centos.org 7.9.2009/os/x86_64");
    assert.throws(() => placesOf(centos, recipe("7"), arm64), { code: "PLATFORM_UNSUPPORTED" });
  });
  it("CentOS 7 is labeled as it was published, with its day, and what starts from nothing only as it says", () => {
    const labels = centos.supply(recipe("7", "full"), amd64, official).config.labels;
    const dayOf = (variant: string, own = {}): boolean =>
      centos.supply(recipe("7", variant, { config: { labels: own } }), amd64, official).dayLabel ?? false;
    assert.equal(labels?.["org.label-schema.name"], "CentOS Base Image");
    assert.deepEqual([dayOf("full"), dayOf("empty"), dayOf("empty", labels)], [true, false, true]);
    assert.equal(centos.supply(recipe("9", "full"), amd64, official).config.labels, undefined);
  });
  it("Amazon Linux is where a list says, and below a mirror at a path of its own", () => {
    const list = "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/aarch64/mirror.list";
    assert.deepEqual(placesOf(amazonlinux, recipe("2023"), arm64), [`amazonlinux/core mirrorlist+${list} `]);
    const mirrors = { ...official, archive: ["https://mirror.example"] };
    assert.deepEqual(placesOf(amazonlinux, recipe("2"), amd64, mirrors), [
      "amazonlinux/core https://mirror.example 2/core/x86_64",
    ]);
  });
  it("openSUSE Leap has the updates of SUSE's packages too", () => {
    assert.deepEqual(
      placesOf(opensuse, recipe("15.6")).map((one) => one.split(" ").at(-1)),
      ["distribution/leap/15.6/repo/oss", "update/leap/15.6/oss", "update/leap/15.6/backports", "update/leap/15.6/sle"],
    );
  });
  it("images have what their makers put beside packages, where a package manager uses it", () => {
    const pathsOf = (distribution: Distribution, release: string, variant: string): readonly string[] =>
      distribution.supply(recipe(release, variant), amd64, official).files.map(({ path }) => path);
    assert.ok(pathsOf(rockylinux, "9", "minimal").includes("etc/dnf/vars/infra"));
    assert.ok(!pathsOf(rockylinux, "9", "micro").includes("etc/dnf/vars/infra"));
    assert.ok(pathsOf(almalinux, "9", "full").includes("etc/systemd/system/getty.target"));
    assert.deepEqual(pathsOf(fedora, "43", "empty"), []);
    assert.equal(fedora.supply(recipe("43", "full"), amd64, official).config.env?.DISTTAG, "f43container");
  });
  it("a mirror takes the place of the root alone", () => {
    const mirrors = { ...official, archive: ["https://mirror.example/centos"] };
    assert.match(
      placesOf(centos, recipe("10"), amd64, mirrors)[0] ?? "",
      /^centos\/baseos https:\/\/mirror.example\/centos 10-/,
    );
  });
  it("a mirror takes the place of the root in an address that a recipe spells out", () => {
    const mirrors = { ...official, archive: ["https://mirror.example/centos/"] };
    const urls = ["https://vault.centos.org/7.9.2009/os/$basearch", "https://other.example/7.9.2009/os"];
    const common = { suites: [], components: [], flat: "./", keys: [], only: true, insecureUnsigned: false };
    const wanted = recipe("7", "empty", { repositories: urls.map((url) => ({ ...common, urls: [url] })) });
    assert.deepEqual(placesOf(centos, wanted, amd64, mirrors), [
      "recipe-1 https://mirror.example/centos/7.9.2009/os/x86_64 ",
      "recipe-2 https://other.example/7.9.2009/os ",
    ]);
  });
  it("a recipe's repositories have variables replaced, and the distribution's key where they name none", () => {
    const repository = {
      urls: ["https://x.example/$releasever"],
      components: [],
      keys: [],
      only: true,
      insecureUnsigned: false,
    };
    const wanted = recipe("stream9", "empty", {
      repositories: [
        { ...repository, suites: ["a/$basearch", braced] },
        { ...repository, suites: [], flat: "./" },
      ],
    });
    assert.deepEqual(placesOf(centos, wanted), [
      "recipe-1/a/$basearch https://x.example/9 a/x86_64",
      `recipe-1/${braced} https://x.example/9 b/x86_64`,
      "recipe-2 https://x.example/9 ",
    ]);
    const { repositories } = centos.supply(wanted, amd64, official);
    assert.match(repositories[0]?.keys[0]?.owner ?? "", /CentOS Official Signing Key/);
  });
  it("a module that is asked for is enabled", () => {
    const wanted = recipe("9", "empty", { packages: [{ request: "@nodejs:20/minimal", exclude: false }] });
    assert.deepEqual(centos.supply(wanted, amd64, official).repositories[0]?.modules, ["nodejs:20"]);
  });
  const refused: readonly (readonly [name: string, wanted: Recipe, code: string])[] = [
    ["a release that is not there", recipe("8"), "DISTRIBUTION_UNKNOWN"],
    ["a variant that is not there", recipe("9", "slim"), "DISTRIBUTION_UNKNOWN"],
    ["a snapshot, which nobody keeps", recipe("9", "empty", { snapshot: "20261101T000000Z" }), "SNAPSHOT_UNAVAILABLE"],
  ];
  for (const [name, wanted, code] of refused) {
    it(`refuses ${name}`, () => assert.throws(() => centos.supply(wanted, amd64, official), { code }));
  }
});
