// Images to build on, and archives to add, that somebody made to do harm: refused, or harmless.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { formatTarHeader, tarTrailer } from "../../../src/archive/tar-write.ts";
import { findArchive, readArchive } from "../../../src/build/dockerfile/archive-file.ts";
import { bytesOf, collect } from "../../../src/core/bytes.ts";
import { DodaiError } from "../../../src/core/dodai-error.ts";
import { writeOciLayout } from "../../../src/io/output-oci.ts";
import { header, pax } from "../../archive/make-tar.ts";
import {
  type Drawn,
  device,
  file,
  folder,
  hardlink,
  makeBundle,
  makeLayer,
  symlink,
  tarOfDrawn,
} from "../../kit/image.ts";
import { fixture, needs } from "../../kit/oracle.ts";
import * as host from "../../sandbox/host-root.ts";
import { openWorld } from "./world.ts";

const below = [folder("etc"), file("etc/passwd", "below"), folder("d"), file("d/old", "old")];
const named = (path: string): Uint8Array => {
  // A name that the writer of tests refuses, too.
  const bytes = Buffer.from(tarOfDrawn([file("x".repeat(path.length), "evil")]));
  bytes.write(path, 0, "latin1");
  bytes.write("        ", 148, "latin1");
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
};

const refused: readonly {
  readonly name: string;
  readonly layer: Uint8Array | readonly Drawn[];
  readonly code: string;
}[] = [
  { name: "a name that climbs", layer: named("../../evil"), code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a name that climbs on its way", layer: named("d/../../evil"), code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a whiteout of ..", layer: [file("d/.wh...", "")], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a whiteout of .", layer: [file("d/.wh..", "")], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a whiteout of nothing", layer: [file("d/.wh.", "")], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a hard link to what is not in it", layer: [hardlink("d/x", "etc/shadow")], code: "ARCHIVE_BROKEN" },
  { name: "a hard link to a folder", layer: [hardlink("d/x", "etc")], code: "ARCHIVE_BROKEN" },
  {
    name: "links in a circle before a name",
    layer: [symlink("a", "b"), symlink("b", "a"), file("a/x", "")],
    code: "ARCHIVE_UNSAFE_PATH",
  },
  {
    name: "files of holes that would fill the disk",
    layer: Buffer.concat([pax(`GNU.sparse.size=${2 ** 31}`, "GNU.sparse.map="), header(), tarTrailer]),
    code: "ARCHIVE_TOO_LARGE",
  },
];

const harmless: readonly {
  readonly name: string;
  readonly layer: readonly Drawn[];
  readonly root: readonly string[];
}[] = [
  {
    name: "a link that leaves, and a file behind it",
    layer: [symlink("out", "../../../etc"), file("out/passwd", "mine")],
    root: ["d/ 0755 0:0", 'd/old 0644 0:0 "old"', "etc/ 0755 0:0", 'etc/passwd 0644 0:0 "mine"', "out -> ../../../etc"],
  },
  {
    name: "an opaque folder, and files of aufs",
    layer: [folder("d"), file("d/.wh..wh..opq", ""), file(".wh..wh.plnk", ""), file("d/new", "new")],
    root: ["d/ 0755 0:0", 'd/new 0644 0:0 "new"', "etc/ 0755 0:0", 'etc/passwd 0644 0:0 "below"'],
  },
  {
    name: "a whiteout of what is not there, and of a folder that is made anew",
    layer: [file(".wh.nothing", ""), file(".wh.d", ""), folder("d"), file("d/again", "again")],
    root: ["d/ 0755 0:0", 'd/again 0644 0:0 "again"', "etc/ 0755 0:0", 'etc/passwd 0644 0:0 "below"'],
  },
];

async function writeBase(folder: string, top: Uint8Array | readonly Drawn[]): Promise<void> {
  const bytes = top instanceof Uint8Array ? top : tarOfDrawn(top);
  const bundle = makeBundle({ layers: [makeLayer("below", tarOfDrawn(below)), makeLayer("top", bytes)] });
  await writeOciLayout({ bundle, destination: join(folder, "base"), baseName: "base" });
}

describe("FROM an image with", () => {
  for (const { name, layer, code } of refused) {
    it(`${name} is refused`, async () => {
      using world = openWorld({ f: "f" });
      await writeBase(world.folder, layer);
      await assert.rejects(world.build("FROM ../base\nCOPY f /d/\n"), { code });
    });
  }

  for (const { name, layer, root } of harmless) {
    it(`${name} stays inside`, async () => {
      using world = openWorld({ f: "f" });
      await writeBase(world.folder, layer);
      const built = await world.build("FROM ../base\nCOPY f /f\n");
      assert.deepEqual(await built.root(), [...root, 'f 0644 0:0 "f"'].toSorted());
      const copied = await world.build("FROM scratch\nCOPY --from=../base / /all/\n");
      assert.ok((await copied.root()).every((line) => line.startsWith("all/")));
    });
  }

  it("a device that overlayfs takes for a deletion does not get in by ADD", async () => {
    using world = openWorld({ "a.tar": tarOfDrawn([device("null")]) });
    const common = { mode: 0o600, uid: 0, gid: 0, mtime: 0, xattrs: new Map() };
    const zero = formatTarHeader({ ...common, kind: "character-device", path: "passwd", major: 0, minor: 0 });
    using other = openWorld({ "a.tar": Buffer.concat([zero, tarTrailer]) });
    await world.build("FROM scratch\nADD a.tar /etc/\n");
    await assert.rejects(other.build("FROM scratch\nADD a.tar /etc/\n"), {
      code: "STEP_FAILED",
      message: /removed file/,
    });
  });
});

describe("an archive in ADD", () => {
  it("brings no notes of overlays and no labels", async () => {
    const names = ["trusted.overlay.opaque", "user.overlay.opaque", "security.selinux", "user.kept"];
    const xattrs = new Map(names.map((name) => [name, Buffer.from("y")]));
    const tar = await collect(host.tarOf([host.folder("d", { xattrs })]), { maxBytes: 1 << 20, what: "an archive" });
    using world = openWorld({ "a.tar": tar });
    assert.deepEqual(await (await world.build("FROM scratch\nADD a.tar /\n")).root(), ["d/ 0755 0:0 {user.kept}"]);
  });

  it("that unfolds beyond measure is refused", async () => {
    const part = zstdCompressSync(Buffer.alloc(64 << 20));
    const common = { mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: new Map() };
    const head = formatTarHeader({ ...common, kind: "file", path: "zeros", sizeBytes: 40 * (64 << 20) });
    const bomb = Buffer.concat([zstdCompressSync(head), ...Array<Uint8Array>(20).fill(part)]);
    const archive = await findArchive({ name: "bomb", sizeBytes: bomb.length, open: () => bytesOf(bomb) });
    assert.ok(archive);
    const reading = async (): Promise<void> => {
      for await (const { body } of readArchive(archive)) for await (const _chunk of body);
    };
    await assert.rejects(reading(), { code: "ARCHIVE_TOO_LARGE" });
  });

  const tars = fixture("tar");
  it("of anybody's odd and hostile ones is refused, or stays below its place", needs(tars), async () => {
    const paths = globSync("**/*.{tar,tgz,tar.gz,tar.bz2,tar.xz,tar.zst}", { cwd: tars }).sort();
    assert.ok(paths.length > 50);
    for (const path of paths) {
      using world = openWorld({ "a.tar": readFileSync(join(tars, path)) });
      try {
        const built = await world.build("FROM scratch\nADD a.tar /x/\n");
        for (const line of await built.root()) assert.doesNotMatch(line, /(?:^|\/)\.\.(?:\/| )|\.wh\./, path);
      } catch (error) {
        assert.ok(error instanceof DodaiError, `${path}: ${String(error)}`);
      }
      assert.equal(existsSync(join(world.folder, "evil")), false);
    }
  });
});
