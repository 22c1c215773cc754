// The `context` output: a folder from which `docker build` makes the image, as the repositories of Docker's official
// images have it. One platform: NAME-ARCH.tar.xz (NAME-docker.tar.xz when NAME ends in the machine) and a plain ADD. Several: a tarball for each and one Dockerfile that
// lets BuildKit choose, `ADD NAME-$TARGETARCH$TARGETVARIANT.tar.xz /`; so tarballs are called -amd64, -armv7.
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { compareBytes } from "../core/byte-order.ts";
import { type Bytes, bytesOf } from "../core/bytes.ts";
import { type DigestStream, hexOf, startDigest } from "../core/digest.ts";
import { machineOf, type Platform } from "../core/platform.ts";
import { compressTar } from "./output-compress.ts";
import { originalsOf, writeOriginals } from "./output-context-original.ts";
import type { OutputOptions } from "./output-contract.ts";
import { formatDockerfile } from "./output-dockerfile.ts";
import { replaceFolder } from "./output-folder.ts";
import { rootfsBytes, rootfsTar } from "./output-rootfs.ts";
import { watched, writeNew } from "./output-stream.ts";

/** Writes `Dockerfile`, a root tarball for each platform, and `SHA256SUMS` over the tarballs; or what was published as it is. */
export async function writeContext(options: OutputOptions): Promise<void> {
  const { bundle, baseName, destination, signal } = options;
  const originals = originalsOf(bundle.images);
  if (originals) return writeOriginals(originals, options);
  const [first, ...others] = bundle.images;
  const ending = others.length === 0 ? suffixOf(first.platform, baseName) : "$TARGETARCH$TARGETVARIANT";
  const { settings, inherited } = first;
  const dockerfile = formatDockerfile({ tarball: tarballName(baseName, ending), settings, inherited });
  await replaceFolder({
    destination,
    guarded: ["Dockerfile", "SHA256SUMS"],
    signal,
    write: async (folder) => {
      await mkdir(folder);
      await chmod(folder, 0o755);
      const sums = await writeTarballs(folder, options);
      await writeFile(join(folder, "SHA256SUMS"), bytesOf(sums));
      await writeFile(join(folder, "Dockerfile"), bytesOf(dockerfile));
    },
  });
}

/** What `docker build` has in TARGETARCH and TARGETVARIANT for a platform, one after the other: `amd64`, `armv7`. */
const platformSuffix = ({ architecture, variant = "" }: Platform): string => architecture + variant;

/** Of one tarball alone: a name that says the machine already is followed by `docker`, as CentOS's. */
function suffixOf(platform: Platform, baseName: string): string {
  return baseName.endsWith(`-${machineOf(platform)}`) ? "docker" : platformSuffix(platform);
}

const tarballName = (baseName: string, suffix: string): string => `${baseName}-${suffix}.tar.xz`;

/** Writes the tarballs, and gives their sums as `sha256sum -c` reads them. */
async function writeTarballs(folder: string, options: OutputOptions): Promise<string> {
  const { bundle, baseName, signal, onProgress } = options;
  const totalBytes = bundle.images.reduce((sum, image) => sum + rootfsBytes(image), 0);
  const lines: string[] = [];
  let before = 0;
  for (const image of bundle.images) {
    const { platform } = image;
    const name = tarballName(
      baseName,
      bundle.images.length === 1 ? suffixOf(platform, baseName) : platformSuffix(platform),
    );
    const start = before;
    const tar = watched(rootfsTar(image), {
      signal,
      totalBytes,
      onProgress: ({ doneBytes }) => onProgress?.({ doneBytes: start + doneBytes, totalBytes }),
    });
    lines.push(`${await writeTarball(join(folder, name), tar)}  ${name}\n`);
    before += rootfsBytes(image);
  }
  return lines.toSorted((a, b) => compareBytes(a.slice(64), b.slice(64))).join("");
}

async function writeTarball(path: string, tar: Bytes): Promise<string> {
  const state = startDigest();
  await writeFile(path, hashed(compressTar(tar, "xz"), state));
  return hexOf(state.digest());
}

async function writeFile(target: string, bytes: Bytes): Promise<void> {
  await writeNew(target, bytes);
  await chmod(target, 0o644);
}

async function* hashed(bytes: Bytes, state: DigestStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    state.update(chunk);
    yield chunk;
  }
}
