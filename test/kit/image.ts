// Images in memory for tests of what is done with them: real tars, small, and the same on every machine.
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Entry, noXattrs } from "../../src/archive/entry.ts";
import { formatTarHeader, tarPadding, tarTrailer } from "../../src/archive/tar-write.ts";
import { bytesOf } from "../../src/core/bytes.ts";
import { type DiffId, sha256 } from "../../src/core/digest.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { RecipeConfig } from "../../src/core/recipe.ts";
import { type BundleImage, type BundleLayer, bundleImages, type ImageBundle } from "../../src/image/bundle.ts";
import { type ImageOptions, makeImage } from "../../src/image/image.ts";
import { type LayerCompression, layerMediaType } from "../../src/image/media-types.ts";

/** 2026-01-02T03:04:05Z. */
export const imageEpoch = 1767323045;

/** An entry and, for a file, its text. */
export type Drawn = { readonly entry: Entry; readonly text?: string };

const common = { uid: 0, gid: 0, mtime: imageEpoch, xattrs: noXattrs };

export const folder = (path: string, mode = 0o755, more: Partial<Entry> = {}): Drawn => ({
  entry: { ...common, kind: "directory", path, mode, ...more } as Entry,
});
export const file = (path: string, text: string, more: Partial<Entry> = {}): Drawn => ({
  entry: { ...common, kind: "file", path, mode: 0o644, sizeBytes: Buffer.byteLength(text), ...more } as Entry,
  text,
});
export const symlink = (path: string, target: string): Drawn => ({
  entry: { ...common, kind: "symlink", path, mode: 0o777, target },
});
export const hardlink = (path: string, target: string): Drawn => ({
  entry: { ...common, kind: "hardlink", path, mode: 0o644, target },
});
export const device = (path: string): Drawn => ({
  entry: { ...common, kind: "character-device", path, mode: 0o666, major: 1, minor: 3 },
});

/** A tar of these entries. */
export function tarOfDrawn(drawn: readonly Drawn[]): Uint8Array {
  const parts = drawn.flatMap(({ entry, text = "" }) => [
    formatTarHeader(entry),
    Buffer.from(text),
    new Uint8Array(tarPadding(Buffer.byteLength(text))),
  ]);
  return Buffer.concat([...parts, tarTrailer]);
}

export function makeLayer(createdBy: string, tar: Uint8Array, compression: LayerCompression = "gzip"): BundleLayer {
  const stored = { none: () => tar, gzip: () => gzipSync(tar), zstd: () => zstdCompressSync(tar) }[compression]();
  return {
    mediaType: layerMediaType(compression),
    digest: sha256(stored),
    sizeBytes: stored.byteLength,
    diffId: sha256(tar) as string as DiffId,
    uncompressedBytes: tar.byteLength,
    createdBy,
    open: () => bytesOf(stored),
    openUncompressed: () => bytesOf(tar),
  };
}

const settings: RecipeConfig = {
  cmd: ["sh", "-c", 'echo "$HOME"'],
  env: { LANG: "C.UTF-8", PATH: "/usr/bin:/bin" },
  labels: { "org.example.quote": 'a "b" $c \\d', "org.example.name": "test" },
  user: "65532:65532",
  workdir: "/",
  ports: ["8080"],
};

const base = [
  folder("."),
  folder("etc"),
  file("etc/motd", "hello\n"),
  folder("usr"),
  folder("usr/bin"),
  symlink("bin", "usr/bin"),
];
const tools = [folder("opt", 0o700), file("opt/a b", "x".repeat(1500), { mode: 0o755 }), hardlink("opt/c", "opt/a b")];

export interface BundleParts {
  readonly platforms?: readonly string[];
  readonly names?: readonly string[];
  readonly compression?: LayerCompression;
  readonly layers?: readonly BundleLayer[];
  readonly settings?: RecipeConfig;
  readonly inherited?: ImageOptions["inherited"];
}

/** A bundle of two small layers for each platform, unless told otherwise. */
export function makeBundle(parts: BundleParts = {}): ImageBundle {
  const { platforms = ["linux/amd64"], names = ["debian:trixie"], compression = "gzip" } = parts;
  const images = platforms.map((platform): BundleImage => {
    const own = [...tools, file("opt/platform", platform)];
    const layers = parts.layers ?? [
      makeLayer("base files", tarOfDrawn(base), compression),
      makeLayer(`tools for ${platform}`, tarOfDrawn(own), compression),
    ];
    return makeImage({
      platform: parsePlatform(platform),
      epoch: imageEpoch,
      settings: parts.settings ?? settings,
      ...(parts.inherited && { inherited: parts.inherited }),
      layers,
    });
  });
  const [first, ...others] = images;
  if (!first) throw new Error("A bundle has at least one image");
  return bundleImages([first, ...others], names.map(parseImageName));
}
