// An image into a registry (distribution-spec, "Push"): only what is missing there, blobs first, then manifests, and the name
// at the very end, so that a name never leads to half an image.
import { type Bytes, bytesOf } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, type ImageName } from "../core/image-name.ts";
import { mapLimited } from "../core/limit.ts";
import type { Document } from "../image/descriptor.ts";
import type { ImageGraph } from "../image/image-graph.ts";
import { fromAnyPlace, type ImageSource, type Pointer } from "../image/image-source.ts";
import { isIndexType, parseDocument } from "../image/parse-document.ts";
import { type RetryPolicy, usualRetries } from "./http-retry.ts";
import type { Connection } from "./registry-connection.ts";
import { answerError } from "./registry-fault.ts";
import { recordReferrer } from "./registry-referrers.ts";
import { findDocument } from "./registry-source.ts";
import { uploadBlob } from "./registry-upload.ts";

export interface PushOptions {
  readonly source: ImageSource;
  readonly graph: ImageGraph;
  readonly name: ImageName;
  readonly connection: Connection;
  /** Another repository of the same registry that has a blob. */
  readonly mountFrom?: (digest: Digest) => Promise<string | undefined>;
  readonly chunkBytes?: number | undefined;
  readonly retries?: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly doneBytes: number; readonly totalBytes: number }) => void) | undefined;
}

export interface Pushed {
  readonly digest: Digest;
  /** The name led to this image already: nothing was sent. */
  readonly unchanged: boolean;
  /** Blobs and bytes that went over the network; mounted blobs; those that were there. */
  readonly sent: number;
  readonly sentBytes: number;
  readonly mounted: number;
  readonly there: number;
}

const blobsAtOnce = 4;
const documentsAtOnce = 8;

/** Throws REGISTRY_DENIED, REGISTRY_FAILED, CANCELLED, USAGE and what the source throws. */
export async function pushImage(options: PushOptions): Promise<Pushed> {
  const { graph, name, connection } = options;
  const { root } = graph;
  const reference = wantedReference(name, root);
  const nothing = { digest: root.digest, sent: 0, sentBytes: 0, mounted: 0, there: graph.blobs.length };
  if ((await findDocument(connection, reference)) === root.digest) return { ...nothing, unchanged: true };
  const missing = await missingDocuments(graph, connection);
  const pushed = await pushBlobs(blobsFor(missing, graph), options);
  await pushDocuments(missing, options);
  await putDocument(connection, root, reference);
  return { ...nothing, ...pushed, there: graph.blobs.length - pushed.sent - pushed.mounted, unchanged: false };
}

function wantedReference(name: ImageName, root: Document): string {
  if (name.digest === undefined || name.digest === root.digest) return name.tag ?? root.digest;
  throw new DodaiError("USAGE", `Cannot push to "${formatImageName(name)}": the image's digest is ${root.digest}`, {
    fix: "Leave the digest out of the name.",
  });
}

/** What is there has all that it points at, or else the registry would not have taken it. */
async function missingDocuments(graph: ImageGraph, connection: Connection): Promise<readonly Document[]> {
  const there = await mapLimited(graph.documents, documentsAtOnce, ({ digest }) => findDocument(connection, digest));
  return graph.documents.filter((one, index) => there[index] !== one.digest);
}

function blobsFor(missing: readonly Document[], { blobsOf }: ImageGraph): readonly Pointer[] {
  const manifests = missing.filter(({ mediaType }) => !isIndexType(mediaType));
  const blobs = manifests.flatMap(({ digest }) => blobsOf.get(digest) ?? []);
  return [...new Map(blobs.map((one) => [one.digest, one])).values()];
}

async function pushBlobs(
  blobs: readonly Pointer[],
  options: PushOptions,
): Promise<Pick<Pushed, "sent" | "sentBytes" | "mounted">> {
  const { source, connection, mountFrom, chunkBytes, signal, onProgress, retries = usualRetries } = options;
  const totalBytes = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const done = new Map<Digest, number>();
  const tell = (digest: Digest, bytes: number): void => {
    done.set(digest, bytes);
    onProgress?.({ doneBytes: [...done.values()].reduce((sum, one) => sum + one, 0), totalBytes });
  };
  // Large ones first: the last to end is then a small one.
  const bySize = blobs.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  const results = await mapLimited(bySize, blobsAtOnce, async (pointer) => {
    const { digest, sizeBytes } = pointer;
    let sentBytes = 0;
    const onBytes = (count: number): void => {
      sentBytes += count;
      tell(digest, Math.min(sentBytes, sizeBytes));
    };
    const open = (): Bytes => heldBack(source.blob(pointer));
    const from = await mountFrom?.(digest);
    const upload = { connection, pointer, open, from, chunkBytes, retries, signal, onBytes };
    const how = await fromAnyPlace(source, pointer, () => uploadBlob(upload));
    tell(digest, sizeBytes);
    return { how, sizeBytes };
  });
  const sent = results.filter(({ how }) => how === "sent");
  return {
    sent: sent.length,
    sentBytes: sent.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    mounted: results.filter(({ how }) => how === "mounted").length,
  };
}

/** Passes the last chunk on only when the stream has ended well: what is wrong is never sent whole. */
async function* heldBack(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const chunk of bytes) {
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (held !== undefined) yield held;
}

/** Manifests, then indexes from the innermost. The root has its own turn. */
async function pushDocuments(missing: readonly Document[], { connection, graph }: PushOptions): Promise<void> {
  const below = missing.filter(({ digest }) => digest !== graph.root.digest);
  const [indexes, manifests] = [true, false].map((wanted) =>
    below.filter(({ mediaType }) => isIndexType(mediaType) === wanted),
  );
  await mapLimited(manifests ?? [], documentsAtOnce, (one) => putDocument(connection, one, one.digest));
  for (const one of indexes ?? []) await putDocument(connection, one, one.digest);
}

/** Stores an index or a manifest under a tag or its digest, and tells what it refers to of it. */
export async function putDocument(connection: Connection, document: Document, reference: string): Promise<void> {
  const { registry, repository } = connection.place;
  const cannot = `Cannot push ${document.digest} to "${registry}/${repository}" as "${reference}"`;
  const bytes = Buffer.from(document.text);
  const answer = await connection.ask({
    cannot,
    at: `manifests/${reference}`,
    method: "PUT",
    actions: "pull,push",
    headers: { "content-type": document.mediaType },
    body: { sizeBytes: bytes.byteLength, open: () => bytesOf(bytes) },
    again: true,
  });
  if (answer.status !== 201 && answer.status !== 200) throw answerError({ cannot, registry }, answer);
  const kept = answer.headers["docker-content-digest"];
  if (typeof kept === "string" && kept.startsWith("sha256:") && kept !== document.digest) {
    throw new DodaiError("DIGEST_MISMATCH", `${cannot}: ${registry} kept it as ${kept.slice(0, 80)}`);
  }
  const { subject } = parseDocument(document, document.digest);
  // distribution-spec, "Pushing Manifests with Subject": who says nothing knows no referrers.
  if (subject !== undefined && answer.headers["oci-subject"] === undefined) {
    await recordReferrer(connection, document, subject);
  }
}
