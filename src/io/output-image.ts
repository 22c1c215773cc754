// An image that was not built here, as a layout or an archive: its documents as they are, byte for byte.
import type { Digest } from "../core/digest.ts";
import type { ImageName } from "../core/image-name.ts";
import type { ImageGraph } from "../image/image-graph.ts";
import type { ImageSource } from "../image/image-source.ts";
import { dockerTypes, ociTypes } from "../image/media-types.ts";
import { parseDocument, type ReadManifest } from "../image/parse-document.ts";
import { blobPath, documentMember, type Member } from "./output-archive.ts";
import { distinct, type LayoutParts, type WriteLayout, writeLayoutArchive, writeLayoutFolder } from "./output-oci.ts";

export interface WriteImage extends WriteLayout {
  readonly source: ImageSource;
  readonly graph: ImageGraph;
  readonly names: readonly ImageName[];
  readonly kind: "oci" | "oci-layout";
}

/** Throws DISK_FULL, OUTPUT_UNWRITABLE, CANCELLED, DIGEST_MISMATCH and what the source throws. */
export async function writeImage({ source, graph, names, kind, ...options }: WriteImage): Promise<void> {
  const parts = layoutOf(source, graph, names);
  await (kind === "oci" ? writeLayoutArchive(parts, options) : writeLayoutFolder(parts, options));
}

/** Small members first, as in what is built here. */
function layoutOf(source: ImageSource, graph: ImageGraph, names: readonly ImageName[]): LayoutParts {
  const manifests = manifestsOf(graph);
  const configs = new Set<Digest>([...manifests.values()].map(({ config }) => config.digest));
  const { digest, mediaType, sizeBytes } = graph.root;
  const members = (wanted: boolean): readonly Member[] =>
    distinct(graph.blobs.filter((one) => configs.has(one.digest) === wanted)).map((pointer) => {
      const path = blobPath(pointer.digest);
      return { kind: "file", path, sizeBytes: pointer.sizeBytes, open: () => source.blob(pointer) };
    });
  return {
    root: { digest, mediaType, sizeBytes },
    names,
    blobs: [...distinct(graph.documents).map(documentMember), ...members(true), ...members(false)],
    docker: dockerImage(graph, manifests),
    epoch: 0,
  };
}

function manifestsOf({ documents }: ImageGraph): ReadonlyMap<Digest, ReadManifest> {
  const read = documents.map((document) => [document.digest, parseDocument(document, document.digest)] as const);
  return new Map(read.flatMap(([digest, one]) => (one.kind === "manifest" ? [[digest, one] as const] : [])));
}

/** A Docker archive can tell of one image: that for amd64, or else the first. */
function dockerImage({ root }: ImageGraph, manifests: ReadonlyMap<Digest, ReadManifest>): LayoutParts["docker"] {
  const read = parseDocument(root, root.digest);
  const amd64 = read.kind === "index" && read.manifests.find(({ platform }) => platform?.architecture === "amd64");
  const images = [...manifests.values()].filter(({ config }) => configTypes.includes(config.mediaType));
  const chosen = (amd64 ? manifests.get(amd64.digest) : undefined) ?? images[0];
  return chosen && { config: chosen.config.digest, layers: chosen.layers.map(({ digest }) => digest) };
}

const configTypes: readonly string[] = [ociTypes.config, dockerTypes.config];
