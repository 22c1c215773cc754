// CentOS from a small repository, end to end: solved, fetched, verified, unpacked, with rpm's database, which rpm reads.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chmod, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { digestsOf, recipeOf } from "../kit/build.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, writeRepository } from "../kit/repository.ts";
import type { RpmSpec } from "../kit/rpm.ts";
import { makeRpmRepository, type RpmRepositorySpec } from "../kit/rpm-repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const signer = createSigner("packager");
after(() => signer.close());

const packages: readonly RpmSpec[] = [
  {
    name: "filesystem",
    tree: [
      { path: "etc", kind: "directory" },
      { path: "usr", kind: "directory" },
      { path: "usr/bin", kind: "directory" },
      { path: "usr/lib64", kind: "directory" },
      { path: "usr/share/doc", kind: "directory" },
      { path: "var", kind: "directory" },
      { path: "bin", kind: "symlink", target: "usr/bin" },
      { path: "lib64", kind: "symlink", target: "usr/lib64" },
    ],
  },
  {
    name: "app",
    version: "2.0",
    requires: ["filesystem", "/usr/bin/sh", "libdata >= 1.5", "(extra if shell)"],
    recommends: ["nice"],
    tree: [
      { path: "usr/bin/app", content: "#!/bin/sh\n", mode: 0o755, caps: "cap_net_bind_service=ep" },
      { path: "etc/app.conf", content: "x=1\n", flags: 1 },
      { path: "usr/share/doc/app", kind: "directory", flags: 2 },
      { path: "usr/share/doc/app/README", content: "read me\n", flags: 2 },
      { path: "var/log/app.log", content: "", flags: 64 },
    ],
    compression: "zstd",
  },
  {
    name: "shell",
    epoch: 1,
    requires: ["filesystem"],
    provides: ["/bin/sh"],
    tree: [
      { path: "usr/bin/sh", content: "shell", mode: 0o755, inode: 5 },
      { path: "usr/bin/bash", content: "shell", mode: 0o755, inode: 5 },
    ],
  },
  { name: "libdata", version: "1.4", tree: [{ path: "usr/lib64/libdata.so", content: "old" }] },
  { name: "libdata", version: "1.10", arch: "noarch", tree: [{ path: "usr/share/libdata", content: "new" }] },
  { name: "extra", tree: [{ path: "usr/share/libdata-extra", content: "e" }] },
  { name: "nice", tree: [{ path: "usr/share/nice", content: "n" }] },
];

interface Place {
  readonly folder: string;
  options(changes?: Partial<Recipe>, more?: Partial<BuildOptions>): BuildOptions;
  root(): string;
}

async function openPlace(t: TestContext, changes: Partial<RpmRepositorySpec> = {}): Promise<Place> {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const archive = join(folder, "archive");
  const signed = packages.map((one) => ({ signer, ...one }));
  await writeRepository(archive, makeRpmRepository({ packages: signed, ...changes }));
  await mkdir(join(folder, "out"));
  const recipe: Recipe = {
    ...recipeOf([archive], { suites: {}, signer }),
    distribution: { name: "centos", release: "stream9" },
    packages: [{ request: "app", exclude: false }],
  };
  return {
    folder,
    root: () => join(folder, "out/root"),
    options: (more = {}, options = {}) => ({
      hostRoot: "",
      now: new Date("2100-01-01"),
      recipe: { ...recipe, ...more },
      cacheDirectory: join(folder, "cache"),
      outputs: [{ kind: "dir", destination: join(folder, "out/root") }],
      ...options,
    }),
  };
}

const rpm = (root: string, ...words: readonly string[]): string =>
  run("rpm", ["--root", root, "--dbpath", "/var/lib/rpm", ...words]);

/** A folder that Node writes holds no capabilities. */
const verify: readonly string[] = ["-Va", "--nodeps", "--noscripts", "--nocaps"];

