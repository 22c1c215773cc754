// The `context` output of images that are a published root tarball with nothing changed: the very bytes under the very name, in
// the form of the original's repository (docker-alpine). One platform: Dockerfile and tarball side by side. Several: a folder
// for each, under the publisher's word for it. Beside them the sums of all, and the version.
import { createHash, type Hash } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { compareBytes } from "../core/byte-order.ts";
import { type Bytes, bytesOf, verified } from "../core/bytes.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import type { BundleImage, OriginalRoot } from "../image/bundle.ts";
import type { OutputOptions } from "./output-contract.ts";
import { formatDockerfile, withoutImplied } from "./output-dockerfile.ts";
import { replaceFolder } from "./output-folder.ts";
import { watched, writeNew } from "./output-stream.ts";

export interface OriginalImage {
  readonly settings: RecipeConfig;
  readonly original: OriginalRoot;
}

/** All images with their originals, or `undefined` when one of them is something else. */
export function originalsOf(images: readonly BundleImage[]): readonly OriginalImage[] | undefined {
  const originals = images.flatMap(({ settings, original }) => (original ? [{ settings, original }] : []));
  return originals.length === images.length ? originals : undefined;
}

export async function writeOriginals(images: readonly OriginalImage[], options: OutputOptions): Promise<void> {
  const { destination, signal } = options;
  const [first] = images;
  await replaceFolder({
    destination,
    guarded: images.length === 1 ? ["Dockerfile", "VERSION", "checksums.sha512"] : ["VERSION", "checksums.sha512"],
    signal,
    write: async (folder) => {
      await makeFolder(folder);
      const sums = await writeTarballs(folder, images, options);
      await writeFile(join(folder, "checksums.sha512"), bytesOf(sums));
      // The original's has no line end.
      await writeFile(join(folder, "VERSION"), bytesOf(first?.original.version ?? ""));
    },
  });
}

async function writeTarballs(
  folder: string,
  images: readonly OriginalImage[],
  { signal, onProgress }: OutputOptions,
): Promise<string> {
  const totalBytes = images.reduce((sum, { original }) => sum + original.sizeBytes, 0);
  const lines: string[] = [];
  let before = 0;
  for (const { settings, original } of images) {
    const { architecture, fileName: tarball, sizeBytes, digest } = original;
    const place = images.length === 1 ? "" : `${architecture}/`;
    if (place !== "") await makeFolder(join(folder, place));
    const start = before;
    const bytes = watched(verified(original.open(), { digest, sizeBytes, what: tarball }), {
      signal,
      totalBytes,
      onProgress: ({ doneBytes }) => onProgress?.({ doneBytes: start + doneBytes, totalBytes }),
    });
    const state = createHash("sha512");
    await writeFile(join(folder, place, tarball), hashed(bytes, state));
    const dockerfile = formatDockerfile({
      tarball,
      settings: { ...settings, env: withoutImplied(settings.env ?? {}) },
    });
    await writeFile(join(folder, place, "Dockerfile"), bytesOf(dockerfile));
    lines.push(`${state.digest("hex")}  ${place}${tarball}\n`);
    before += sizeBytes;
  }
  return lines.toSorted((a, b) => compareBytes(a.slice(128), b.slice(128))).join("");
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}

async function writeFile(target: string, bytes: Bytes): Promise<void> {
  await writeNew(target, bytes);
  await chmod(target, 0o644);
}

async function* hashed(bytes: Bytes, state: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    state.update(chunk);
    yield chunk;
  }
}
