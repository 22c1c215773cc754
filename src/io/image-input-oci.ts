// Choosing an image out of an OCI layout (image-spec, image-layout.md): index.json, indexes below it, manifest, config.
import { collect } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import { type Pointer, statedPlatformText } from "../image/image-source.ts";
import { dockerTypes, ociTypes } from "../image/media-types.ts";
import { isDocumentType, parseDocument, type ReadManifest } from "../image/parse-document.ts";
import { brokenImage, maxDocumentBytes, parseConfig, type ReadConfig } from "../image/read-documents.ts";
import type { ImageFiles } from "./image-files.ts";
import type { ImageChoice, InputImage } from "./image-input-contract.ts";
import { inputImageOf } from "./image-input-layer.ts";
import { type Layout, openLayout } from "./image-input-layout.ts";

/** An image of the layout, with its documents. */
interface Candidate {
  readonly descriptor: Pointer;
  readonly manifest: ReadManifest;
  readonly config: ReadConfig;
  readonly platform: string;
}

/** How many documents of one layout are read, and how deep indexes may lie in each other. */
const MAX_MANIFESTS = 256;
const MAX_DEPTH = 4;

/** Throws IMAGE_BROKEN, IMAGE_UNKNOWN, PLATFORM_UNSUPPORTED, DIGEST_MISMATCH. */
export async function chooseOciImage(files: ImageFiles, choice: ImageChoice): Promise<InputImage> {
  const layout = await openLayout(files);
  const candidates = await candidatesBelow(layout, layout.named(choice.reference));
  const { descriptor, manifest, config } = choosePlatform(candidates, choice, files.place);
  return inputImageOf({ digest: descriptor.digest, manifest, config, blob: layout.blob, what: `"${files.place}"` });
}

/** Every image that the descriptors lead to, each once; attestations and other artifacts are none. */
async function candidatesBelow(layout: Layout, roots: readonly Pointer[]): Promise<readonly Candidate[]> {
  const found = new Map<string, Candidate>();
  const todo = roots.map((descriptor) => ({ descriptor, depth: 0 })).reverse();
  let seen = 0;
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { descriptor, depth } = one;
    if (found.has(descriptor.digest) || descriptor.platform?.os === "unknown") continue;
    if (!isDocumentType(descriptor.mediaType)) continue;
    if (++seen > MAX_MANIFESTS) throw brokenImage(`"${layout.place}"`, `it has more than ${MAX_MANIFESTS} manifests`);
    const read = parseDocument(await layout.document(descriptor), `${descriptor.digest} of "${layout.place}"`);
    if (read.kind === "index") {
      if (depth >= MAX_DEPTH) throw brokenImage(`"${layout.place}"`, "indexes lie too deep in each other");
      todo.push(...read.manifests.map((next) => ({ descriptor: next, depth: depth + 1 })).reverse());
    } else {
      const candidate = await readCandidate(layout, descriptor, read);
      if (candidate) found.set(descriptor.digest, candidate);
    }
  }
  return [...found.values()];
}

async function readCandidate(
  layout: Layout,
  descriptor: Pointer,
  manifest: ReadManifest,
): Promise<Candidate | undefined> {
  const { mediaType, sizeBytes } = manifest.config;
  if (mediaType !== ociTypes.config && mediaType !== dockerTypes.config) return undefined;
  const what = `the config of ${descriptor.digest} of "${layout.place}"`;
  if (sizeBytes > maxDocumentBytes) throw brokenImage(what, `it is larger than ${maxDocumentBytes} bytes`);
  const bytes = await collect(layout.blob(manifest.config), { maxBytes: maxDocumentBytes, what, code: "IMAGE_BROKEN" });
  const config = parseConfig({ what, text: Buffer.from(bytes).toString("utf8") });
  if (config.diffIds.length !== manifest.layers.length) {
    throw brokenImage(what, `it tells of ${config.diffIds.length} layers, and there are ${manifest.layers.length}`);
  }
  const platform = descriptor.platform ? statedPlatformText(descriptor.platform) : config.platform;
  return { descriptor, manifest, config, platform };
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
