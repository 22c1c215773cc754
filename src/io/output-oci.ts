// The `oci` and `oci-layout` outputs (image-spec, image-layout.md). The archive is a Docker archive as well: Docker
// before 25, and any Docker without containerd's image store, reads `manifest.json` and not `index.json`.
// - `index.json` has one descriptor for each name, since its annotations can hold one name only; of two names with one
//   tag, skopeo's `oci-archive:FILE:TAG` takes the first, which is the same image. Without names it has one, unnamed.
// - `manifest.json` has one entry. Its readers know no platforms and would let the last entry win the name, so of several
//   platforms it is linux/amd64, or else the first. Its layers are the compressed blobs, which Docker, Podman and skopeo
//   detect by their first bytes; Docker reads zstd ones since 23.
// - Small members come first: who only inspects a large archive reads little of it.

import { compareBytes } from "../core/byte-order.ts";
import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { formatImageName, formatShortImageName } from "../core/image-name.ts";
import { containerdNameKey, refNameKey } from "../image/annotations.ts";
import { type BundleImage, bundleEpoch, type ImageBundle, rootDocument } from "../image/bundle.ts";
import type { Descriptor, Document } from "../image/descriptor.ts";
import { indexJson } from "../image/manifest.ts";
import {
  blobPath,
  documentMember,
  folderMember,
  layerMember,
  type Member,
  tarBytes,
  tarOf,
  textMember,
} from "./output-archive.ts";
import type { OutputOptions } from "./output-contract.ts";
import { replaceFile } from "./output-file.ts";
import { replaceFolder } from "./output-folder.ts";
import { writeMembers } from "./output-members.ts";
import { watched } from "./output-stream.ts";

/** One tar that `docker load`, `podman load` and skopeo's `oci-archive:` and `docker-archive:` take. */
export async function writeOciArchive(options: OutputOptions): Promise<void> {
  const { bundle, destination, signal } = options;
  const manifest = textMember("manifest.json", formatDockerManifest(bundle));
  const members = [...layoutHead(bundle), manifest, ...layoutBlobs(bundle)];
  const bytes = tarOf({ members, epoch: bundleEpoch(bundle) });
  await replaceFile(watched(bytes, { ...options, totalBytes: tarBytes(members) }), destination, signal);
}

/** The same layout as a folder, without Docker's file. */
export async function writeOciLayout(options: OutputOptions): Promise<void> {
  const { bundle, destination, signal } = options;
  const members = [...layoutHead(bundle), ...layoutBlobs(bundle)];
  const write = (folder: string): Promise<void> => writeMembers({ ...options, members, folder });
  await replaceFolder({ destination, guarded: ["index.json"], signal, write });
}

function layoutHead(bundle: ImageBundle): readonly Member[] {
  return [
    textMember("oci-layout", formatCanonicalJson({ imageLayoutVersion: "1.0.0" })),
    textMember("index.json", formatCanonicalJson(indexJson({ manifests: namedRoots(bundle) }))),
  ];
}

/** What the layout's index points at: the bundle's root, once for each name. */
function namedRoots(bundle: ImageBundle): readonly Descriptor[] {
  const root = rootDocument(bundle);
  if (bundle.names.length === 0) return [root];
  return bundle.names.map((name) => ({
    ...root,
    annotations: { [containerdNameKey]: formatImageName(name), [refNameKey]: name.tag ?? "latest" },
  }));
}

/** Every blob once: documents, then layers, each sorted by digest. */
function layoutBlobs({ images, index }: ImageBundle): readonly Member[] {
  const documents = images.flatMap((image) => [image.config, image.manifest]).concat(index ?? []);
  const layers = images.flatMap((image) => image.layers);
  return [
    folderMember("blobs"),
    folderMember("blobs/sha256"),
    ...distinct<Document>(documents).map(documentMember),
    ...distinct(layers).map((layer) => layerMember(blobPath(layer.digest), layer)),
  ];
}

function distinct<Content extends { readonly digest: Descriptor["digest"] }>(
  all: readonly Content[],
): readonly Content[] {
  const byDigest = new Map(all.map((one) => [one.digest, one]));
  return [...byDigest.values()].toSorted((a, b) => compareBytes(a.digest, b.digest));
}

/** The `manifest.json` of `docker save` (moby, image spec v1.2), pointing into the layout's blobs. */
function formatDockerManifest({ images, names }: ImageBundle): string {
  const image = images.find(({ platform }) => platform.architecture === "amd64") ?? images[0];
  return formatCanonicalJson([dockerEntry(image, names)]);
}

function dockerEntry({ config, layers }: BundleImage, names: ImageBundle["names"]): Json {
  return {
    Config: blobPath(config.digest),
    RepoTags: names.map(formatShortImageName),
    Layers: layers.map((layer) => blobPath(layer.digest)),
  };
}
