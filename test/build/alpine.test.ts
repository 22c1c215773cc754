// Images of real packages of Alpine beside the roots that Alpine's own apk makes of them.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions } from "../../src/build/contract.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { type AlpineRoot, listRoot, listTar, needsAlpineRoot, openAlpineRoot } from "../kit/alpine-root.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { needsSandbox } from "../sandbox/open.ts";

const sets: readonly string[] = [
  "bash curl",
  "busybox",
  "openrc",
  "tmux",
  "sudo nano",
  "wget",
  "e2fsprogs",
  "lynx",
  "pkgconf",
  "fontconfig",
  "doas",
  "dosfstools",
  "ifupdown-ng bridge",
  "eudev-libs lsblk",
  "libdrm libepoxy",
  "xorg-server-common",
  "ponos-keys",
  "openrc openrc-init openrc-user busybox-binsh",
  "bash curl openrc tmux sudo nano wget lynx e2fsprogs doas",
  "so:libz.so.1 cmd:bash",
  "/bin/sh",
  "libssl3~3.5",
  "busybox=1.37.0-r30 zstd-libs>1.5",
  "mkfontscale xxd gmp",
  "libxml2 pcre2 ssl_client",
];
const refused: readonly string[] = ["xkbcomp", "libcurl !c-ares", "bash<5"];

function recipeOf(words: readonly string[], url: string): Recipe {
  return {
    name: "test",
    distribution: { name: "alpine", release: "3.22" },
    variant: "empty",
    packages: words.map((word) => ({ request: word.replace(/^!/, ""), exclude: word.startsWith("!") })),
    recommends: false,
    repositories: [{ urls: [url], suites: [], components: [], keys: [], only: true, insecureUnsigned: true }],
    scripts: "skip",
    allowUnknownScripts: [],
    platforms: [parsePlatform("linux/amd64")],
    accounts: { users: [], groups: [] },
    files: [],
    remove: [],
    config: {},
    layers: { kind: "single" },
  };
}

describe("an image of Alpine's packages", needsAlpineRoot(), async () => {
  let alpine: AlpineRoot;
  before(() => {
    alpine = openAlpineRoot();
  });
  after(() => alpine.close());
  const optionsFor = (words: string, folder: string, changes: Partial<Recipe> = {}): BuildOptions => ({
    recipe: { ...recipeOf(words.split(" "), alpine.repository), ...changes },
    cacheDirectory: join(alpine.repository, "../cache"),
    hostRoot: "",
    outputs: [{ kind: "tar", destination: join(folder, "root.tar") }],
  });

  for (const words of sets) {
    test(`is the root that apk makes of ${words}`, async (t) => {
      const folder = await temporaryFolder(t);
      const real = alpine.add(words.split(" "));
      assert.ok("root" in real, JSON.stringify(real));
      await build(optionsFor(words, folder));
      // Database, scripts and triggers are among the files that must be the same.
      assert.deepEqual(listTar(readFileSync(join(folder, "root.tar"))), listRoot(real.root));
    });
  }

  const added: readonly (readonly [string, string])[] = [
    ["busybox", "curl bash"],
    ["bash curl", "openrc tmux"],
    ["busybox bash", "/bin/sh zstd-libs>1.5"],
    ["libdrm", "xorg-server-common"],
  ];
  for (const [first, later] of added) {
    for (const scripts of ["skip", "emulate"] as const) {
      test(`is the root that apk makes of ${later} on top of ${first}, scripts: ${scripts}`, async (t) => {
        const folder = await temporaryFolder(t);
        const real = alpine.add(first.split(" "), { later: later.split(" "), scripts: scripts === "emulate" });
        assert.ok("root" in real, JSON.stringify(real));
        const layout = join(folder, "base");
        const lower = optionsFor(first, folder, { scripts });
        await build({ ...lower, outputs: [{ kind: "oci-layout", destination: layout }] });
        await build(optionsFor(later, folder, { scripts, base: { image: layout, upgrade: false } }));
        const wanted = listRoot(real.root).filter((line) => !line.startsWith("lib/apk/exec/"));
        assert.deepEqual(listTar(readFileSync(join(folder, "root.tar"))), wanted);
      });
    }
  }

  for (const words of refused) {
    test(`is none where apk finds none: ${words}`, async (t) => {
      assert.ok("refusal" in alpine.add(words.split(" ")));
      const kinds = ["UNSATISFIABLE", "PACKAGE_MISSING"];
      await assert.rejects(build(optionsFor(words, await temporaryFolder(t))), (error) => {
        return error instanceof DodaiError && kinds.includes(error.code);
      });
    });
  }

  test("has what scripts would do, done natively", async (t) => {
    const folder = await temporaryFolder(t);
    const words = "bash curl openrc";
    const real = alpine.add(words.split(" "), { scripts: true });
    assert.ok("root" in real);
    const result = await build(optionsFor(words, folder, { scripts: "emulate" }));
    assert.deepEqual(
      result.platforms[0]?.scripts.filter(({ done }) => done === "skipped"),
      [],
    );
    // Where apk puts scripts while they run.
    const wanted = listRoot(real.root).filter((line) => !line.startsWith("lib/apk/exec/"));
    assert.deepEqual(listTar(readFileSync(join(folder, "root.tar"))), wanted);
  });

  test("has what scripts do when they run", await needsSandbox("sh"), async (t) => {
    const folder = await temporaryFolder(t);
    const words = "bash curl openrc";
    const real = alpine.add(words.split(" "), { scripts: true });
    assert.ok("root" in real);
    const result = await build(optionsFor(words, folder, { scripts: "run" }));
    assert.deepEqual(
      result.platforms[0]?.scripts.map(({ package: name, script, done }) => `${name}${script} ${done}`),
      ["busybox.post-install run", "bash.post-install run", "openrc.post-install run", "busybox.trigger run"],
    );
    const wanted = listRoot(real.root).filter((line) => !line.startsWith("lib/apk/exec/"));
    assert.deepEqual(listTar(readFileSync(join(folder, "root.tar"))), wanted);
  });

  test("runs, and apk knows its packages", async (t) => {
    const folder = await temporaryFolder(t);
    const root = join(alpine.repository, "../ran");
    mkdirSync(root);
    const options = optionsFor("bash curl", folder, { scripts: "emulate" });
    await build({ ...options, outputs: [{ kind: "dir", destination: join(root, "root") }] });
    assert.match(alpine.run(join(root, "root"), ["/bin/bash", "-c", "curl --version && ls /"]), /^curl 8.*etc/s);
    const apk = (...all: readonly string[]): string =>
      alpine.run(join(root, ".."), ["apk", "--root", "/ran/root", ...all]);
    assert.match(apk("info"), /^bash$/m);
    assert.equal(apk("audit", "--system"), "");
    assert.match(
      apk("add", "--allow-untrusted", "--no-network", "--repository", "/repository", "--no-scripts", "nano"),
      /Installing nano/,
    );
  });
});
