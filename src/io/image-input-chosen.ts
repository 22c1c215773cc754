// One platform's image of a source, to be run, unpacked or shown.
import { collect } from "../core/bytes.ts";
import type { Platform } from "../core/platform.ts";
import type { Document } from "../image/descriptor.ts";
import { describeDocument, findManifest } from "../image/image-graph.ts";
import type { ImageSource } from "../image/image-source.ts";
import { parseDocument, type ReadManifest } from "../image/parse-document.ts";
import { brokenImage, maxDocumentBytes, parseConfig } from "../image/read-documents.ts";
import type { InputImage } from "./image-input-contract.ts";
import { inputImageOf } from "./image-input-layer.ts";

export interface ChosenManifest {
  readonly document: Document;
  readonly manifest: ReadManifest;
  /** As it is stored. */
  readonly config: string;
}

/** The manifest for a platform, or the only one. Throws IMAGE_MISSING, IMAGE_BROKEN and what the source throws. */
export async function chooseManifest(source: ImageSource, platform: Platform): Promise<ChosenManifest> {
  const document = await findManifest(source, platform);
  const what = describeDocument(source, document);
  const manifest = parseDocument(document, what);
  if (manifest.kind === "index") throw brokenImage(what, "it is an index where a manifest is wanted");
  if (manifest.config.sizeBytes > maxDocumentBytes) throw brokenImage(what, "its config is too large");
  const text = await collect(source.blob(manifest.config), {
    maxBytes: maxDocumentBytes,
    what: `the config of ${what}`,
  });
  return { document, manifest, config: Buffer.from(text).toString() };
}

/** The same with its layers, uncompressed as they are read. */
export async function chooseImage(source: ImageSource, platform: Platform): Promise<InputImage> {
  const { document, manifest, config: text } = await chooseManifest(source, platform);
  const what = describeDocument(source, document);
  const config = parseConfig({ what: `the config of ${what}`, text });
  return inputImageOf({ digest: document.digest, manifest, config, blob: source.blob, what });
}
