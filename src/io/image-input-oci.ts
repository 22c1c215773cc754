// Choosing an image out of an OCI layout (image-spec, image-layout.md): index.json, indexes below it, manifest, config.
import { collect, verified } from "../core/bytes.ts";
import { hexOf } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import { containerdNameKey, refNameKey } from "../image/annotations.ts";
import { dockerTypes, ociTypes } from "../image/media-types.ts";
import {
  brokenImage,
  type DocumentText,
  isIndexType,
  isManifestType,
  maxDocumentBytes,
  parseConfig,
  parseIndex,
  parseManifest,
  type ReadConfig,
  type ReadDescriptor,
  type ReadManifest,
} from "../image/read-documents.ts";
import { type ImageFiles, readDocument } from "./image-files.ts";
import type { ImageChoice, InputImage } from "./image-input-contract.ts";
import { imageFix, openLayer } from "./image-input-layer.ts";

/** An image of the layout, with its documents. */
interface Candidate {
  readonly descriptor: ReadDescriptor;
  readonly manifest: ReadManifest;
  readonly config: ReadConfig;
  readonly platform: string;
}

/** How many documents of one layout are read, and how deep indexes may lie in each other. */
const MAX_MANIFESTS = 256;
const MAX_DEPTH = 4;

/** Throws IMAGE_BROKEN, IMAGE_UNKNOWN, PLATFORM_UNSUPPORTED, DIGEST_MISMATCH. */
export async function chooseOciImage(files: ImageFiles, choice: ImageChoice): Promise<InputImage> {
  const roots = parseIndex(await readDocument(files, "index.json"));
  const named = choice.reference === undefined ? roots : roots.filter((one) => isNamed(one, choice.reference ?? ""));
  if (named.length === 0 && choice.reference !== undefined) throw unknownReference(files, choice.reference, roots);
  const candidates = await candidatesBelow(files, named);
  const chosen = choosePlatform(candidates, choice, files.place);
  return imageOf(files, chosen);
}

/** A tag or whole name of the descriptor, or its digest. */
function isNamed({ annotations, digest }: ReadDescriptor, reference: string): boolean {
  const names = [annotations[refNameKey], annotations[containerdNameKey], digest];
  return names.includes(reference);
}

function unknownReference(files: ImageFiles, reference: string, roots: readonly ReadDescriptor[]): DodaiError {
  const known = [...new Set(roots.map(({ annotations, digest }) => annotations[refNameKey] ?? digest))];
  return new DodaiError("IMAGE_UNKNOWN", `Cannot find "${reference}" in "${files.place}": it holds no such image`, {
    fix: `It holds ${known.slice(0, 20).join(", ") || "none"}.`,
  });
}

/** Every image that the descriptors lead to, each once; attestations and other artifacts are none. */
async function candidatesBelow(files: ImageFiles, roots: readonly ReadDescriptor[]): Promise<readonly Candidate[]> {
  const found = new Map<string, Candidate>();
  const todo = roots.map((descriptor) => ({ descriptor, depth: 0 })).reverse();
  let seen = 0;
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { descriptor, depth } = one;
    if (found.has(descriptor.digest) || descriptor.platform === "unknown/unknown") continue;
    if (++seen > MAX_MANIFESTS) throw brokenImage(`"${files.place}"`, `it has more than ${MAX_MANIFESTS} manifests`);
    if (isIndexType(descriptor.mediaType)) {
      if (depth >= MAX_DEPTH) throw brokenImage(`"${files.place}"`, "indexes lie too deep in each other");
      const below = parseIndex(await readBlob(files, descriptor));
      todo.push(...below.map((next) => ({ descriptor: next, depth: depth + 1 })).reverse());
    } else if (isManifestType(descriptor.mediaType)) {
      const candidate = await readCandidate(files, descriptor);
      if (candidate) found.set(descriptor.digest, candidate);
    }
  }
  return [...found.values()];
}

async function readCandidate(files: ImageFiles, descriptor: ReadDescriptor): Promise<Candidate | undefined> {
  const document = await readBlob(files, descriptor);
  const manifest = parseManifest(document);
  const { mediaType } = manifest.config;
  if (mediaType !== ociTypes.config && mediaType !== dockerTypes.config) return undefined;
  const config = parseConfig(await readBlob(files, manifest.config));
  if (config.diffIds.length !== manifest.layers.length) {
    throw brokenImage(
      document.what,
      `its config tells of ${config.diffIds.length} layers, and it has ${manifest.layers.length}`,
    );
  }
  return { descriptor, manifest, config, platform: descriptor.platform ?? config.platform };
}

function choosePlatform(candidates: readonly Candidate[], choice: ImageChoice, place: string): Candidate {
  const wanted = formatPlatform(choice.platform ?? choice.hostPlatform);
  const fitting = candidates.filter(({ platform }) => platform === wanted);
  const pool = fitting.length === 0 && choice.platform === undefined ? candidates : fitting;
  const [only] = pool;
  if (only && pool.length === 1) return only;
  if (candidates.length === 0) throw brokenImage(`"${place}"`, "there is no image in it");
  if (fitting.length > 1) {
    const digests = fitting.slice(0, 10).map(({ descriptor }) => descriptor.digest);
    throw new DodaiError("USAGE", `Cannot choose from "${place}": it holds several images for ${wanted}`, {
      fix: `Name one, as in "${place}:TAG" or "${place}@${digests[0]}". There are ${digests.join(", ")}.`,
    });
  }
  throw platformMissing(
    place,
    wanted,
    candidates.map(({ platform }) => platform),
  );
}

export function platformMissing(place: string, wanted: string, there: readonly string[]): DodaiError {
  return new DodaiError("PLATFORM_UNSUPPORTED", `Cannot use "${place}" for ${wanted}: it has no image for it`, {
    fix: `It has ${[...new Set(there)].join(", ")}; choose with --platform.`,
  });
}

function imageOf(files: ImageFiles, { descriptor, manifest, config }: Candidate): InputImage {
  return {
    digest: descriptor.digest,
    config,
    layers: manifest.layers.map(({ digest, sizeBytes }, index) => {
      const diffId = config.diffIds[index];
      if (diffId === undefined) throw new Error("A layer has no diffId, though they were counted");
      const what = `layer ${index + 1} of "${files.place}"`;
      const open = () =>
        openLayer({ bytes: files.open(blobPath(digest)), diffId, what, expected: { digest, sizeBytes } });
      return { digest, sizeBytes, open };
    }),
  };
}

const blobPath = (digest: ReadDescriptor["digest"]): string => `blobs/sha256/${hexOf(digest)}`;

async function readBlob(files: ImageFiles, { digest, sizeBytes }: ReadDescriptor): Promise<DocumentText> {
  const what = `"${blobPath(digest)}" of "${files.place}"`;
  if (sizeBytes > maxDocumentBytes) throw brokenImage(what, `it is larger than ${maxDocumentBytes} bytes`);
  const bytes = verified(files.open(blobPath(digest)), { digest, sizeBytes, what, fix: imageFix });
  const text = await collect(bytes, { maxBytes: maxDocumentBytes, what, code: "IMAGE_BROKEN" });
  return { what, text: Buffer.from(text).toString("utf8") };
}
