// apko's recipes built end to end: from apko's own test packages against what its golden layout holds, and from packages of
// Alpine into a root whose programs run.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { differencesOf } from "../../src/build/platform-differences.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { loadApkoLazily } from "../../src/frontends/apko/lazy.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { entriesOf, pictureOfTar, type ReadImage, readLayout, textIn } from "./picture.ts";

const testdata = fixture("alpine/apko-testdata/chainguard-dev+apko/internal/cli/testdata");
const edge = fixture("alpine/edge-repo-104/ponOS-team+repository/bootstrap/x86_64");

const world = {
  readFile: (path: string): Promise<string> => readFile(path, "utf8"),
  hasFile: async (path: string): Promise<boolean> => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
};

interface Built {
  readonly image: ReadImage;
  readonly layout: string;
  readonly warnings: readonly string[];
}

/** Builds a recipe for amd64; `recipe` is a file, or the text of one. */
async function built(
  t: TestContext,
  { recipe, cwd, options = {} }: { recipe: string; cwd: string; options?: Partial<BuildOptions> },
): Promise<Built> {
  const folder = await temporaryFolder(t);
  const path = recipe.includes("\n") ? join(folder, "apko.yaml") : recipe;
  if (path !== recipe) writeFileSync(path, recipe);
  const layout = join(folder, "layout");
  const events: BuildEvent[] = [];
  await build({
    recipe: await loadApkoLazily({ path, cwd, hostPlatform: parsePlatform("amd64"), world }),
    platforms: [parsePlatform("amd64")],
    cacheDirectory: join(folder, "cache"),
    hostRoot: "",
    now: new Date("2026-11-01T00:00:00Z"),
    outputs: [{ kind: "oci-layout", destination: layout }],
    onEvent: (event) => events.push(event),
    ...options,
  });
  const warnings = events.flatMap((event) => (event.kind === "warning" ? [event.text] : []));
  return { image: readLayout(layout), layout, warnings };
}

const asRoot = process.getuid?.() === 0 ? {} : { skip: "only root can chroot and give files away" };

const pathsOf = ({ plain }: ReadImage["layers"][number]): readonly string[] =>
  entriesOf(plain).map(({ path, kind }) => (kind === "directory" ? `${path}/` : path));

describe("apko's own test packages", needs(testdata), () => {
  const cwd = join(testdata, "..");

  test("make an image that holds what apko's golden layout holds", async (t) => {
    const recipe = `
contents:
  keyring: [./testdata/melange.rsa.pub]
  repositories: [./testdata/packages]
  packages: [pretend-baselayout=1.0.0-r0, replayout=1.0.0-r0]
entrypoint: {command: /bin/sh -l}
archs: [x86_64]
annotations: {org.opencontainers.image.title: Title, org.opencontainers.image.vendor: Vendor}
`;
    const { image } = await built(t, { recipe, cwd });
    const [layer] = image.layers;
    assert.ok(layer);
    const lines = pictureOfTar(layer.plain)
      .filter((line) => !line.endsWith(" ."))
      .sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
    const wanted = goldenLayout.trim().split("\n");
    // apko forgets the owners of packages' files, which are all root's then; and the database is apk's, not apko's.
    const own = { "etc/os-release": "file 0644 501:20 0 etc/os-release 102" };
    const expected = wanted.map((line) => own[pathOf(line) as keyof typeof own] ?? line);
    const isDatabase = (line: string): boolean => pathOf(line) === "usr/lib/apk/db/installed";
    assert.deepEqual(
      lines.filter((line) => !isDatabase(line)),
      expected.filter((line) => !isDatabase(line)),
    );
    assert.equal(textIn(image, "etc/apk/world"), "pretend-baselayout=1.0.0-r0\nreplayout=1.0.0-r0\n");
    assert.equal(textIn(image, "etc/apk/repositories"), "./testdata/packages\n");
    assert.deepEqual(image.config.Entrypoint, ["/bin/sh", "-l"]);
    assert.deepEqual(image.config.Env, [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin",
      "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
    ]);
  });

  test("are layered as apko layers them", async (t) => {
    const { image } = await built(t, { recipe: join(testdata, "layering.yaml"), cwd });
    assert.equal(image.layers.length, 2);
    const [packages = [], top = []] = image.layers.map(pathsOf);
    assert.ok(packages.includes("etc/os-release") && !packages.includes("etc/passwd"));
    assert.ok(top.includes("etc/passwd") && !top.includes("etc/os-release"));
    assert.ok(packages.includes("usr/lib/apk/db/installed"), "a part of apk's database is in each layer");
    assert.match(textIn(image, "etc/apk/repositories"), /^\.\/testdata\/packages\n[a-z.]+\/runtime-only-repo\n$/);
  });

  test("are one layer with an empty layering", async (t) => {
    const { image } = await built(t, { recipe: join(testdata, "empty-layering.yaml"), cwd });
    assert.equal(image.layers.length, 1);
  });

  test("are taken from apko's lock, without an index", async (t) => {
    const folder = await temporaryFolder(t);
    for (const name of ["apko.yaml", "apko.lock.json"]) copyFileSync(join(testdata, name), join(folder, name));
    mkdirSync(join(folder, "testdata/packages/x86_64"), { recursive: true });
    copyFileSync(join(testdata, "melange.rsa.pub"), join(folder, "testdata/melange.rsa.pub"));
    for (const name of readdirSync(join(testdata, "packages/x86_64"))) {
      const copy = join(folder, "testdata/packages/x86_64", name);
      // An index that cannot be read: nobody may look at it.
      if (name.startsWith("APKINDEX")) writeFileSync(copy, "no index");
      else copyFileSync(join(testdata, "packages/x86_64", name), copy);
    }
    const { image } = await built(t, { recipe: join(folder, "apko.yaml"), cwd: folder });
    assert.match(textIn(image, "usr/lib/apk/db/installed"), /^P:replayout$/m);
  });

  test("of a lock are refused when they are others", async (t) => {
    const folder = await temporaryFolder(t);
    copyFileSync(join(testdata, "apko.yaml"), join(folder, "apko.yaml"));
    const lock = await readFile(join(testdata, "apko.lock.json"), "utf8");
    writeFileSync(join(folder, "apko.lock.json"), lock.replaceAll("Q11/Hh", "Q11/HH"));
    const why = await built(t, { recipe: join(folder, "apko.yaml"), cwd }).catch((error: unknown) => error);
    assert.ok(why instanceof DodaiError);
    assert.equal(why.code, "DIGEST_MISMATCH");
  });

  test("of another signer are refused", async (t) => {
    const recipe = "contents:\n  repositories: [./testdata/packages]\n  packages: [replayout]\n";
    const why = await built(t, { recipe, cwd }).catch((error: unknown) => error);
    assert.ok(why instanceof DodaiError);
    assert.equal(why.code, "SIGNATURE_INVALID");
  });
});

