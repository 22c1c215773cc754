// What refers to an image: signatures, SBOMs (distribution-spec, "Listing Referrers"). A registry that does not keep the list
// has it as an index under the tag `sha256-HEX` ("Referrers Tag Schema").
import { bytesOf } from "../core/bytes.ts";
import type { Json } from "../core/canonical-json.ts";
import { type Digest, hexOf } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type Document, makeDocument } from "../image/descriptor.ts";
import type { Pointer } from "../image/image-source.ts";
import { ociTypes } from "../image/media-types.ts";
import { isIndexType, makeReadDocument, parseDocument } from "../image/parse-document.ts";
import { maxDocumentBytes } from "../image/read-documents.ts";
import type { Connection } from "./registry-connection.ts";
import { answerError } from "./registry-fault.ts";
import { pullDocument } from "./registry-source.ts";

/** Pages of a list that are read at most. */
const maxPages = 100;

const fallbackTag = (digest: Digest): string => `sha256-${hexOf(digest)}`;

/** Manifests whose subject is `digest`, as the registry lists them. */
export async function listReferrers(connection: Connection, digest: Digest): Promise<readonly Pointer[]> {
  const { registry, repository } = connection.place;
  const cannot = `Cannot list what refers to ${digest} in "${registry}/${repository}"`;
  const found: Pointer[] = [];
  let at: string | URL = `referrers/${digest}`;
  for (let page = 0; page < maxPages; page++) {
    const headers = { accept: ociTypes.index };
    const request = {
      cannot,
      at,
      method: "GET",
      actions: "pull",
      headers,
      maxBytes: maxDocumentBytes,
      again: true,
    } as const;
    const answer = await connection.ask(request);
    if (answer.status === 404 && page === 0) return (await fallbackIndex(connection, digest))?.manifests ?? [];
    if (answer.status !== 200) throw answerError({ cannot, registry }, answer);
    found.push(...readIndex(answer.body, answer.headers["content-type"], `the referrers of ${digest}`));
    const next = nextPage(answer.headers.link);
    if (next === undefined) return found;
    at = await connection.resolve(next);
  }
  throw new DodaiError("REGISTRY_FAILED", `${cannot}: the list has more than ${maxPages} pages`);
}

function readIndex(body: Uint8Array, type: string | undefined, what: string): readonly Pointer[] {
  const read = parseDocument(makeReadDocument(body, type, what), what);
  return read.kind === "index" ? read.manifests : [];
}

/** RFC 8288: `</v2/...>; rel="next"`. */
function nextPage(link: string | string[] | undefined): string | undefined {
  const text = Array.isArray(link) ? link.join(", ") : (link ?? "");
  return /<([^>]*)>\s*;\s*rel="?next"?/i.exec(text)?.[1];
}

async function fallbackIndex(
  connection: Connection,
  digest: Digest,
): Promise<{ readonly document: Document; readonly manifests: readonly Pointer[] } | undefined> {
  const { registry, repository } = connection.place;
  const cannot = `Cannot read what refers to ${digest} in "${registry}/${repository}"`;
  const reference = fallbackTag(digest);
  try {
    const document = await pullDocument(connection, { cannot, reference, expected: undefined, what: reference });
    const read = parseDocument(document, reference);
    return read.kind === "index" ? { document, manifests: read.manifests } : undefined;
  } catch (error) {
    if (error instanceof DodaiError && error.code === "IMAGE_MISSING") return undefined;
    throw error;
  }
}

/** Adds a manifest to the list under its subject's tag, for a registry that keeps none itself. */
export async function recordReferrer(connection: Connection, document: Document, subject: Pointer): Promise<void> {
  const known = await fallbackIndex(connection, subject.digest);
  if (known?.manifests.some(({ digest }) => digest === document.digest)) return;
  const before = known === undefined ? {} : (JSON.parse(known.document.text) as { readonly [key: string]: Json });
  const manifests = Array.isArray(before.manifests) ? (before.manifests as readonly Json[]) : [];
  const index = makeDocument(ociTypes.index, {
    ...before,
    schemaVersion: 2,
    mediaType: ociTypes.index,
    manifests: [...manifests, referrerJson(document)],
  });
  const { registry, repository } = connection.place;
  const cannot = `Cannot record what refers to ${subject.digest} in "${registry}/${repository}"`;
  const bytes = Buffer.from(index.text);
  const answer = await connection.ask({
    cannot,
    at: `manifests/${fallbackTag(subject.digest)}`,
    method: "PUT",
    actions: "pull,push",
    headers: { "content-type": ociTypes.index },
    body: { sizeBytes: bytes.byteLength, open: () => bytesOf(bytes) },
    again: true,
  });
  if (answer.status !== 201 && answer.status !== 200) throw answerError({ cannot, registry }, answer);
}

/** artifactType: the manifest's own, or its config's type (distribution-spec, "Listing Referrers"). */
function referrerJson(document: Document): Json {
  const { mediaType, digest, sizeBytes: size } = document;
  const read = parseDocument(document, digest);
  const configType = read.kind === "manifest" && !isIndexType(mediaType) ? read.config.mediaType : undefined;
  return { mediaType, digest, size, artifactType: read.artifactType ?? configType, annotations: read.annotations };
}
