import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, lstatSync } from "node:fs";
import { chown, mkdir, readdir, readFile, readlink, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ImageBundle, rootDocument } from "../../src/image/bundle.ts";
import type { OutputName } from "../../src/io/output-contract.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import {
  type Drawn,
  device,
  file,
  folder,
  hardlink,
  imageEpoch,
  makeBundle,
  makeLayer,
  symlink,
  tarOfDrawn,
} from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const isRoot = process.getuid?.() === 0;

function nobodyCanRun(): boolean {
  try {
    const script = `require("node:fs").readFileSync(${JSON.stringify(fileURLToPath(import.meta.url))})`;
    execFileSync(process.execPath, ["-e", script], { uid: 65534, gid: 65534, cwd: "/", stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function write(kind: OutputName, destination: string, bundle: ImageBundle): Promise<readonly string[]> {
  const warnings: string[] = [];
  await outputs[kind]({ bundle, destination, baseName: "base", onWarning: (text) => warnings.push(text) });
  return warnings;
}

const bundleOf = (...drawn: readonly Drawn[]): ImageBundle =>
  makeBundle({ layers: [makeLayer("a tree", tarOfDrawn(drawn))] });

describe("oci-layout", () => {
  test("skopeo and umoci read it", needs("skopeo", "umoci"), async (t) => {
    const work = await temporaryFolder(t);
    const layout = join(work, "layout");
    const bundle = makeBundle();
    await write("oci-layout", layout, bundle);
    assert.deepEqual((await readdir(layout)).toSorted(), ["blobs", "index.json", "oci-layout"]);
    const seen = JSON.parse(run("skopeo", ["inspect", `oci:${layout}:trixie`]));
    assert.equal(seen.Digest, rootDocument(bundle).digest);
    run("umoci", ["unpack", "--rootless", "--image", `${layout}:trixie`, join(work, "bundle")]);
    assert.equal(await readFile(join(work, "bundle/rootfs/etc/motd"), "utf8"), "hello\n");
    assert.equal(lstatSync(join(work, "bundle/rootfs/opt/c")).nlink, 2);
  });

  test("one that dodai wrote is replaced, whole", async (t) => {
    const layout = join(await temporaryFolder(t), "layout");
    await write("oci-layout", layout, makeBundle());
    const bundle = makeBundle({ platforms: ["linux/arm64"] });
    await write("oci-layout", layout, bundle);
    const blobs = await readdir(join(layout, "blobs/sha256"));
    assert.equal(blobs.length, 4);
    assert.match(await readFile(join(layout, "index.json"), "utf8"), new RegExp(rootDocument(bundle).digest));
  });

  const changes: readonly { readonly name: string; change(layout: string): Promise<void> }[] = [
    { name: "whose index was changed", change: (layout) => writeFile(join(layout, "index.json"), "{}") },
    { name: "with a file more", change: (layout) => writeFile(join(layout, "notes.txt"), "mine") },
    {
      name: "that is another folder under its name",
      change: async (layout) => {
        await rename(layout, `${layout}.before`);
        await mkdir(layout);
        await writeFile(join(layout, "index.json"), "mine");
      },
    },
    { name: "whose marker is gone", change: (layout) => rename(markerOf(layout), `${layout}.gone`) },
    { name: "whose marker is broken", change: (layout) => writeFile(markerOf(layout), "null") },
  ];
  for (const { name, change } of changes) {
    test(`one ${name} is refused and stays`, async (t) => {
      const layout = join(await temporaryFolder(t), "layout");
      await write("oci-layout", layout, makeBundle());
      await change(layout);
      const before = await readFile(join(layout, "index.json"), "utf8");
      await assert.rejects(write("oci-layout", layout, makeBundle()), {
        code: "OUTPUT_UNWRITABLE",
        fix: "Remove it first, or name another destination.",
      });
      assert.equal(await readFile(join(layout, "index.json"), "utf8"), before);
    });
  }

  test("an empty folder is taken, a file is refused", async (t) => {
    const work = await temporaryFolder(t);
    await mkdir(join(work, "empty"));
    await write("oci-layout", join(work, "empty"), makeBundle());
    await writeFile(join(work, "file"), "mine");
    await assert.rejects(write("oci-layout", join(work, "file"), makeBundle()), { code: "OUTPUT_UNWRITABLE" });
    assert.equal(await readFile(join(work, "file"), "utf8"), "mine");
  });
});

const markerOf = (layout: string): string => layout.replace(/[^/]+$/, ".$&.dodai.json");

describe("context", () => {
  test("one platform: a plain ADD, and sums that sha256sum accepts", needs("sha256sum", "tar", "xz"), async (t) => {
    const context = join(await temporaryFolder(t), "context");
    await write("context", context, makeBundle());
    assert.deepEqual((await readdir(context)).toSorted(), ["Dockerfile", "SHA256SUMS", "base-amd64.tar.xz"]);
    assert.equal(run("sha256sum", ["-c", "SHA256SUMS"], { cwd: context }), "base-amd64.tar.xz: OK\n");
    assert.match(run("tar", ["-tf", "base-amd64.tar.xz"], { cwd: context }), /^etc\/motd$/m);
    const text = await readFile(join(context, "Dockerfile"), "utf8");
    t.assert.fileSnapshot(text, "test/golden/output-context.Dockerfile", { serializers: [String] });
  });

  test("a name that says the machine already is followed by docker", async (t) => {
    const context = join(await temporaryFolder(t), "context");
    await outputs.context({ bundle: makeBundle(), destination: context, baseName: "centos-7-x86_64" });
    assert.deepEqual((await readdir(context)).toSorted(), [
      "Dockerfile",
      "SHA256SUMS",
      "centos-7-x86_64-docker.tar.xz",
    ]);
    assert.match(await readFile(join(context, "Dockerfile"), "utf8"), /^ADD centos-7-x86_64-docker.tar.xz \/$/m);
  });

  test("the labels of CentOS make the form of CentOS's own Dockerfile", async (t) => {
    const context = join(await temporaryFolder(t), "context");
    const labels = {
      "org.opencontainers.image.created": "2019-10-01 00:00:00+01:00",
      "org.opencontainers.image.licenses": "GPL-2.0-only",
      "org.opencontainers.image.title": "CentOS Base Image",
      "org.opencontainers.image.vendor": "CentOS",
      "org.label-schema.build-date": "20191001",
      "org.label-schema.license": "GPLv2",
      "org.label-schema.name": "CentOS Base Image",
      "org.label-schema.schema-version": "1.0",
      "org.label-schema.vendor": "CentOS",
    };
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
    await write("context", context, makeBundle({ settings: { labels, env, cmd: ["/bin/bash"] } }));
    const text = await readFile(join(context, "Dockerfile"), "utf8");
    t.assert.fileSnapshot(text, "test/golden/output-context-centos.Dockerfile", { serializers: [String] });
  });

  test("what an image below has beside settings is said too", async (t) => {
    const context = join(await temporaryFolder(t), "context");
    const Healthcheck = { Test: ["CMD-SHELL", "check me"], Interval: 5_000_000_000, Retries: 3 };
    const inherited = { Healthcheck, OnBuild: ["RUN true"], Shell: ["/bin/bash", "-c"] };
    await write("context", context, makeBundle({ inherited }));
    const text = await readFile(join(context, "Dockerfile"), "utf8");
    const wanted =
      'SHELL ["/bin/bash","-c"]\nHEALTHCHECK --interval=5000000000ns --retries=3 CMD check me\nONBUILD RUN true\n';
    assert.ok(text.includes(wanted), text);
  });

  test("several platforms: BuildKit chooses the tarball", needs("sha256sum"), async (t) => {
    const context = join(await temporaryFolder(t), "context");
    await write("context", context, makeBundle({ platforms: ["linux/arm/v7", "linux/amd64"] }));
    const names = ["Dockerfile", "SHA256SUMS", "base-amd64.tar.xz", "base-armv7.tar.xz"];
    assert.deepEqual((await readdir(context)).toSorted(), names);
    assert.equal(
      run("sha256sum", ["-c", "SHA256SUMS"], { cwd: context }),
      "base-amd64.tar.xz: OK\nbase-armv7.tar.xz: OK\n",
    );
    const text = await readFile(join(context, "Dockerfile"), "utf8");
    assert.match(
      text,
      /^FROM scratch\nARG TARGETARCH\nARG TARGETVARIANT\nADD base-\$TARGETARCH\$TARGETVARIANT\.tar\.xz \/\n/,
    );
  });

  test("a label with a line break cannot be said, and nothing is left", async (t) => {
    const work = await temporaryFolder(t);
    const bundle = makeBundle({ settings: { labels: { a: "one\ntwo" } } });
    await assert.rejects(write("context", join(work, "context"), bundle), { code: "RECIPE_SYNTAX" });
    assert.deepEqual(await readdir(work), []);
  });
});

describe("dir", () => {
  const tree = [
    folder(".", 0o755, { mtime: 1 }),
    folder("locked", 0o555, { mtime: 2 }),
    file("locked/a", "text", { mode: 0o4755, mtime: 3 }),
    hardlink("locked/b", "locked/a"),
    symlink("link", "/etc/passwd"),
    file("unmentioned/parent", "x"),
  ];

  test("modes, times, links", async (t) => {
    const root = join(await temporaryFolder(t), "root");
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const mine = tree.map(({ entry, ...rest }) => ({ ...rest, entry: { ...entry, ...own } }));
    assert.deepEqual(await write("dir", root, bundleOf(...mine)), []);
    const look = (path: string): string => {
      const { mode, mtimeMs, nlink } = lstatSync(join(root, path));
      return `${mode.toString(8)} ${mtimeMs / 1000} ${nlink}`;
    };
    assert.equal(look("."), "40755 1 4");
    assert.equal(look("locked"), "40555 2 2");
    assert.equal(look("locked/a"), "104755 3 2");
    assert.equal(lstatSync(join(root, "locked/b")).ino, lstatSync(join(root, "locked/a")).ino);
    assert.equal(look("link"), `120777 ${imageEpoch} 1`);
    assert.equal(await readlink(join(root, "link")), "/etc/passwd");
    assert.equal(look("unmentioned"), `40755 ${imageEpoch} 2`);
    await write("dir", root, bundleOf(...mine));
    assert.deepEqual(await readdir(root), ["link", "locked", "unmentioned"]);
    chmodSync(join(root, "locked"), 0o755); // So that an ordinary user can remove it.
  });

  test("owners, as root", { skip: isRoot ? false : "needs root" }, async (t) => {
    const root = join(await temporaryFolder(t), "root");
    const warnings = await write(
      "dir",
      root,
      bundleOf(folder("."), file("a", "", { uid: 3_000_000_000, gid: 7, mode: 0o6755 })),
    );
    const { uid, gid, mode } = lstatSync(join(root, "a"));
    assert.deepEqual([uid, gid, mode & 0o7777, warnings], [3_000_000_000, 7, 0o6755, []]);
  });

  test("as an ordinary user: own files, no setuid, one warning; replaced even when its folders are locked", {
    skip: isRoot && nobodyCanRun() ? false : "needs root, and a checkout that others may read",
  }, async (t) => {
    const work = await temporaryFolder(t);
    chmodSync(work, 0o755);
    await mkdir(join(work, "user"));
    await chown(join(work, "user"), 65534, 65534);
    const script = `
      import { bundleImages } from ${JSON.stringify(new URL("../../src/image/bundle.ts", import.meta.url).href)};
      import { writeDirectory } from ${JSON.stringify(new URL("../../src/io/output-dir.ts", import.meta.url).href)};
      import { file, folder, makeBundle, makeLayer, tarOfDrawn } from ${JSON.stringify(new URL("../kit/image.ts", import.meta.url).href)};
      const drawn = [folder(".", 0o555), folder("locked", 0o555), file("locked/a", "x", { mode: 0o4755 })];
      const bundle = makeBundle({ layers: [makeLayer("a tree", tarOfDrawn(drawn))] });
      for (const run of [1, 2]) {
        const warnings = [];
        await writeDirectory({ bundle, destination: "root", baseName: "base", onWarning: (text) => warnings.push(text) });
        if (run === 2) console.log(JSON.stringify(warnings));
      }`;
    const output = execFileSync(process.execPath, ["--input-type=module-typescript", "-e", script], {
      cwd: join(work, "user"),
      uid: 65534,
      gid: 65534,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    });
    assert.deepEqual(JSON.parse(output), [
      '3 entries (first "/locked/a") could not be given their owner, and have no setuid or setgid bits: run as root for that',
    ]);
    assert.equal(lstatSync(join(work, "user/root/locked/a")).mode & 0o7777, 0o755);
    assert.equal(lstatSync(join(work, "user/root")).mode & 0o7777, 0o555);
    assert.deepEqual((await readdir(join(work, "user"))).toSorted(), [".root.dodai.json", "root"]);
  });

  test("what Node cannot make is told", async (t) => {
    const root = join(await temporaryFolder(t), "root");
    const xattrs = new Map([["security.capability", Buffer.from([1, 2, 3])]]);
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const bundle = bundleOf(
      folder("dev", 0o755, own),
      device("dev/null"),
      device("dev/zero"),
      file("ping", "", { xattrs, ...own }),
    );
    assert.deepEqual(await write("dir", root, bundle), [
      '1 entry (first "/ping") lack their extended attributes, such as file capabilities',
      '2 entries (first "/dev/null") were left out: devices and fifos cannot be made here',
    ]);
    assert.deepEqual(await readdir(join(root, "dev")), []);
  });

  test("a later layer's file takes an earlier one's place", async (t) => {
    const root = join(await temporaryFolder(t), "root");
    const layers = [
      makeLayer("first", tarOfDrawn([folder("etc"), file("etc/a", "old"), symlink("etc/b", "/etc/passwd")])),
      makeLayer("second", tarOfDrawn([folder("etc", 0o700), file("etc/a", "new"), file("etc/b", "plain")])),
    ];
    await write("dir", root, makeBundle({ layers }));
    assert.equal(await readFile(join(root, "etc/a"), "utf8"), "new");
    assert.equal(await readFile(join(root, "etc/b"), "utf8"), "plain");
    assert.equal(lstatSync(join(root, "etc/b")).isFile(), true);
    assert.equal(lstatSync(join(root, "etc")).mode & 0o777, 0o700);
  });

  const attacks: readonly { readonly name: string; readonly drawn: readonly Drawn[] }[] = [
    {
      name: "a file below a link that an earlier entry planted",
      drawn: [symlink("etc", "/tmp"), file("etc/dodai-attack", "x")],
    },
    { name: "a folder over a link", drawn: [symlink("etc", "/tmp"), folder("etc")] },
    { name: "a link over a folder", drawn: [folder("etc"), file("etc/a", ""), symlink("etc", "/tmp")] },
    { name: "a hard link to what is not in the tree", drawn: [hardlink("passwd", "etc/passwd")] },
    { name: "a hard link through a planted link", drawn: [symlink("etc", "/etc"), hardlink("passwd", "etc/passwd")] },
    { name: "a hard link to a folder", drawn: [folder("etc"), hardlink("other", "etc")] },
  ];
  for (const { name, drawn } of attacks) {
    test(`refuses ${name}, and leaves nothing`, async (t) => {
      const work = await temporaryFolder(t);
      await assert.rejects(write("dir", join(work, "root"), bundleOf(...drawn)), { code: /^ARCHIVE_/ });
      assert.deepEqual(await readdir(work), []);
    });
  }
});
