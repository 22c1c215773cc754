import { parseImageName } from "../core/image-name.ts";
import type { ImageSource } from "../image/image-source.ts";
import { openImage } from "../io/image-input.ts";
import type { Registry } from "../io/registry.ts";
import type { Store } from "../io/store.ts";
import type { ImageReference } from "./contract.ts";

/** Opens an image wherever it is, and closes it when the task is over. */
export async function withSource<Result>(
  image: ImageReference,
  { registry, store }: { readonly registry: Registry; readonly store: Store },
  task: (source: ImageSource) => Promise<Result>,
): Promise<Result> {
  if (image.kind === "registry") return task(registry.source(parseImageName(image.name)));
  const input = await openImage({ place: image.path, temporary: () => store.temporary() });
  try {
    return await task(await input.source({ reference: image.reference, store }));
  } finally {
    await input.close();
  }
}
