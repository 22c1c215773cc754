// What an image is, without its layers.
import { parseImageName } from "../core/image-name.ts";
import type { Document } from "../image/descriptor.ts";
import { describeDocument } from "../image/image-graph.ts";
import type { ImageSource, Pointer, StatedPlatform } from "../image/image-source.ts";
import { parseDocument } from "../image/parse-document.ts";
import { chooseManifest } from "../io/image-input-chosen.ts";
import type { Registry } from "../io/registry.ts";
import { openStore } from "../io/store.ts";
import type { InspectedManifest, InspectOptions, InspectResult } from "./contract.ts";
import { withSource } from "./image-reference.ts";
import { withRegistry } from "./registry.ts";

/** Throws IMAGE_MISSING, IMAGE_BROKEN, REGISTRY_DENIED, REGISTRY_FAILED. */
export async function inspectImage(options: InspectOptions): Promise<InspectResult> {
  const store = await openStore(options.cacheDirectory);
  return withRegistry({ ...options, store }, (registry) =>
    withSource(options.image, { registry, store }, async (source) => {
      const root = await source.root();
      const read = parseDocument(root, describeDocument(source, root));
      const { name } = source;
      const { digest, mediaType, text: raw } = root;
      return {
        name,
        digest,
        mediaType,
        raw,
        ...(read.kind === "index" ? { manifests: read.manifests.map(inspected) } : {}),
        ...(await chosen(source, root, options)),
        ...(await referrers(registry, root, options)),
      };
    }),
  );
}

/** Of an index nothing is chosen unless a platform is asked for: what it lists is what it is. */
async function chosen(
  source: ImageSource,
  root: Document,
  { platform, hostPlatform }: InspectOptions,
): Promise<Pick<InspectResult, "manifest">> {
  const read = parseDocument(root, describeDocument(source, root));
  if (read.kind === "index" && platform === undefined) return {};
  const { document, manifest, config } = await chooseManifest(source, platform ?? hostPlatform);
  const stated = read.kind === "index" ? read.manifests.find((one) => one.digest === document.digest) : undefined;
  const layers = manifest.layers.map(({ digest, mediaType, sizeBytes }) => ({ digest, mediaType, sizeBytes }));
  return { manifest: { ...inspected({ ...document, ...platformOf(stated) }), config, layers } };
}

const platformOf = (pointer: Pointer | undefined): { readonly platform?: StatedPlatform } =>
  pointer?.platform === undefined ? {} : { platform: pointer.platform };

async function referrers(
  registry: Registry,
  { digest }: Document,
  { image, referrers: wanted }: InspectOptions,
): Promise<Pick<InspectResult, "referrers">> {
  if (!wanted || image.kind !== "registry") return {};
  const found = await registry.referrers(parseImageName(image.name), digest);
  return {
    referrers: found.map((one) => ({
      ...inspected(one),
      ...(one.artifactType === undefined ? {} : { artifactType: one.artifactType }),
    })),
  };
}

function inspected({ digest, mediaType, sizeBytes, platform }: Omit<Pointer, "annotations">): InspectedManifest {
  if (platform === undefined) return { digest, mediaType, sizeBytes };
  const { os, architecture, variant = "" } = platform;
  const text = [os, architecture, variant].filter((part) => part !== "").join("/");
  return { digest, mediaType, sizeBytes, platform: text };
}