const pathOf = (line: string): string => line.split(" ")[4] ?? "";

/** The layer of apko's golden layout for amd64 (apko d1b5d5ec, internal/cli/testdata/golden), sorted by path. */
const goldenLayout = `
directory 0755 0:0 0 dev
character-device 0620 0:0 0 dev/console
character-device 0666 0:0 0 dev/null
character-device 0666 0:0 0 dev/random
character-device 0666 0:0 0 dev/urandom
character-device 0666 0:0 0 dev/zero
directory 0755 0:0 0 etc
directory 0755 0:0 0 etc/apk
file 0644 0:0 0 etc/apk/arch 7
directory 0755 0:0 0 etc/apk/keys
file 0644 0:0 0 etc/apk/keys/melange.rsa.pub 800
file 0644 0:0 0 etc/apk/repositories 20
file 0644 0:0 0 etc/apk/world 47
file 0444 0:0 0 etc/apko.json 329
file 0644 0:0 0 etc/os-release 102
file 0644 0:0 0 etc/passwd 0
directory 0755 0:0 0 lib
symlink 0777 0:0 0 lib/apk -> ../usr/lib/apk
directory 0755 0:0 0 opt
directory 0555 0:0 0 proc
directory 1777 0:0 0 tmp
directory 0755 0:0 0 usr
directory 0755 0:0 0 usr/lib
directory 0755 0:0 0 usr/lib/apk
directory 0755 0:0 0 usr/lib/apk/db
file 0644 0:0 0 usr/lib/apk/db/installed 756
file 0600 0:0 0 usr/lib/apk/db/lock 0
file 0644 0:0 0 usr/lib/apk/db/scripts.tar 1024
file 0644 0:0 0 usr/lib/apk/db/triggers 0
directory 0755 0:0 0 usr/lib/apk/exec
directory 0755 0:0 0 var
directory 0755 0:0 0 var/cache
directory 0755 0:0 0 var/cache/apk
directory 0755 0:0 0 var/cache/misc
directory 0755 0:0 0 var/lib
directory 0755 0:0 0 var/lib/db
directory 0755 0:0 0 var/lib/db/sbom
file 0644 0:0 0 var/lib/db/sbom/pretend-baselayout-1.0.0-r0.spdx.json 2769
file 0644 0:0 0 var/lib/db/sbom/replayout-1.0.0-r0.spdx.json 2679
`;

