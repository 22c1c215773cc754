// An image as text: what its config says and one line a path, layer by layer, read back from an OCI layout on disk.
// Every blob's digest and every layer's diffId is checked on the way.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import type { Entry } from "../../src/archive/entry.ts";
import { readTarBuffer } from "../../src/archive/tar.ts";

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface ReadLayer {
  readonly mediaType: string;
  readonly compressed: Uint8Array;
  readonly plain: Uint8Array;
  readonly createdBy: string;
}

export interface ReadImage {
  readonly config: Record<string, unknown>;
  readonly layers: readonly ReadLayer[];
}

/** The one image of an OCI layout. */
export function readLayout(folder: string): ReadImage {
  const blob = ({ digest, size }: Descriptor): Buffer => {
    const bytes = readFileSync(join(folder, "blobs", digest.replace(":", "/")));
    assert.equal(bytes.length, size);
    assert.equal(hashOf(bytes), digest);
    return bytes;
  };
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as { manifests: [Descriptor] };
  const manifest = JSON.parse(String(blob(index.manifests[0]))) as { config: Descriptor; layers: Descriptor[] };
  const config = JSON.parse(String(blob(manifest.config))) as {
    config: Record<string, unknown>;
    history: { created_by: string }[];
    rootfs: { diff_ids: string[] };
  };
  const layers = manifest.layers.map((layer, at): ReadLayer => {
    const compressed = blob(layer);
    const plain = layer.mediaType.endsWith("zstd") ? zstdDecompressSync(compressed) : gunzipSync(compressed);
    assert.equal(hashOf(plain), config.rootfs.diff_ids[at]);
    return { mediaType: layer.mediaType, compressed, plain, createdBy: config.history[at]?.created_by ?? "" };
  });
  return { config: config.config, layers };
}

export const hashOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Everything of an image that a golden holds. */
export function pictureOf({ config, layers }: ReadImage): string {
  const lines = [`config ${JSON.stringify(config)}`];
  for (const { mediaType, plain, createdBy } of layers) {
    lines.push("", `layer ${mediaType.replace("application/vnd.oci.image.layer.v1.", "")}: ${createdBy}`);
    lines.push(...pictureOfTar(plain));
  }
  return `${lines.join("\n")}\n`;
}

/** `kind mode owner time path size-or-target`, in the order of the archive. */
export function pictureOfTar(bytes: Uint8Array): readonly string[] {
  return entriesOf(bytes).map(describeEntry);
}

export function entriesOf(bytes: Uint8Array): readonly Entry[] {
  return filesOf(bytes).map(({ entry }) => entry);
}

const limits = { maxEntries: 10_000, maxTotalBytes: 1 << 30, maxHeaderBytes: 1 << 20 };

/** The entries of a tar with their bytes as Latin-1; "" for what is no file. */
export function filesOf(bytes: Uint8Array): readonly { readonly entry: Entry; readonly text: string }[] {
  return [...readTarBuffer(bytes, limits)].map(({ entry, body }) => ({
    entry,
    text: Buffer.from(body).toString("latin1"),
  }));
}

/** The content of a file of an image, as Latin-1. */
export function textIn({ layers }: ReadImage, path: string): string {
  const found = layers.flatMap(({ plain }) => filesOf(plain)).find(({ entry }) => entry.path === path);
  return found?.text ?? assert.fail(`the image has no "${path}"`);
}

function describeEntry(entry: Entry): string {
  const mode = entry.mode.toString(8).padStart(4, "0");
  const xattrs = [...entry.xattrs].map(([name, value]) => ` ${name}=${Buffer.from(value).toString("hex")}`).join("");
  return `${entry.kind} ${mode} ${entry.uid}:${entry.gid} ${entry.mtime} ${entry.path}${restOf(entry)}${xattrs}`;
}

function restOf(entry: Entry): string {
  switch (entry.kind) {
    case "file":
      return ` ${entry.sizeBytes}`;
    case "symlink":
    case "hardlink":
      return ` -> ${entry.target}`;
    default:
      return "";
  }
}
