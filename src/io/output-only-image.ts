import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { BundleImage, ImageBundle } from "../image/bundle.ts";

/** The bundle's image for an output that can hold one. Throws USAGE when there are several. */
export function onlyImage({ images: [first, ...others] }: ImageBundle, output: string): BundleImage {
  if (others.length === 0) return first;
  const platforms = [first, ...others].map((image) => formatPlatform(image.platform)).join(", ");
  throw new DodaiError("USAGE", `Cannot write output "${output}": it holds one platform, and there are ${platforms}`, {
    fix: `Choose one with --platform, or use the output "oci", which holds them all.`,
  });
}
