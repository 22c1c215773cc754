// Images that somebody else wrote: their layers, documents and archives.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTar } from "../src/archive/tar.ts";
import { writeTar } from "../src/archive/tar-stream.ts";
import { bytesOf, collect } from "../src/core/bytes.ts";
import { sha256 } from "../src/core/digest.ts";
import { parsePlatform } from "../src/core/platform.ts";
import { makeReadDocument, parseDocument } from "../src/image/parse-document.ts";
import { parseConfig, parseDockerManifest } from "../src/image/read-documents.ts";
import { openImage } from "../src/io/image-input.ts";
import { mergeLayers } from "../src/rootfs/merge-layers.ts";
import { file, folder, hardlink, makeBundle, symlink, tarOfDrawn } from "../test/kit/image.ts";
import { assertInside, assertSame, Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { mutateTar } from "./mutate-archive.ts";
import { mutateJson } from "./mutate-text.ts";

const what = "a fuzzed image";
const base = tarOfDrawn([
  folder("."),
  folder("usr"),
  folder("usr/bin"),
  symlink("bin", "usr/bin"),
  symlink("loop", "loop"),
  folder("etc"),
  file("etc/a", "1"),
  hardlink("etc/b", "etc/a"),
]);
const uppers = [
  [file("bin/sh", "2"), file("etc/.wh.a", "")],
  [folder("etc"), file("etc/.wh..wh..opq", ""), file("etc/c", "3"), hardlink("usr/d", "etc/c")],
  [file(".wh.bin", ""), folder("bin"), file("bin/x", "4"), symlink("usr", "/../bin")],
].map(tarOfDrawn);

const layers: Target = {
  name: "layers",
  codes: ["ARCHIVE_BROKEN", "ARCHIVE_TOO_LARGE", "ARCHIVE_UNSAFE_PATH"],
  open: () => ({
    corpus: [...uppers, ...fixtures("tar/**/*.tar", 20)],
    mutate: mutateTar,
    words: [".wh.", ".wh..wh..opq", "usr/bin/", "../", "bin/", "loop/"],
    async run(input) {
      const all = [base, input, uppers[1] ?? input].map((tar) => ({ open: () => bytesOf(tar) }));
      const kinds = new Map<string, string>();
      const limits = { maxEntries: 5000, maxTotalBytes: 32 << 20, maxHeaderBytes: 1 << 20, what };
      // Written and read again, as a sandbox does.
      for await (const { entry } of readTar(writeTar(mergeLayers(all)), limits)) {
        assertInside(entry.path, "path of a merged entry");
        if (kinds.has(entry.path)) throw new Fault(`"${entry.path}" is there twice`);
        if (entry.kind === "hardlink" && !kinds.has(entry.target)) throw new Fault(`"${entry.path}" links to nothing`);
        kinds.set(entry.path, entry.kind);
      }
      for (const path of kinds.keys()) {
        const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : undefined;
        const kind = parent === undefined ? undefined : kinds.get(parent);
        if (kind !== undefined && kind !== "directory") throw new Fault(`"${path}" is below a ${kind}`);
      }
    },
  }),
};

const bundle = makeBundle({ platforms: ["linux/amd64", "linux/arm64"], compression: "none" });
const [image] = bundle.images;
const dockerManifest = JSON.stringify([{ Config: "config.json", RepoTags: ["a:1"], Layers: ["layer.tar"] }]);

const documents: Target = {
  name: "image-documents",
  codes: ["IMAGE_BROKEN"],
  open: () => ({
    corpus: [bundle.index?.text ?? "", image.manifest.text, image.config.text, dockerManifest].map((text) =>
      Buffer.from(text),
    ),
    mutate: mutateJson,
    run(input) {
      const document = { what, text: Buffer.from(input).toString("utf8") };
      const attempts = [
        () => parseDocument(makeReadDocument(input, undefined, what), what),
        () => parseConfig(document),
        () => parseDockerManifest(document),
      ];
      const errors = attempts.flatMap((attempt) => {
        try {
          assertSame(attempt(), attempt(), "two readings of a document");
          return [];
        } catch (error) {
          return [error];
        }
      });
      for (const error of errors) if ((error as { code?: string }).code !== "IMAGE_BROKEN") throw error;
    },
  }),
};

const archive: Target = {
  name: "image-archive",
  codes: [
    ...["IMAGE_BROKEN", "IMAGE_UNKNOWN", "PLATFORM_UNSUPPORTED", "DIGEST_MISMATCH", "USAGE"],
    ...["ARCHIVE_BROKEN", "ARCHIVE_TOO_LARGE", "ARCHIVE_UNSAFE_PATH", "COMPRESSION_BROKEN"],
  ] as Target["codes"],
  open: () => {
    const place = mkdtempSync(join(tmpdir(), "dodai-fuzz-"));
    const config = JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { diff_ids: [sha256(base)] } });
    const docker = tarOfDrawn([file("manifest.json", dockerManifest), file("config.json", config)]);
    const layer = tarOfDrawn([file("layer.tar", base.toString(), {})]);
    const oci = tarOfDrawn([file("index.json", JSON.stringify({ manifests: [] })), folder("blobs")]);
    return {
      corpus: [Buffer.concat([docker.subarray(0, -1024), layer]), oci, base, ...fixtures("oci/**/*.tar", 10)],
      mutate: mutateTar,
      async run(input) {
        const path = join(place, "image.tar");
        writeFileSync(path, input);
        const opened = await openImage({ place: path, temporary: () => join(place, "plain") });
        try {
          const chosen = await opened.choose({ hostPlatform: parsePlatform("amd64") });
          for (const one of chosen.layers) await collect(one.open(), { maxBytes: 32 << 20, what });
        } finally {
          await opened.close();
        }
      },
      close: () => rmSync(place, { recursive: true }),
    };
  },
};

export const imageTargets: readonly Target[] = [layers, documents, archive];
