// Archives and compressed streams.
import { crc32 } from "node:zlib";
import { readAr } from "../src/archive/ar.ts";
import type { Compression } from "../src/archive/compression.ts";
import { decompress, decompressAll } from "../src/archive/decompress.ts";
import type { Entry } from "../src/archive/entry.ts";
import { readTar, readTarBuffer } from "../src/archive/tar.ts";
import { bytesOf, collect } from "../src/core/bytes.ts";
import { sha256 } from "../src/core/digest.ts";
import { DodaiError } from "../src/core/dodai-error.ts";
import { openPackage } from "../src/packages/deb/package-file.ts";
import { assertInside, assertSame, Fault, type Session, type Target } from "./contract.ts";
import { deflated, fixtures, gzips, madeDebs, madeTars, plainTexts, zstds } from "./corpus.ts";
import { arPartsOf, formatAr, mutateAr, mutateTar } from "./mutate-archive.ts";
import type { Random } from "./random.ts";

const what = "a fuzzed file";
const tarLimits = { maxEntries: 5000, maxTotalBytes: 8 << 20, maxHeaderBytes: 1 << 20, what };

/** What a reading gave, or what it was refused with, as text that can be compared. */
async function outcomeOf(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DodaiError) return { refused: error.code, message: error.message };
    throw error;
  }
}

/** Parts of odd lengths, so that every boundary comes up. */
async function* inParts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const sizes = [1, 511, 512, 513, 7, 4096];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function assertEntry(entry: Entry): void {
  assertInside(entry.path, "path of an entry");
  if (entry.kind === "hardlink") assertInside(entry.target, "target of a hard link");
  if (entry.kind === "file" && !(Number.isSafeInteger(entry.sizeBytes) && entry.sizeBytes >= 0)) {
    throw new Fault(`a file has ${entry.sizeBytes} bytes`);
  }
}

const describeEntry = (entry: Entry): unknown => ({
  ...entry,
  xattrs: [...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString("hex")]),
});

async function tarByStream(bytes: Uint8Array): Promise<unknown> {
  const found: unknown[] = [];
  for await (const { entry, body } of readTar(inParts(bytes), tarLimits)) {
    assertEntry(entry);
    const content = await collect(body, { maxBytes: tarLimits.maxTotalBytes, what });
    if (entry.kind === "file" && content.length !== entry.sizeBytes) throw new Fault("a body has not its entry's size");
    found.push([describeEntry(entry), sha256(content)]);
  }
  return found;
}

async function tarByBuffer(bytes: Uint8Array): Promise<unknown> {
  const found: unknown[] = [];
  for (const { entry, body } of readTarBuffer(bytes, tarLimits)) found.push([describeEntry(entry), sha256(body)]);
  return found;
}

const tar: Target = {
  name: "tar",
  codes: ["ARCHIVE_BROKEN", "ARCHIVE_TOO_LARGE", "ARCHIVE_UNSAFE_PATH"],
  open: () => ({
    corpus: [...madeTars, ...fixtures("tar/**/*.tar", 80)],
    mutate: mutateTar,
    words: ["ustar  \0", "ustar\x0000", "30 mtime=1350244992.023960108\n", "GNU.sparse.map=0,1\n"],
    async run(input) {
      assertSame(
        await outcomeOf(() => tarByStream(input)),
        await outcomeOf(() => tarByBuffer(input)),
        "readings as a stream and as a buffer",
      );
    },
  }),
};

const ar: Target = {
  name: "ar",
  codes: ["ARCHIVE_BROKEN", "ARCHIVE_TOO_LARGE"],
  open: () => ({
    corpus: [...madeDebs, ...fixtures("deb/**/*.deb", 10)],
    mutate: mutateAr,
    words: ["`\n", "!<arch>\n", "debian-binary   "],
    async run(input) {
      const read = (parts: AsyncIterable<Uint8Array>) => async (): Promise<unknown> => {
        const found: unknown[] = [];
        for await (const { name, sizeBytes, body } of readAr(parts, { maxEntries: 50, maxTotalBytes: 8 << 20, what })) {
          found.push([name, sizeBytes, sha256(await collect(body, { maxBytes: 8 << 20, what }))]);
        }
        return found;
      };
      assertSame(await outcomeOf(read(inParts(input))), await outcomeOf(read(bytesOf(input))), "readings in parts");
    },
  }),
};

