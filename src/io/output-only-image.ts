import type { BundleImage, ImageBundle } from "../image/bundle.ts";
import type { OutputName } from "./output-contract.ts";
import { assertOutputFits } from "./output-fit.ts";

/** The bundle's image for an output that can hold one. Throws USAGE when there are several. */
export function onlyImage({ images }: ImageBundle, output: OutputName): BundleImage {
  const platforms = images.map((image) => image.platform);
  assertOutputFits(output, platforms);
  return images[0];
}