describe("packages of Alpine", needs(edge), () => {
  test("make a root of accounts, paths and layers in which programs run", asRoot, async (t) => {
    const cwd = await edgeRepository(t);
    const recipe = `
contents:
  repositories: [./repo]
  packages: [busybox, ca-certificates-bundle, curl, bash, openrc, "!sudo"]
  arch_packages:
    x86_64: [nano]
    aarch64: [not-there]
cmd: /bin/sh -l
accounts:
  run-as: app
  users: [{username: app, uid: 10000}]
  groups: [{groupname: app, gid: 10000}]
paths:
  - {path: /run/app, type: directory, uid: 10000, gid: 10000, permissions: 0o750}
  - {path: /etc/second, type: hardlink, source: /etc/nanorc, permissions: 0o600}
  - {path: /etc/init.d, type: permissions, permissions: 0o2775, recursive: true}
  - {path: /etc/app.conf, type: file, content: "a=1", permissions: 0o640, gid: 10000}
remove: [/usr/share/nano/**]
layering: {strategy: origin, budget: 5}
`;
    const { image, warnings } = await built(t, { recipe, cwd, options: { insecureUnsigned: true } });
    assert.equal(image.layers.length, 6);
    assert.equal(image.config.User, "10000");
    assert.deepEqual(
      image.layers.map(({ createdBy }) => createdBy),
      goldenLayers,
    );
    const root = await temporaryFolder(t);
    for (const { plain } of image.layers)
      run("tar", ["-x", "--exclude=./dev/*", "--exclude=dev/*", "-C", root], { input: plain });
    const look = (path: string): string => run("stat", ["-c", "%a %u:%g", join(root, path)]).trim();
    assert.equal(look("run/app"), "750 10000:10000");
    assert.equal(look("home/app"), "700 10000:10000");
    assert.equal(look("etc/second"), "600 0:0");
    assert.equal(look("etc/nanorc"), "600 0:0");
    assert.equal(look("etc/init.d/user"), "2775 0:0");
    assert.equal(look("etc/app.conf"), "640 0:10000");
    assert.deepEqual(readdirSync(join(root, "usr/share")).includes("nano"), false);
    const said = run("chroot", [
      root,
      "/bin/sh",
      "-c",
      "id -u app; ls -d /usr/bin/wget; bash -c 'echo run'; curl -V | head -c 4",
    ]);
    assert.equal(said, "10000\n/usr/bin/wget\nrun\ncurl");
    assert.ok(warnings.some((text) => text.includes("without a good signature")));
  });

  test("that are not signed are refused", async (t) => {
    const cwd = await edgeRepository(t);
    const recipe = "contents:\n  repositories: [./repo]\n  packages: [busybox]\n";
    const why = await built(t, { recipe, cwd }).catch((error: unknown) => error);
    assert.ok(why instanceof DodaiError);
    assert.match(why.code, /^SIGNATURE_/);
  });
});

/** The four biggest origins, all others, and what no package has. */
const goldenLayers: readonly string[] = [
  "dodai: openssl (libcrypto3, libssl3) of apko:v1",
  "dodai: libunistring of apko:v1",
  "dodai: openrc (openrc, openrc-user) of apko:v1",
  "dodai: bash of apko:v1",
  "dodai: 22 smaller packages of apko:v1",
  "dodai: package database and configuration",
];

/** A folder with `repo`, the packages and the index that was made of them. */
async function edgeRepository(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  const repository = join(folder, "repo/x86_64");
  mkdirSync(repository, { recursive: true });
  for (const name of readdirSync(edge)) {
    if (name.endsWith(".apk")) symlinkSync(join(edge, name), join(repository, name));
  }
  copyFileSync(join(edge, "APKINDEX.regenerated.tar.gz"), join(repository, "APKINDEX.tar.gz"));
  return folder;
}

test("platforms that get other versions are told of, those that get rebuilds or less are not", () => {
  const one = (name: string, sourceVersion: string) => ({ name, sourceVersion });
  const platform = (name: string, packages: readonly ReturnType<typeof one>[]) => ({ platform: name, packages });
  const platforms = [
    platform("linux/amd64", [one("curl", "8.1"), one("musl", "1.2"), one("only-here", "1")]),
    platform("linux/arm64", [one("curl", "8.0"), one("musl", "1.2")]),
    platform("linux/s390x", [one("curl", "8.0"), one("musl", "1.2")]),
  ];
  assert.deepEqual(differencesOf(platforms), ["curl 8.1 on linux/amd64, 8.0 on linux/arm64 and linux/s390x"]);
});
