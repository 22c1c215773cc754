// An image in a registry as a source of its parts (distribution-spec, "Pull"). Each part is asked of the mirrors first.
import { bytesOf, collect, verified } from "../core/bytes.ts";
import { type Digest, parseDigest, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, type ImageName } from "../core/image-name.ts";
import type { Document } from "../image/descriptor.ts";
import type { ImageSource, Pointer } from "../image/image-source.ts";
import { documentTypes, makeReadDocument } from "../image/parse-document.ts";
import { maxDocumentBytes } from "../image/read-documents.ts";
import type { Answer } from "./http-exchange.ts";
import type { Connection } from "./registry-connection.ts";
import { answerError, changedFix } from "./registry-fault.ts";
import { referenceOf } from "./registry-place.ts";

const accept: string = documentTypes.join(", ");

export interface SourceOptions {
  readonly name: ImageName;
  /** Mirrors in their order, and the registry itself; at least one. */
  readonly connections: readonly Connection[];
  /** Told the size of each chunk of a blob that arrives. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

export function registrySource({ name, connections, onBytes }: SourceOptions): ImageSource {
  const shown = formatImageName(name);
  const cannot = `Cannot pull "${shown}"`;
  const fetchDocument = (reference: string, expected: Digest | undefined): Promise<Document> =>
    fromFirst(connections, (one) =>
      pullDocument(one, { cannot, reference, expected, what: `${reference} of ${shown}` }),
    );
  let root: Promise<Document> | undefined;
  const passedOver: PassedOver = new Map();
  return {
    name: shown,
    root: () => {
      root ??= fetchDocument(referenceOf(name), name.digest);
      return root;
    },
    document: async (pointer) => {
      const found = await fetchDocument(pointer.digest, pointer.digest);
      return sameAs(found, pointer, `${pointer.digest} of ${shown}`);
    },
    blob: (pointer) =>
      readBlob(connections, { cannot, pointer, onBytes, passedOver, what: `blob ${pointer.digest} of ${shown}` }),
    mayTryAgain: ({ digest }) => passedOver.get(digest)?.again === true,
  };
}

/** Whether a tag or a digest is there, and what it is now; `undefined` when it is not. */
export async function findDocument(connection: Connection, reference: string): Promise<Digest | undefined> {
  const cannot = `Cannot look for "${reference}" in "${connection.place.registry}/${connection.place.repository}"`;
  const asked = {
    cannot,
    at: `manifests/${reference}`,
    actions: "pull,push",
    headers: { accept },
    again: true,
  } as const;
  const answer = await connection.ask({ ...asked, method: "HEAD" });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw answerError({ cannot, registry: connection.place.registry }, answer);
  // Some leave the header out; what was asked for by digest has it.
  return digestIn(answer.headers["docker-content-digest"]) ?? digestIn(reference);
}

function digestIn(text: string | string[] | undefined): Digest | undefined {
  return typeof text === "string" && /^sha256:[0-9a-f]{64}$/.test(text) ? parseDigest(text) : undefined;
}

interface PullOptions {
  readonly cannot: string;
  readonly reference: string;
  readonly expected: Digest | undefined;
  readonly what: string;
}

/** An index or a manifest. Throws DIGEST_MISMATCH unless it is what its digest, or the registry itself, says. */
export async function pullDocument(
  connection: Connection,
  { cannot, reference, expected, what }: PullOptions,
): Promise<Document> {
  const { registry } = connection.place;
  const answer = await connection.ask({
    cannot,
    at: `manifests/${reference}`,
    method: "GET",
    actions: "pull",
    headers: { accept },
    maxBytes: maxDocumentBytes,
    again: true,
  });
  if (answer.status !== 200) throw answerError({ cannot, registry }, answer);
  assertDigest(answer, expected ?? statedDigest(answer), what);
  return makeReadDocument(answer.body, answer.headers["content-type"], what);
}

/** A digest of another algorithm is not looked at. */
function statedDigest({ headers }: Answer): string | undefined {
  const digest = headers["docker-content-digest"];
  return typeof digest === "string" && digest.startsWith("sha256:") ? digest : undefined;
}

function assertDigest({ body }: Answer, wanted: string | undefined, what: string): void {
  const actual = sha256(body);
  if (wanted === undefined || actual === wanted) return;
  throw mismatch(what, `its digest is ${actual}, wanted ${wanted.slice(0, 80)}`);
}

function sameAs(document: Document, { sizeBytes, mediaType }: Pointer, what: string): Document {
  if (document.sizeBytes !== sizeBytes) throw mismatch(what, `it has ${document.sizeBytes} bytes, wanted ${sizeBytes}`);
  if (document.mediaType !== mediaType) throw mismatch(what, `it is ${document.mediaType}, wanted ${mediaType}`);
  return document;
}

function mismatch(what: string, state: string): DodaiError {
  return new DodaiError("DIGEST_MISMATCH", `Cannot use ${what}: ${state}`, { fix: changedFix });
}

interface BlobOptions {
  readonly cannot: string;
  readonly pointer: Pointer;
  readonly what: string;
  readonly onBytes: ((count: number) => void) | undefined;
  readonly passedOver: PassedOver;
}

/** For a blob: how many places are passed over because they failed after they had begun to give it, and whether one just did. */
type PassedOver = Map<Digest, { readonly count: number; readonly again: boolean }>;

/**
 * A place that has given a byte to the caller is the one until it fails. What is small is checked before any of it is given,
 * where there is another place to go to.
 */
async function* readBlob(connections: readonly Connection[], options: BlobOptions): AsyncGenerator<Uint8Array> {
  const { cannot, what, onBytes, passedOver } = options;
  const { digest, sizeBytes } = options.pointer;
  const last = connections.length - 1;
  const count = Math.min(passedOver.get(digest)?.count ?? 0, last);
  passedOver.set(digest, { count, again: false });
  const places = [...connections.entries()].slice(count);
  const started = await fromFirst(places, async ([at, connection]) => {
    const bytes = connection.read(`blobs/${digest}`, { cannot, sizeBytes, ...(onBytes ? { onBytes } : {}) });
    const checked = verified(bytes, { digest, sizeBytes, what, fix: changedFix });
    if (at < last && sizeBytes <= maxDocumentBytes) {
      return { at, bytes: bytesOf(await collect(checked, { maxBytes: maxDocumentBytes, what })) };
    }
    return { at, bytes: resume(await checked.next(), checked) };
  });
  try {
    yield* started.bytes;
  } catch (error) {
    if (isFaultOfPlace(error)) passedOver.set(digest, { count: started.at + 1, again: started.at < last });
    throw error;
  }
}

async function* resume(
  first: IteratorResult<Uint8Array>,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let step = first; step.done !== true; step = await iterator.next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}

/** What another place may do better. */
function isFaultOfPlace(error: unknown): error is DodaiError {
  return error instanceof DodaiError && error.code !== "CANCELLED" && error.code !== "CREDENTIALS_UNUSABLE";
}

/** What the first place gives that does not fail; the last failure is told, and those of mirrors as its reason. */
async function fromFirst<Place, Result>(
  places: readonly Place[],
  attempt: (place: Place) => Promise<Result>,
): Promise<Result> {
  const failures: DodaiError[] = [];
  for (const place of places) {
    try {
      return await attempt(place);
    } catch (error) {
      if (!isFaultOfPlace(error)) throw error;
      failures.push(error);
    }
  }
  const last = failures.pop();
  if (last === undefined) throw new TypeError("an image has no place");
  if (failures.length === 0) throw last;
  const { code, message, fix, where } = last;
  throw new DodaiError(code, message, {
    ...(fix === undefined ? {} : { fix }),
    ...(where === undefined ? {} : { where }),
    cause: new AggregateError(failures, "its mirrors failed too"),
  });
}
