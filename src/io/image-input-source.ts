// An OCI layout or a Docker archive on disk as a source of its parts, to be copied as it is.
import { stat } from "node:fs/promises";
import { type Bytes, bytesOf, collect, verified } from "../core/bytes.ts";
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { containerdNameKey, refNameKey } from "../image/annotations.ts";
import type { Descriptor, Document } from "../image/descriptor.ts";
import type { ImageSource, Pointer } from "../image/image-source.ts";
import { formatManifest } from "../image/manifest.ts";
import { ociTypes } from "../image/media-types.ts";
import { makeReadDocument, maxDocumentBytes, parseDocument } from "../image/parse-document.ts";
import { brokenImage, parseConfig } from "../image/read-documents.ts";
import { type ImageFiles, readDocument } from "./image-files.ts";
import { findDockerImage } from "./image-input-docker.ts";
import { imageFix, openLayer } from "./image-input-layer.ts";
import { compressTar } from "./output-compress.ts";
import type { Store } from "./store.ts";

/** The image of an OCI layout that a tag, a name or a digest stands for; without one, all that the layout lists. */
export async function layoutSource(files: ImageFiles, reference: string | undefined): Promise<ImageSource> {
  const { place } = files;
  const index = await readLayoutIndex(files);
  const listed = parseDocument(index, `"index.json" of "${place}"`);
  const all = listed.kind === "index" ? listed.manifests : [];
  const named = reference === undefined ? all : all.filter((one) => isNamed(one, reference));
  const roots = [...new Map(named.map((one) => [one.digest, one])).values()];
  const document = async (pointer: Pointer): Promise<Document> => {
    const what = `${pointer.digest} of "${place}"`;
    if (pointer.sizeBytes > maxDocumentBytes) throw brokenImage(what, `it is larger than ${maxDocumentBytes} bytes`);
    const bytes = await collect(blob(pointer), { maxBytes: maxDocumentBytes, what });
    return makeReadDocument(bytes, pointer.mediaType, what);
  };
  const blob = (pointer: Pointer): Bytes => {
    const { digest, sizeBytes } = pointer;
    const bytes = files.open(`blobs/sha256/${hexOf(digest)}`);
    return verified(bytes, { digest, sizeBytes, what: `${digest} of "${place}"`, fix: imageFix });
  };
  const root = async (): Promise<Document> => {
    const [only, ...others] = roots;
    if (only === undefined) throw unknown(place, reference, all);
    if (others.length === 0) return document(only);
    // Platforms side by side, as some tools write them, are one image; different images are not.
    const platforms = new Set(roots.map((one) => one.platform && formatCanonicalJson({ ...one.platform })));
    if (reference !== undefined || platforms.has(undefined) || platforms.size < roots.length) throw several(place, all);
    return index;
  };
  return { name: place, root, document, blob };
}

async function readLayoutIndex(files: ImageFiles): Promise<Document> {
  const { what, text } = await readDocument(files, "index.json");
  return makeReadDocument(Buffer.from(text), ociTypes.index, what);
}

function isNamed({ annotations = {}, digest }: Pointer, reference: string): boolean {
  return [annotations[refNameKey], annotations[containerdNameKey], digest].includes(reference);
}

const namesOf = (all: readonly Pointer[]): string =>
  [...new Set(all.map(({ annotations, digest }) => annotations?.[refNameKey] ?? digest))].slice(0, 20).join(", ");

function unknown(place: string, reference: string | undefined, all: readonly Pointer[]): DodaiError {
  if (reference === undefined) return brokenImage(`"${place}"`, "there is no image in it");
  return new DodaiError("IMAGE_UNKNOWN", `Cannot find "${reference}" in "${place}": it holds no such image`, {
    fix: `It holds ${namesOf(all) || "none"}.`,
  });
}

function several(place: string, all: readonly Pointer[]): DodaiError {
  return new DodaiError("USAGE", `Cannot choose from "${place}": it holds several images`, {
    fix: `Name one, as in "${place}:TAG". There are ${namesOf(all)}.`,
  });
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
