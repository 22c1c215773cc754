// What outputs take: the images of one build with a way to their layers' bytes, under the names that they get.
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, type ImageName } from "../core/image-name.ts";
import { imageAnnotations } from "./annotations.ts";
import type { Document } from "./descriptor.ts";
import type { Image } from "./image.ts";
import type { Layer } from "./layer.ts";
import { formatIndex } from "./manifest.ts";

/** Bytes that are known by their digest and can be read any number of times. */
export interface Blob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** The bytes from their start. Whoever made the blob has verified them, or throws while they are read. */
  open(): Bytes;
}

/** A layer with its bytes. */
export interface BundleLayer extends Layer, Blob {
  /** The uncompressed tar, `uncompressedBytes` long, with two zero blocks and nothing more at its end. */
  openUncompressed(): Bytes;
}

/** A root tarball that somebody published, as it is. */
export interface OriginalRoot extends Blob {
  readonly fileName: string;
  /** Its publisher's word for the platform. */
  readonly architecture: string;
  readonly version: string;
}

export interface BundleImage extends Image<BundleLayer> {
  /** What the image's files are, all of them and nothing else; known when an output wants it. */
  readonly original?: OriginalRoot;
}

export interface ImageBundle {
  /** At least one; one per platform, in the order of the recipe. */
  readonly images: readonly [BundleImage, ...BundleImage[]];
  /** Over the images, when there are several. */
  readonly index: Document | undefined;
  /** Names for archives and layouts, each with a tag and without a digest, in the order given. May be empty. */
  readonly names: readonly ImageName[];
}

/** Puts images together, under an index when there are several. Throws IMAGE_NAME_SYNTAX for a name with a digest. */
export function bundleImages(
  images: readonly [BundleImage, ...BundleImage[]],
  names: readonly ImageName[] = [],
): ImageBundle {
  assertTagged(names);
  if (images.length === 1) return { images, index: undefined, names };
  const [{ facts, settings }] = images;
  const epoch = Math.max(...images.map((image) => image.epoch));
  const annotations = imageAnnotations(epoch, facts, settings.annotations);
  return { images, index: formatIndex({ manifests: images.map((image) => image.manifest), annotations }), names };
}

/** What the bundle's digest is of: the index, or the manifest of its only image. */
export function rootDocument({ index, images: [first] }: ImageBundle): Document {
  return index ?? first.manifest;
}

/** Time of the bundle's own files, in seconds since 1970: the newest of its images. */
export function bundleEpoch({ images }: ImageBundle): number {
  return Math.max(...images.map((image) => image.epoch));
}

/** A digest follows from what is built, so nobody can ask for one. */
function assertTagged(names: readonly ImageName[]): void {
  for (const name of names) {
    if (name.digest === undefined) continue;
    throw new DodaiError(
      "IMAGE_NAME_SYNTAX",
      `Cannot name the image "${formatImageName(name)}": it has a digest, and a new image's name takes a tag only`,
      { fix: `Use "${formatImageName({ ...name, tag: name.tag ?? "latest", digest: undefined })}".` },
    );
  }
}
