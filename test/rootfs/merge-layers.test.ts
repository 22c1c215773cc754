// Layers on top of each other: tables of what must come out, and umoci as the judge of many random ones.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import type { ArchiveItem } from "../../src/archive/entry.ts";
import { writeTar } from "../../src/archive/tar-stream.ts";
import { bytesOf, collect } from "../../src/core/bytes.ts";
import { writeOciLayout } from "../../src/io/output-oci.ts";
import { mergeLayers } from "../../src/rootfs/merge-layers.ts";
import { type Drawn, file, folder, hardlink, makeBundle, makeLayer, symlink, tarOfDrawn } from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

/** `a/` folder, `a = text` file, `a -> b` link, `a => b` hard link, `.wh.a` whiteout; `0700 a/` with a mode. */
function drawn(line: string): Drawn {
  const [, mode, rest = ""] = /^(?:(0\d{3}) )?(.*)$/.exec(line) ?? [];
  const more = mode === undefined ? {} : { mode: Number.parseInt(mode, 8) };
  const [, hard, target] = /^(\S+) => (\S+)$/.exec(rest) ?? [];
  if (hard !== undefined && target !== undefined) return hardlink(hard, target);
  const [, soft, to] = /^(\S+) -> (\S+)$/.exec(rest) ?? [];
  if (soft !== undefined && to !== undefined) return symlink(soft, to);
  if (rest.endsWith("/")) return folder(rest.slice(0, -1), more.mode);
  const [path = "", text = ""] = rest.split(" = ");
  return file(path, text, more);
}

const layersOf = (lines: readonly (readonly string[])[]) =>
  lines.map((layer) => {
    const tar = tarOfDrawn(layer.map(drawn));
    return { open: () => bytesOf(tar) };
  });

/** One line an entry, in the order of the stream. */
async function picture(layers: readonly (readonly string[])[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { entry, body } of mergeLayers(layersOf(layers))) lines.push(await describeItem({ entry, body }));
  return lines;
}

async function describeItem({ entry, body }: ArchiveItem): Promise<string> {
  const { path } = entry;
  switch (entry.kind) {
    case "directory":
      return `${entry.mode === 0o755 ? "" : `0${entry.mode.toString(8)} `}${path}/`;
    case "symlink":
      return `${path} -> ${entry.target}`;
    case "hardlink":
      return `${path} => ${entry.target}`;
    default:
      return `${path} = ${Buffer.from(await collect(body, { maxBytes: 1000, what: path })).toString()}`;
  }
}

