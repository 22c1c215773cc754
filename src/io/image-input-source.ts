// An OCI layout or a Docker archive on disk as a source of its parts, to be copied as it is.
import { stat } from "node:fs/promises";
import { bytesOf, verified } from "../core/bytes.ts";
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Descriptor, Document } from "../image/descriptor.ts";
import type { ImageSource } from "../image/image-source.ts";
import { formatManifest } from "../image/manifest.ts";
import { ociTypes } from "../image/media-types.ts";
import { brokenImage, parseConfig } from "../image/read-documents.ts";
import type { ImageFiles } from "./image-files.ts";
import { findDockerImage } from "./image-input-docker.ts";
import { openLayer } from "./image-input-layer.ts";
import { describeNames, openLayout } from "./image-input-layout.ts";
import { compressTar } from "./output-compress.ts";
import type { Store } from "./store.ts";

/** The image of an OCI layout that a tag, a name or a digest stands for; without one, all that the layout lists. */
export async function layoutSource(files: ImageFiles, reference: string | undefined): Promise<ImageSource> {
  const { place, index, listed, named, document, blob } = await openLayout(files);
  const roots = named(reference);
  const root = async (): Promise<Document> => {
    const [only, ...others] = roots;
    if (only === undefined) throw brokenImage(`"${place}"`, "there is no image in it");
    if (others.length === 0) return document(only);
    // Platforms side by side, as some tools write them, are one image; different images are not.
    const platforms = new Set(roots.map((one) => one.platform && formatCanonicalJson({ ...one.platform })));
    if (reference === undefined && !platforms.has(undefined) && platforms.size === roots.length) return index;
    throw new DodaiError("USAGE", `Cannot choose from "${place}": it holds several images`, {
      fix: `Name one, as in "${place}:TAG". There are ${describeNames(listed)}.`,
    });
  };
  return { name: place, root, document, blob };
}

export interface DockerSource {
  readonly reference: string | undefined;
  readonly store: Store;
}

/** An image of a Docker archive: its config as it is, its layers compressed, under a manifest that is made for them. */
export async function dockerSource(files: ImageFiles, { reference, store }: DockerSource): Promise<ImageSource> {
  const { place } = files;
  const { image, document } = await findDockerImage(files, reference);
  const { diffIds } = parseConfig(document);
  if (diffIds.length !== image.layers.length) {
    throw brokenImage(`"${place}"`, `its config tells of ${diffIds.length} layers, and it has ${image.layers.length}`);
  }
  const layers: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const bytes = files.open(image.layers[index] ?? "");
    const plain = openLayer({ bytes, diffId, what: `layer ${index + 1} of "${place}"` });
    const digest = await store.keep(compressTar(plain, "gzip"));
    layers.push({ mediaType: ociTypes.layerGzip, digest, sizeBytes: (await stat(store.path(digest))).size });
  }
  const { text } = document;
  const config = { mediaType: ociTypes.config, digest: sha256(text), sizeBytes: Buffer.byteLength(text) };
  const manifest = formatManifest({ config, layers });
  return {
    name: place,
    root: async () => manifest,
    document: async ({ digest }) => {
      throw brokenImage(`"${place}"`, `it has no ${digest}`);
    },
    blob: ({ digest, sizeBytes }) =>
      digest === config.digest
        ? bytesOf(text)
        : verified(store.open(digest), { digest, sizeBytes, what: `a layer of "${place}"` }),
  };
}
