// Reading images from disk, whoever wrote them: OCI layouts as folder or archive, Docker archives, dodai's files that are
// both, and tars of a root file system. Archives may be compressed as a whole. Every byte that leaves here is checked at the
// end of its stream against what the image says of it.
import { open, rm } from "node:fs/promises";
import { type Compression, DETECT_BYTES, detectCompression } from "../archive/compression.ts";
import { decompress } from "../archive/decompress.ts";
import { readTar } from "../archive/tar.ts";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { ImageSource } from "../image/image-source.ts";
import { openImageFolder, openImageTar, readRange } from "./image-files.ts";
import type { ImageChoice, InputImage, InputLayer } from "./image-input-contract.ts";
import { chooseDockerImage } from "./image-input-docker.ts";
import { maxLayerBytes } from "./image-input-layer.ts";
import { chooseOciImage } from "./image-input-oci.ts";
import { type DockerSource, dockerSource, layoutSource } from "./image-input-source.ts";

export interface ImageInput {
  /** Throws IMAGE_BROKEN, IMAGE_UNKNOWN, PLATFORM_UNSUPPORTED, DIGEST_MISMATCH. */
  choose(choice: ImageChoice): Promise<InputImage>;
  /** The image to be copied, with all its platforms. What is compressed for it goes into the store. Throws as `choose`. */
  source(options: DockerSource): Promise<ImageSource>;
  close(): Promise<void>;
}

export interface OpenImageOptions {
  /** File or folder. */
  readonly place: string;
  /** A path that is not there yet, for the plain bytes of an archive that is compressed as a whole. */
  temporary(): string;
}

/** Throws FILE_UNREADABLE, IMAGE_BROKEN and what decompression throws. The caller closes it. */
export async function openImage({ place, temporary }: OpenImageOptions): Promise<ImageInput> {
  const handle = await open(place, "r").catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(place, cause.code === "ENOENT" ? "there is no such file" : cause.message);
  });
  try {
    const found = await handle.stat();
    if (found.isDirectory()) {
      const files = openImageFolder(place);
      await handle.close();
      return await openFiles(files);
    }
    if (!found.isFile()) throw unreadable(place, "it is neither a file nor a folder");
    const source: Source = { place, handle, sizeBytes: found.size };
    const compression = await compressionOf(source);
    if (compression === "none") return await openTar(source);
    const plain = (): Bytes =>
      decompress(wholeOf(source), { compression, maxBytes: maxLayerBytes, what: `"${place}"` });
    if ((await kindOf(plain())) !== "image") return openRoot(source, plain);
    return await openDecompressed(source, { plain: plain(), temporary: temporary() });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Source {
  readonly place: string;
  readonly handle: Awaited<ReturnType<typeof open>>;
  readonly sizeBytes: number;
}

const wholeOf = ({ handle, sizeBytes }: Source): Bytes => readRange(handle, { offset: 0, sizeBytes });

async function compressionOf({ handle }: Source): Promise<Compression> {
  const first = Buffer.alloc(DETECT_BYTES);
  const { bytesRead } = await handle.read(first, 0, DETECT_BYTES, 0);
  return detectCompression(first.subarray(0, bytesRead));
}

/** An archive of an image, or the root itself: an image's archive has nothing but an image's files at its top. */
async function openTar(source: Source): Promise<ImageInput> {
  const files = await openImageTar(source.handle, { place: source.place, isPart: (path) => pathKind(path) !== "root" });
  return files ? openFiles(files) : openRoot(source, () => wholeOf(source));
}

async function openFiles(files: ReturnType<typeof openImageFolder>): Promise<ImageInput> {
  const { place } = files;
  const close = (): Promise<void> => files.close();
  if ((await files.sizeOf("index.json")) !== undefined) {
    const source = ({ reference }: DockerSource): Promise<ImageSource> => layoutSource(files, reference);
    return { choose: (choice) => chooseOciImage(files, choice), source, close };
  }
  if ((await files.sizeOf("manifest.json")) !== undefined) {
    const source = (options: DockerSource): Promise<ImageSource> => dockerSource(files, options);
    return { choose: (choice) => chooseDockerImage(files, choice), source, close };
  }
  await close();
  throw new DodaiError("IMAGE_BROKEN", `Cannot read "${place}": it has neither index.json nor manifest.json`, {
    fix: "Name an OCI layout or archive, a Docker archive, or a tar of a root file system.",
  });
}

function openRoot({ place, handle, sizeBytes }: Source, plain: () => Bytes): ImageInput {
  const layer: InputLayer = { digest: undefined, sizeBytes, open: plain };
  return {
    choose: async () => ({ digest: undefined, config: undefined, layers: [layer] }),
    source: async () => {
      throw new DodaiError("IMAGE_BROKEN", `Cannot copy "${place}": it is a root file system, and no image`, {
        fix: "Name an OCI layout or archive, or a Docker archive.",
      });
    },
    close: () => handle.close(),
  };
}

/** Old Docker archives name folders and configs by 64 hex digits, other writers by those of a digest. */
const imagePaths = /^(?:oci-layout|index\.json|manifest\.json|blobs\/.*|(?:sha256:)?[0-9a-f]{64}(?:[./].*)?)$/;
/** What an image's archive may hold, but other archives as well. */
const vaguePaths = /^(?:\.|blobs|repositories|[^/]*\.(?:json|tar|tar\.gz))$/;

function pathKind(path: string): "image" | "root" | undefined {
  if (imagePaths.test(path)) return "image";
  return vaguePaths.test(path) ? undefined : "root";
}

/** Looks at the first members only. */
async function kindOf(tar: Bytes): Promise<"image" | "root" | undefined> {
  const limits = { maxEntries: 1000, maxTotalBytes: maxLayerBytes, maxHeaderBytes: 1 << 20 };
  for await (const { entry } of readTar(tar, limits)) {
    const kind = pathKind(entry.path);
    if (kind) return kind;
  }
  return undefined;
}

/** The plain archive goes to a file without a name: nothing is left of it, however this ends. */
async function openDecompressed(
  { place, handle }: Source,
  { plain, temporary }: { readonly plain: Bytes; readonly temporary: string },
): Promise<ImageInput> {
  const file = await open(temporary, "wx+", 0o600);
  try {
    await rm(temporary);
    let sizeBytes = 0;
    for await (const chunk of plain) {
      await file.write(chunk, 0, chunk.length, sizeBytes);
      sizeBytes += chunk.length;
    }
    await handle.close();
    return await openTar({ place, handle: file, sizeBytes });
  } catch (error) {
    await file.close();
    throw error;
  }
}

function unreadable(place: string, state: string): DodaiError {
  return new DodaiError("FILE_UNREADABLE", `Cannot read "${place}": ${state}`);
}