const merged: readonly { name: string; layers: readonly (readonly string[])[]; root: readonly string[] }[] = [
  { name: "passes one layer through", layers: [["a/", "a/b = 1"]], root: ["a/", "a/b = 1"] },
  {
    name: "drops whiteouts of one layer, which has nothing below",
    layers: [["a = 1", ".wh.b", "d/", "d/.wh..wh..opq"]],
    root: ["a = 1", "d/"],
  },
  { name: "takes the file of the upper layer", layers: [["a = 1", "b = 1"], ["a = 2"]], root: ["b = 1", "a = 2"] },
  { name: "hides what a whiteout names", layers: [["a = 1", "b = 1"], [".wh.a"]], root: ["b = 1"] },
  { name: "hides a folder with all that is in it", layers: [["a/", "a/b/", "a/b/c = 1"], [".wh.a"]], root: [] },
  { name: "shows again what a third layer has", layers: [["a = 1"], [".wh.a"], ["a = 3"]], root: ["a = 3"] },
  {
    name: "keeps what the whiteout's own layer has, in front of it",
    layers: [
      ["a/", "a/old = 1"],
      ["a/", "a/new = 2", ".wh.a"],
    ],
    root: ["a/", "a/new = 2"],
  },
  {
    name: "keeps what the whiteout's own layer has, behind it",
    layers: [
      ["a/", "a/old = 1"],
      [".wh.a", "a/", "a/new = 2"],
    ],
    root: ["a/", "a/new = 2"],
  },
  {
    name: "empties an opaque folder of what is below",
    layers: [
      ["a/", "a/b/", "a/b/c = 1"],
      ["a/", "a/.wh..wh..opq", "a/b/", "a/b/d = 2"],
    ],
    root: ["a/", "a/b/", "a/b/d = 2"],
  },
  {
    name: "empties an opaque folder wherever its mark stands",
    layers: [
      ["a/", "a/c = 1"],
      ["a/", "a/d = 2", "a/.wh..wh..opq"],
    ],
    root: ["a/", "a/d = 2"],
  },
  {
    name: "gives a folder the upper layer's mode at its first place",
    layers: [["a/", "a/b = 1"], ["0700 a/"]],
    root: ["0700 a/", "a/b = 1"],
  },
  { name: "replaces a folder by a file", layers: [["a/", "a/b = 1"], ["a = 2"]], root: ["a = 2"] },
  { name: "replaces a file by a folder", layers: [["a = 1"], ["a/", "a/b = 2"]], root: ["a/", "a/b = 2"] },
  {
    name: "replaces a link by a folder that is named",
    layers: [
      ["r/", "a -> r"],
      ["a/", "a/b = 2"],
    ],
    root: ["r/", "a/", "a/b = 2"],
  },
  {
    name: "follows a link among the parents",
    layers: [["usr/", "usr/bin/", "bin -> usr/bin"], ["bin/sh = 2"]],
    root: ["usr/", "usr/bin/", "bin -> usr/bin", "usr/bin/sh = 2"],
  },
  {
    name: "follows a link among a whiteout's parents",
    layers: [["usr/", "usr/sh = 1", "bin -> usr"], ["bin/.wh.sh"]],
    root: ["usr/", "bin -> usr"],
  },
  {
    name: "follows an absolute link inside the root",
    layers: [["usr/", "x/", "x/bin -> /../../usr"], ["x/bin/sh = 2"]],
    root: ["usr/", "x/", "x/bin -> /../../usr", "usr/sh = 2"],
  },
  {
    name: "makes a folder of a file that something is named below",
    layers: [["a = 1"], ["a/b = 2"]],
    root: ["a/b = 2"],
  },
  {
    name: "ignores a whiteout of nothing",
    layers: [["a = 1"], [".wh.b", "x/y/.wh.z", "a/.wh.b", "x/.wh..wh..opq"]],
    root: ["a = 1"],
  },
  { name: "ignores what aufs left", layers: [["a = 1"], [".wh..wh.plnk/", ".wh..wh.aufs = x"]], root: ["a = 1"] },
  { name: "keeps a hard link", layers: [["a = 1", "b => a"], ["c = 2"]], root: ["a = 1", "b => a", "c = 2"] },
  {
    name: "lets a hard link carry the bytes when its file is hidden",
    layers: [["a = 1", "b => a", "c => b"], [".wh.a"]],
    root: ["b = 1", "c => b"],
  },
  {
    name: "lets a hard link carry the bytes when its file is replaced",
    layers: [["a = 1", "b => a"], ["a = 2"]],
    root: ["b = 1", "a = 2"],
  },
  { name: "links to a file of a lower layer", layers: [["a = 1"], ["b => a"]], root: ["a = 1", "b => a"] },
  {
    name: "links to the link's own file, not to what its name became",
    layers: [
      ["a = 1", "b => a"],
      ["a = 2", "c => a"],
    ],
    root: ["b = 1", "a = 2", "c => a"],
  },
  {
    name: "has a name once that one layer has twice",
    layers: [["a = 1", "a = 2"], ["b = 3"]],
    root: ["a = 2", "b = 3"],
  },
  { name: "names the root's own mode once", layers: [["./"], ["0700 ./", "a = 1"]], root: ["0700 ./", "a = 1"] },
];

describe("merged layers", () => {
  for (const { name, layers, root } of merged) {
    it(name, async () => assert.deepEqual(await picture(layers), root));
  }
});

