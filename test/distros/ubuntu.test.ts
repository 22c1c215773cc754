import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import type { MirrorSettings, Supply } from "../../src/distros/contract.ts";
import { debian } from "../../src/distros/debian/debian.ts";
import { ubuntuImageKeys, ubuntuKeys } from "../../src/distros/ubuntu/keys.ts";
import { ubuntu } from "../../src/distros/ubuntu/ubuntu.ts";
import { solve } from "../../src/solver/solve.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { problemOfRecords, recordsOfStanzas } from "../solver/universe-text.ts";

const nowhere: MirrorSettings = { archive: undefined, security: undefined, snapshot: undefined };

interface Wanted {
  readonly release?: string;
  readonly platform?: string;
  readonly mirrors?: Partial<MirrorSettings>;
  readonly recipe?: Partial<Recipe>;
}

function supplyOf({ release = "noble", platform = "amd64", mirrors = {}, recipe = {} }: Wanted): Supply {
  const base = ubuntu.recipes.get("ubuntu:noble")?.recipe;
  assert.ok(base);
  const asked = { ...base, distribution: { name: "ubuntu", release }, ...recipe };
  return ubuntu.supply(asked, parsePlatform(platform), { ...nowhere, ...mirrors });
}

const rootsOf = (wanted: Wanted): readonly string[] =>
  supplyOf(wanted).repositories.map(({ name, urls }) => `${name} ${urls.join(" ")}`);

describe("Ubuntu", () => {
  it("knows a release by name and number", () => {
    for (const [number, name] of [
      ["22.04", "jammy"],
      ["24.04", "noble"],
      ["26.04", "resolute"],
    ] as const) {
      assert.equal(supplyOf({ release: number }).release, name);
    }
    assert.throws(() => supplyOf({ release: "trixie" }), { code: "DISTRIBUTION_UNKNOWN", message: /Ubuntu has no/ });
  });

  it("takes the pockets of the archive for PCs, with main and universe", () => {
    assert.deepEqual(rootsOf({}), [
      "ubuntu/noble http://archive.ubuntu.com/ubuntu",
      "ubuntu/noble-updates http://archive.ubuntu.com/ubuntu",
      "ubuntu/noble-security http://security.ubuntu.com/ubuntu",
    ]);
    const [first] = supplyOf({ platform: "i386" }).repositories;
    assert.deepEqual([first?.urls, first?.components], [["http://archive.ubuntu.com/ubuntu"], ["main", "universe"]]);
  });

  it("takes all pockets of ports for other machines", () => {
    for (const platform of ["arm64", "armhf", "ppc64el", "riscv64", "s390x"]) {
      assert.deepEqual(
        new Set(supplyOf({ platform }).repositories.flatMap(({ urls }) => urls)),
        new Set(["http://ports.ubuntu.com/ubuntu-ports"]),
      );
    }
    assert.equal(
      rootsOf({ release: "resolute", platform: "arm64" })[0],
      "ubuntu/resolute http://archive.ubuntu.com/ubuntu",
    );
    assert.throws(() => supplyOf({ platform: "armel" }), { code: "PLATFORM_UNSUPPORTED" });
  });

  it("takes mirrors that are named instead", () => {
    const mirrors = { archive: ["file:///u"], ports: ["file:///p"] };
    assert.deepEqual(rootsOf({ mirrors }).at(-1), "ubuntu/noble-security file:///u");
    assert.deepEqual(
      rootsOf({ mirrors: { ...mirrors, security: ["file:///s"] } }).at(-1),
      "ubuntu/noble-security file:///s",
    );
    assert.deepEqual(rootsOf({ mirrors, platform: "arm64" }).at(-1), "ubuntu/noble-security file:///p");
  });

  it("takes a snapshot of all pockets from the service that is named", () => {
    const recipe = { snapshot: "20261101T000000Z" };
    assert.throws(() => supplyOf({ recipe }), { code: "SNAPSHOT_UNAVAILABLE", fix: /DODAI_SNAPSHOT_UBUNTU/ });
    const roots = rootsOf({ recipe, mirrors: { snapshot: "https://s.example" } });
    assert.equal(roots.at(-1), "ubuntu/noble-security https://s.example/ubuntu/20261101T000000Z");
  });

  it("has Debian's variants but distroless, and minimized", () => {
    assert.deepEqual(
      ubuntu.variants.toSorted(),
      [...debian.variants.filter((name) => name !== "distroless"), "minimized"].sort(),
    );
  });

  it("has images by name and number, which are minimized and run scripts", () => {
    const names = ["resolute", "26.04", "noble", "24.04", "jammy", "22.04"].map((name) => `ubuntu:${name}`);
    assert.deepEqual([...ubuntu.recipes.keys()], names);
    for (const { recipe } of ubuntu.recipes.values()) {
      assert.deepEqual([recipe.variant, recipe.scripts], ["minimized", "run"]);
    }
  });

  it("tells apt of its archive as its own images do", (t) => {
    const told = [
      { release: "resolute", platform: "arm64" },
      { release: "noble", platform: "arm64" },
      { release: "jammy" },
      { release: "jammy", platform: "riscv64" },
    ].map((wanted) => {
      const files = supplyOf(wanted).files.filter(({ path }) => path.startsWith("etc/apt/sources"));
      return files.map((file) => (file.kind === "file" ? `==> ${file.path}\n${file.content}` : file.path)).join("\n");
    });
    t.assert.fileSnapshot(told.join("\n"), "test/golden/distros/ubuntu-sources.txt", { serializers: [String] });
  });

  it("has the settings of container images, and tells systemd of the container", (t) => {
    const paths = (variant: string): readonly string[] =>
      supplyOf({ recipe: { variant } }).files.map(({ path }) => path);
    const docker = debian.supply(
      { ...(debian.recipes.get("debian:trixie")?.recipe as Recipe) },
      parsePlatform("amd64"),
      nowhere,
    );
    for (const variant of ["full", "slim", "minimized"]) {
      for (const { path } of docker.files.filter((file) => !file.path.includes("sources"))) {
        assert.ok(paths(variant).includes(path), `${variant} ${path}`);
      }
      assert.ok(paths(variant).includes("run/systemd/container"));
    }
    assert.ok(!paths("minbase").includes("run/systemd/container"));
    const excludes = supplyOf({}).files.find(({ path }) => path === "etc/dpkg/dpkg.cfg.d/excludes");
    t.assert.fileSnapshot(excludes?.kind === "file" ? excludes.content : "", "test/golden/distros/ubuntu-excludes", {
      serializers: [String],
    });
  });
});