const deb: Target = {
  name: "deb",
  codes: ["PACKAGE_BROKEN", "ARCHIVE_TOO_LARGE", "ARCHIVE_UNSAFE_PATH"],
  open: () => ({
    corpus: [...madeDebs, ...fixtures("{deb,solver}/**/*.deb", 10)],
    mutate: (input, random) => (random.oneIn(2) ? mutateAr(input, random) : mutateDebTars(input, random)),
    words: ["control.tar.gz", "data.tar.xz", "Package: x\n"],
    async run(input) {
      const limits = { maxControlBytes: 1 << 20, maxTreeBytes: 8 << 20, maxEntries: 5000 };
      const { control, items } = await openPackage(bytesOf(input), limits);
      for (const { name } of control) if (!/^[\w.+-]+$/.test(name)) throw new Fault(`control member "${name}"`);
      for await (const { entry, body } of items) {
        assertEntry(entry);
        const content = await collect(body, { maxBytes: limits.maxTreeBytes, what });
        if (entry.kind === "file" && content.length !== entry.sizeBytes) throw new Fault("a body of another size");
      }
    },
  }),
};

/** Changes the archives inside a package whose members are not compressed; others stay. */
function mutateDebTars(input: Uint8Array, random: Random): Uint8Array {
  const parts = arPartsOf(input).map((part) =>
    part.name.endsWith(".tar") ? { ...part, bytes: mutateTar(part.bytes, random) } : part,
  );
  return formatAr(parts);
}

/** "hello\n" by bzip2 -9. */
const madeBzip2: Uint8Array = Buffer.from(
  "425a6839314159265359c1c080e2000001410000100244a00030cd00c3462997177245385090c1c080e2",
  "hex",
);

/** Changes the header of the first block of an .xz file (its format, 3.1) and makes the header's CRC-32 right. */
function mutateXz(input: Uint8Array, random: Random): Uint8Array {
  const copy = Buffer.from(input);
  const length = ((copy[12] ?? 0) + 1) * 4;
  if (copy.length < 12 + length + 4) return copy;
  const at = 13 + random.below(length - 5);
  copy[at] = random.pick([0, 1, 0x03, 0x04, 0x21, 0x27, 0x28, 0x40, 0xc0, 0xff, random.below(256)]);
  copy.writeUInt32LE(crc32(copy.subarray(12, 12 + length - 4)), 12 + length - 4);
  return copy;
}

function decompressTarget(compression: Compression, corpus: () => Promise<readonly Uint8Array[]>): Target {
  return {
    name: `decompress-${compression}`,
    codes: ["COMPRESSION_BROKEN", "ARCHIVE_TOO_LARGE"],
    async open(): Promise<Session> {
      const options = { compression, maxBytes: 4 << 20, what };
      return {
        corpus: await corpus(),
        ...(compression === "xz" ? { mutate: mutateXz } : {}),
        async run(input) {
          const all = await outcomeOf(async () => sha256(await decompressAll(input, options)));
          const stream = await outcomeOf(async () =>
            sha256(await collect(decompress(inParts(input), options), { maxBytes: options.maxBytes, what })),
          );
          // libzstd itself refuses some broken frames only when it has them whole.
          if (compression === "zstd" && (typeof all !== "string" || typeof stream !== "string")) return;
          const codeOf = (outcome: unknown): unknown => (typeof outcome === "string" ? outcome : "refused");
          assertSame(codeOf(all), codeOf(stream), "decompressing whole and in parts");
        },
      };
    },
  };
}

const withXz = async (kind: "xz" | "lzma"): Promise<readonly Uint8Array[]> => {
  const library = await import("@napi-rs/lzma");
  const files = await Promise.all(plainTexts.map((bytes) => library[kind].compress(bytes)));
  return kind === "xz" ? [...files, Buffer.concat([...files, Buffer.alloc(4)]), ...fixtures("**/*.xz", 8)] : files;
};

export const archiveTargets: readonly Target[] = [
  tar,
  ar,
  deb,
  decompressTarget("gzip", async () => [...gzips, deflated]),
  decompressTarget("zstd", async () => zstds),
  decompressTarget("xz", () => withXz("xz")),
  decompressTarget("lzma", () => withXz("lzma")),
  decompressTarget("bzip2", async () => [madeBzip2, ...fixtures("rpm/**/*.bz2", 8)]),
];