const refused: readonly { name: string; layers: readonly (readonly string[])[]; code: string }[] = [
  { name: "a hard link to nothing", layers: [["a = 1"], ["b => c"]], code: "ARCHIVE_BROKEN" },
  { name: "a hard link to what was hidden", layers: [["a = 1"], [".wh.a"], ["b => a"]], code: "ARCHIVE_BROKEN" },
  { name: "a hard link to a folder", layers: [["a/"], ["b => a"]], code: "ARCHIVE_BROKEN" },
  { name: "links that lead in a circle", layers: [["a -> b", "b -> a"], ["a/c = 1"]], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a root that is a file", layers: [["a = 1"], [". = 2"]], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a whiteout of nothing in particular", layers: [["a = 1"], [".wh."]], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a whiteout of the folder above", layers: [["a = 1"], ["b/", "b/.wh..."]], code: "ARCHIVE_UNSAFE_PATH" },
  { name: "a name that no disk takes", layers: [["a = 1"], [`${"n".repeat(256)} = 2`]], code: "ARCHIVE_UNSAFE_PATH" },
];

describe("hostile layers", () => {
  for (const { name, layers, code } of refused) {
    it(`are refused for ${name}`, () => assert.rejects(picture(layers), { code }));
  }

  it("are refused when they change between the two readings", async () => {
    const first = tarOfDrawn([file("a", "1"), folder("b")]);
    const second = tarOfDrawn([folder("a"), folder("b")]);
    let opened = 0;
    const layers = [{ open: () => bytesOf(opened++ === 0 ? first : second) }, ...layersOf([["c = 1"]])];
    await assert.rejects(
      async () => {
        for await (const _ of mergeLayers(layers));
      },
      { code: "ARCHIVE_BROKEN" },
    );
  });

  it("do not make whiteouts cost more than once each", async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => file(`d/${at}`, ""));
    const marks = Array.from({ length: 20_000 }, () => file("d/.wh..wh..opq", ""));
    const tars = [tarOfDrawn([folder("d")]), tarOfDrawn([...many, ...marks])];
    let count = 0;
    for await (const _ of mergeLayers(tars.map((tar) => ({ open: () => bytesOf(tar) })))) count++;
    assert.equal(count, 20_001);
  });
});

/** A small generator of the same numbers everywhere (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Layers as a file system's differences give them: folders are named in front of what is in them, links lead to files. */
function randomLayers(seed: number): readonly (readonly string[])[] {
  const number = numbers(seed);
  const names = ["a", "b", "c"];
  return Array.from({ length: 2 + number(3) }, (_, layer) => {
    const lines: string[] = [];
    const files: string[] = [];
    const fill = (at: string, depth: number): void => {
      if (layer > 0 && depth > 0 && number(6) === 0) lines.push(`${at}.wh..wh..opq`);
      for (const name of names) {
        const path = `${at}${name}`;
        const what = number(8);
        const [target] = files;
        if (what === 0 && layer > 0) lines.push(`${at}.wh.${name}`);
        else if (what <= 2 && depth < 3) {
          lines.push(`${number(2) === 0 ? "0700 " : ""}${path}/`);
          fill(`${path}/`, depth + 1);
        } else if (what === 3 && target) lines.push(`${path} => ${target}`);
        else if (what === 4) lines.push(`${path} -> ${names[number(3)]}`);
        else if (what === 5) {
          lines.push(`${path} = ${layer}${number(100)}`);
          files.unshift(path);
        }
      }
    };
    fill("", 0);
    return lines.length > 0 ? lines : ["z = 1"];
  });
}

test("umoci unpacks the same from random layers", needs("umoci", "tar", "find"), async (t) => {
  const work = await temporaryFolder(t);
  for (let seed = 1; seed <= 10; seed++) {
    const lines = randomLayers(seed);
    const layers = lines.map((layer, at) => makeLayer(`layer ${at}`, tarOfDrawn(layer.map(drawn))));
    const place = join(work, String(seed));
    await mkdir(place);
    const bundle = makeBundle({ layers });
    await writeOciLayout({ bundle, destination: join(place, "layout"), baseName: "x" });
    run("umoci", ["unpack", "--rootless", "--image", `${join(place, "layout")}:trixie`, join(place, "bundle")]);
    await mkdir(join(place, "ours"));
    const tar = await collect(writeTar(mergeLayers(layersOf(lines))), { maxBytes: 1 << 20, what: "test" });
    await writeFile(join(place, "ours.tar"), tar);
    run("tar", ["-xpf", join(place, "ours.tar"), "-C", join(place, "ours"), "--no-same-owner"]);
    assert.deepEqual(
      listing(join(place, "ours")),
      listing(join(place, "bundle/rootfs")),
      `seed ${seed}: ${JSON.stringify(lines)}`,
    );
  }
});

/** Path, type, mode, time, link target, number of names and content of everything in a folder. */
function listing(root: string): readonly string[] {
  const format = String.raw`%P %y %m %l %Y %n\n`;
  const metadata = execFileSync("find", [root, "-mindepth", "1", "-printf", format], { encoding: "utf8" });
  const contents = execFileSync("find", [root, "-type", "f", "-exec", "grep", "-H", "", "{}", "+"], {
    encoding: "utf8",
  });
  return [...metadata.split("\n"), ...contents.replaceAll(`${root}/`, "").split("\n")].sort();
}
