// An image that somebody made, wherever it lies: in a registry, an archive, a layout, or just built. Whoever copies, unpacks
// or shows it needs no more than this.
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { formatPlatform, parsePlatform } from "../core/platform.ts";
import type { Annotations, Document } from "./descriptor.ts";

/** A platform as an index says it; it need not be one that dodai builds for. */
export interface StatedPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** `linux/amd64` as `formatPlatform` writes it; as it stands where dodai does not know it (`windows/amd64`). */
export function statedPlatformText({ os, architecture, variant = "" }: StatedPlatform): string {
  const text = [os, architecture, variant].filter((part) => part !== "").join("/");
  try {
    return formatPlatform(parsePlatform(text));
  } catch {
    return text.slice(0, 100);
  }
}

/** What points at content in a document that others wrote (image-spec, descriptor.md). */
export interface Pointer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly platform?: StatedPlatform;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

export interface ImageSource {
  /** For messages: an image name or a path. */
  readonly name: string;
  /** What the name points at: an index or a manifest. */
  root(): Promise<Document>;
  /** The index or manifest that a pointer names, checked against it. */
  document(pointer: Pointer): Promise<Document>;
  /** The bytes that a pointer names, from their start, at each call. They throw DIGEST_MISMATCH at their end unless they are right. */
  blob(pointer: Pointer): Bytes;
  /** After `blob` has failed: whether the next call takes the bytes from another place. */
  mayTryAgain?(pointer: Pointer): boolean;
}

/** Does something with a blob from its start, and anew while another place may have it right. */
export async function fromAnyPlace<Result>(
  source: Pick<ImageSource, "mayTryAgain">,
  pointer: Pointer,
  act: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!source.mayTryAgain?.(pointer)) throw error;
    }
  }
}