describe("an image of rpm packages", needs("rpm"), () => {
  it("has what dnf would choose, and a database that rpm agrees with", async (t) => {
    const place = await openPlace(t);
    const result = await build(place.options());
    const names = result.platforms[0]?.packages.map(
      ({ name, version, architecture }) => `${name}-${version}.${architecture}`,
    );
    const wanted = [
      "app-2.0-1.x86_64",
      "extra-1.0-1.x86_64",
      "filesystem-1.0-1.x86_64",
      "libdata-1.10-1.noarch",
      "shell-1:1.0-1.x86_64",
    ];
    assert.deepEqual(names, wanted);
    const root = place.root();
    const told = rpm(root, "-qa", "--qf", "%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\n")
      .trim()
      .split("\n");
    assert.deepEqual(told.sort(), wanted);
    assert.equal(rpm(root, "-qf", "/usr/bin/sh", "/etc/app.conf").trim(), "shell-1.0-1.x86_64\napp-2.0-1.x86_64");
    assert.equal(rpm(root, ...verify), "");
    assert.equal((await stat(join(root, "var/lib/rpm/rpmdb.sqlite"))).mode & 0o777, 0o644);
  });

  it("gives files to the owners that the image's accounts have", async (t) => {
    const setup: RpmSpec = {
      name: "setup",
      signer,
      tree: [
        { path: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\nserver:x:812:813::/:/bin/sh\n" },
        { path: "etc/group", content: "root:x:0:\nserver:x:813:\nmail:x:12:\n" },
        { path: "var/spool/mail", kind: "directory", group: "mail", mode: 0o775 },
        { path: "srv/data", content: "d", user: "server", group: "server", mode: 0o640 },
        { path: "srv/unknown", content: "u", user: "nobody-knows", group: "server" },
      ],
    };
    const place = await openPlace(t, { packages: [...packages, setup].map((one) => ({ signer, ...one })) });
    await build(place.options({ packages: ["app", "setup"].map((request) => ({ request, exclude: false })) }));
    assert.equal(rpm(place.root(), ...verify), "");
    const listed = run("tar", ["-c", "-C", place.root(), "--numeric-owner", "-vvf", "/dev/null", "srv", "var/spool"]);
    assert.match(listed, /-rw-r----- 812\/813 .* srv\/data/);
    assert.match(listed, /-rw-r--r-- 0\/813 .* srv\/unknown/);
    assert.match(listed, /drwxrwxr-x 0\/12 .* var\/spool\/mail/);
  });

  it("has the same digest twice, in other years and from a cold cache", async (t) => {
    const first = await openPlace(t);
    const second = await openPlace(t);
    const outputs = { outputs: [] };
    assert.deepEqual(
      digestsOf(await build(first.options({}, outputs))),
      digestsOf(await build(second.options({}, { ...outputs, now: new Date("2101-06-01") }))),
    );
  });

  it("leaves out documentation where the variant does, and rpm knows it", async (t) => {
    const place = await openPlace(t, {
      packages: [
        ...packages.map((one) => ({ signer, ...one })),
        ...["bash", "centos-stream-release", "coreutils-single", "glibc-minimal-langpack"].map((name) => ({
          name,
          signer,
        })),
      ],
    });
    await build(place.options({ variant: "micro" }));
    await assert.rejects(stat(join(place.root(), "usr/share/doc/app/README")), { code: "ENOENT" });
    assert.match(rpm(place.root(), "-q", "--state", "app"), /^not installed +\/usr\/share\/doc\/app\/README$/m);
    assert.equal(rpm(place.root(), ...verify), "");
    assert.match(rpm(place.root(), "-q", "gpg-pubkey"), /^gpg-pubkey-8483c65d-/);
  });
});

describe("an image of rpm packages is refused", () => {
  const app = packages.map((one) => ({ signer, ...one }));
  it("when a package is not signed, unless that was asked for", async (t) => {
    const unsigned = app.map((one) => (one.name === "shell" ? { ...one, signer: undefined } : one)) as RpmSpec[];
    const place = await openPlace(t, { packages: unsigned });
    await assert.rejects(build(place.options()), { code: "SIGNATURE_MISSING" });
    const warnings: string[] = [];
    const onEvent = (event: BuildEvent): void => {
      if (event.kind === "warning") warnings.push(event.text);
    };
    const outputs = [{ kind: "tar", destination: join(place.folder, "out/root.tar") }] as const;
    for (const insecureUnsigned of [true, ["recipe-1"]]) {
      await build(place.options({}, { insecureUnsigned, outputs, onEvent }));
      assert.deepEqual(warnings.splice(0), [
        'Without a good signature, as was asked: 1 package of "recipe-1": shell (Cannot trust package "shell": it has no signature, ' +
          `wanted one by ${signer.key.fingerprint})`,
      ]);
    }
    // What was taken on trust once is not taken again, nor under the name of another repository.
    for (const insecureUnsigned of [false, ["other"]]) {
      await assert.rejects(build(place.options({}, { insecureUnsigned, outputs })), { code: "SIGNATURE_MISSING" });
    }
    const lockFile = join(place.folder, "lock.json");
    await lock({ ...place.options({}, { insecureUnsigned: true }), lockFile });
    assert.match(readFileSync(lockFile, "utf8"), /"unsignedPackages": "taken"/);
  });
  it("when two packages have different files at a path", async (t) => {
    const other: RpmSpec = { name: "other", signer, tree: [{ path: "etc/app.conf", content: "x=2\n" }] };
    const same: RpmSpec = { name: "same", signer, tree: [{ path: "etc/app.conf", content: "x=1\n", flags: 1 }] };
    const place = await openPlace(t, { packages: [...app, other, same] });
    const asked = (name: string): Partial<Recipe> => ({
      packages: ["app", name].map((request) => ({ request, exclude: false })),
    });
    await assert.rejects(build(place.options(asked("other"), { outputs: [] })), { code: "FILE_CONFLICT" });
    await build(place.options(asked("same"), { outputs: [] }));
  });
  const hostile: readonly (readonly [name: string, tree: RpmSpec["tree"], code: string])[] = [
    [
      "when a file lies below a link of its own package",
      [
        { path: "usr/x", kind: "symlink", target: "/etc" },
        { path: "usr/x/passwd", content: "root" },
      ],
      "ARCHIVE_UNSAFE_PATH",
    ],
    ["when a file would be a deletion", [{ path: "usr/.wh.app", content: "" }], "ARCHIVE_UNSAFE_PATH"],
    [
      "when a device would be a deletion",
      [{ path: "usr/app", kind: "character-device", major: 0, minor: 0 }],
      "ARCHIVE_UNSAFE_PATH",
    ],
  ];
  for (const [name, tree, code] of hostile) {
    it(name, async (t) => {
      const evil: RpmSpec = { name: "evil", signer, ...(tree ? { tree } : {}) };
      const place = await openPlace(t, { packages: [...app, evil] });
      const asked = { packages: [{ request: "evil", exclude: false }] };
      await assert.rejects(build(place.options(asked, { outputs: [] })), { code });
    });
  }
});
