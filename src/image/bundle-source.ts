import { bytesOf } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type Blob, type ImageBundle, rootDocument } from "./bundle.ts";
import type { Document } from "./descriptor.ts";
import type { ImageSource, Pointer } from "./image-source.ts";

/** What was just built, as a source of its parts. */
export function bundleSource(bundle: ImageBundle): ImageSource {
  const { images, index } = bundle;
  const documents = new Map<string, Document>();
  const blobs = new Map<string, Blob>();
  for (const { manifest, config, layers } of images) {
    documents.set(manifest.digest, manifest);
    blobs.set(config.digest, { ...config, open: () => bytesOf(config.text) });
    for (const layer of layers) blobs.set(layer.digest, layer);
  }
  if (index) documents.set(index.digest, index);
  const missing = ({ digest }: Pointer): DodaiError =>
    new DodaiError("IMAGE_BROKEN", `Cannot read ${digest} of the built image: it has no such part`);
  return {
    name: "the built image",
    root: async () => rootDocument(bundle),
    document: async (pointer) => {
      const found = documents.get(pointer.digest);
      if (found === undefined) throw missing(pointer);
      return found;
    },
    blob: (pointer) => {
      const found = blobs.get(pointer.digest);
      if (found === undefined) throw missing(pointer);
      return found.open();
    },
  };
}
