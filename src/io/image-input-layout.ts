// An OCI layout as a folder or archive (image-spec, image-layout.md): what its index.json lists, and its blobs, each checked.
import { type Bytes, collect, verified } from "../core/bytes.ts";
import { hexOf } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { containerdNameKey, refNameKey } from "../image/annotations.ts";
import type { Document } from "../image/descriptor.ts";
import type { Pointer } from "../image/image-source.ts";
import { ociTypes } from "../image/media-types.ts";
import { makeReadDocument, parseDocument } from "../image/parse-document.ts";
import { brokenImage, maxDocumentBytes } from "../image/read-documents.ts";
import { type ImageFiles, readDocument } from "./image-files.ts";
import { imageFix } from "./image-input-layer.ts";

export interface Layout {
  readonly place: string;
  /** Its index.json. */
  readonly index: Document;
  readonly listed: readonly Pointer[];
  /** What a tag, a whole name or a digest stands for, each once; all without one. Throws IMAGE_UNKNOWN. */
  named(reference: string | undefined): readonly Pointer[];
  document(pointer: Pointer): Promise<Document>;
  blob(pointer: Pointer): Bytes;
}

/** Throws IMAGE_BROKEN. */
export async function openLayout(files: ImageFiles): Promise<Layout> {
  const { place } = files;
  const { what, text } = await readDocument(files, "index.json");
  const index = makeReadDocument(Buffer.from(text), ociTypes.index, what);
  const read = parseDocument(index, what);
  if (read.kind !== "index") throw brokenImage(what, "it is no index");
  const blob = ({ digest, sizeBytes }: Pointer): Bytes => {
    const path = `blobs/sha256/${hexOf(digest)}`;
    return verified(files.open(path), { digest, sizeBytes, what: `"${path}" of "${place}"`, fix: imageFix });
  };
  return {
    place,
    index,
    listed: read.manifests,
    named: (reference) => namedIn(read.manifests, reference, place),
    document: async (pointer) => {
      const whose = `${pointer.digest} of "${place}"`;
      if (pointer.sizeBytes > maxDocumentBytes) throw brokenImage(whose, `it is larger than ${maxDocumentBytes} bytes`);
      const bytes = await collect(blob(pointer), { maxBytes: maxDocumentBytes, what: whose, code: "IMAGE_BROKEN" });
      return makeReadDocument(bytes, pointer.mediaType, whose);
    },
    blob,
  };
}

function namedIn(listed: readonly Pointer[], reference: string | undefined, place: string): readonly Pointer[] {
  const named = listed.filter((one) => reference === undefined || isNamed(one, reference));
  if (named.length > 0 || reference === undefined) return [...new Map(named.map((one) => [one.digest, one])).values()];
  throw new DodaiError("IMAGE_UNKNOWN", `Cannot find "${reference}" in "${place}": it holds no such image`, {
    fix: `It holds ${describeNames(listed) || "none"}.`,
  });
}

function isNamed({ annotations = {}, digest }: Pointer, reference: string): boolean {
  return [annotations[refNameKey], annotations[containerdNameKey], digest].includes(reference);
}

/** Names that somebody could have meant. */
export function describeNames(listed: readonly Pointer[]): string {
  const names = listed.map(({ annotations, digest }) => annotations?.[refNameKey] ?? digest);
  return [...new Set(names)].slice(0, 20).join(", ");
}
