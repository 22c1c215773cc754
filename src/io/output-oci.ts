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
import type { Digest } from "../core/digest.ts";
import { formatImageName, formatShortImageName, type ImageName } from "../core/image-name.ts";
import { containerdNameKey, refNameKey } from "../image/annotations.ts";
import { bundleEpoch, type ImageBundle, rootDocument } from "../image/bundle.ts";
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
  await writeLayoutArchive(bundleLayout(options.bundle), options);
}

/** The same layout as a folder, without Docker's file. */
export async function writeOciLayout(options: OutputOptions): Promise<void> {
  await writeLayoutFolder(bundleLayout(options.bundle), options);
}

/** What a layout is made of. */
export interface LayoutParts {
  /** What the name of the image points at. */
  readonly root: Descriptor;
  readonly names: readonly ImageName[];
  /** Indexes, manifests, configs and layers, each once under its blob's path, in their order. */
  readonly blobs: readonly Member[];
  /** The image that readers of Docker archives get. */
  readonly docker: DockerParts | undefined;
  /** Time of the members, in seconds since 1970. */
  readonly epoch: number;
}

interface DockerParts {
  readonly config: Digest;
  readonly layers: readonly Digest[];
}

export type WriteLayout = Pick<OutputOptions, "destination" | "signal" | "onProgress">;

export async function writeLayoutArchive(parts: LayoutParts, options: WriteLayout): Promise<void> {
  const { destination, signal } = options;
  const { docker, names, blobs, epoch } = parts;
  const manifest = docker ? [textMember("manifest.json", formatDockerManifest(docker, names))] : [];
  const members = [...layoutHead(parts), ...manifest, ...blobFolders, ...blobs];
  const bytes = tarOf({ members, epoch });
  await replaceFile(watched(bytes, { ...options, totalBytes: tarBytes(members) }), destination, signal);
}

export async function writeLayoutFolder(parts: LayoutParts, options: WriteLayout): Promise<void> {
  const { destination, signal } = options;
  const members = [...layoutHead(parts), ...blobFolders, ...parts.blobs];
  const write = (folder: string): Promise<void> => writeMembers({ ...options, members, folder });
  await replaceFolder({ destination, guarded: ["index.json"], signal, write });
}

function layoutHead({ root, names }: LayoutParts): readonly Member[] {
  return [
    textMember("oci-layout", formatCanonicalJson({ imageLayoutVersion: "1.0.0" })),
    textMember("index.json", formatCanonicalJson(indexJson({ manifests: namedRoots(root, names) }))),
  ];
}

/** What the layout's index points at: the image's root, once for each name. */
function namedRoots(root: Descriptor, names: readonly ImageName[]): readonly Descriptor[] {
  if (names.length === 0) return [root];
  return names.map((name) => ({
    ...root,
    annotations: { [containerdNameKey]: formatImageName(name), [refNameKey]: name.tag ?? "latest" },
  }));
}

const blobFolders: readonly Member[] = [folderMember("blobs"), folderMember("blobs/sha256")];

/** Every blob once: documents, then layers, each sorted by digest. */
function bundleLayout(bundle: ImageBundle): LayoutParts {
  const { images, index, names } = bundle;
  const documents = images.flatMap((image) => [image.config, image.manifest]).concat(index ?? []);
  const layers = images.flatMap((image) => image.layers);
  const image = images.find(({ platform }) => platform.architecture === "amd64") ?? images[0];
  return {
    root: rootDocument(bundle),
    names,
    blobs: [
      ...distinct<Document>(documents).map(documentMember),
      ...distinct(layers).map((layer) => layerMember(blobPath(layer.digest), layer)),
    ],
    docker: { config: image.config.digest, layers: image.layers.map(({ digest }) => digest) },
    epoch: bundleEpoch(bundle),
  };
}

/** Each content once, sorted by digest. */
export function distinct<Content extends { readonly digest: Digest }>(all: readonly Content[]): readonly Content[] {
  const byDigest = new Map(all.map((one) => [one.digest, one]));
  return [...byDigest.values()].toSorted((a, b) => compareBytes(a.digest, b.digest));
}

/** The `manifest.json` of `docker save` (moby, image spec v1.2), pointing into the layout's blobs. */
function formatDockerManifest({ config, layers }: DockerParts, names: readonly ImageName[]): string {
  const entry: Json = {
    Config: blobPath(config),
    RepoTags: names.map(formatShortImageName),
    Layers: layers.map(blobPath),
  };
  return formatCanonicalJson([entry]);
}