describe("minbase of jammy", () => {
  const scenario = fixture("solver/apt-edsp/Debian+apt/test/integration/edsp-ubuntu-bug-1974196");
  // The 101 names of the golden are those of Canonical's image of August 2022.
  it("is the packages of the official image", needs(scenario), (t) => {
    const { essential, priorities, requests } = supplyOf({ release: "jammy", platform: "arm64" });
    assert.deepEqual(priorities, ["required"]);
    // apt writes "important" in a scenario where it means "required" (edsp.cc, PrioMap).
    const options = { essential, priorities: ["important"], recommends: false };
    const records = recordsOfStanzas(readFileSync(scenario, "utf8"), "arm64");
    const install = requests.map(({ request }) => request).join(", ");
    const result = solve(problemOfRecords({ install, records, architecture: "arm64", options }));
    assert.equal(result.kind, "solution");
    const names = result.kind === "solution" ? result.packages.map(({ record }) => record.name) : [];
    t.assert.fileSnapshot(`${names.toSorted().join("\n")}\n`, "test/golden/distros/jammy-minbase", {
      serializers: [String],
    });
  });
});

describe("Ubuntu's keys", () => {
  for (const { fingerprint, owner, armored, source } of [...ubuntuKeys, ...ubuntuImageKeys]) {
    it(`have ${fingerprint} of ${owner}`, () => {
      const parsed = parseKeyring(armored, fingerprint);
      assert.deepEqual(
        parsed.map((key) => [key.fingerprint, key.userIds[0]?.text]),
        [[fingerprint, owner]],
      );
      assert.match(source, /^ubuntu-(?:archive|cloud)-keyring [0-9.-]+, ubuntu-[a-z]+-keyring\.gpg$/);
    });
  }

  it("sign the archive or images, never both", () => {
    assert.deepEqual(
      supplyOf({}).repositories.map(({ keys }) => keys.map(({ owner }) => owner.replace(/ <.*/, ""))),
      Array.from({ length: 3 }, () => ["Ubuntu Archive Automatic Signing Key (2018)"]),
    );
    for (const { fingerprint } of [...ubuntuKeys, ...ubuntuImageKeys]) {
      assert.ok(ubuntu.keys.some((key) => key.fingerprint === fingerprint));
    }
  });
});
