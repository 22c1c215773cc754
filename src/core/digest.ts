import { createHash, hash } from "node:crypto";
import { DodaiError } from "./dodai-error.ts";

declare const digestBrand: unique symbol;
declare const diffIdBrand: unique symbol;

/** `sha256:` and 64 lower-case hex digits, of bytes as they are stored or sent. */
export type Digest = `sha256:${string}` & { readonly [digestBrand]: true };

/** `sha256:` and 64 lower-case hex digits, of a layer's uncompressed tar (OCI image-spec, config.md, "Layer DiffID"). */
export type DiffId = `sha256:${string}` & { readonly [diffIdBrand]: true };

/** Reads a digest that somebody else wrote. Throws DIGEST_SYNTAX. */
export function parseDigest(text: string): Digest {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) {
    throw new DodaiError(
      "DIGEST_SYNTAX",
      `Cannot read digest "${text}": it is not sha256: followed by 64 lower-case hex digits`,
    );
  }
  return text as Digest;
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${hash("sha256", bytes, "hex")}` as Digest;
}

/** A digest over bytes that arrive piece by piece. */
export interface DigestStream {
  update(bytes: Uint8Array): void;
  digest(): Digest;
  /** The same value as `digest`, for bytes that are an uncompressed layer. */
  diffId(): DiffId;
}

export function startDigest(): DigestStream {
  const state = createHash("sha256");
  const finish = (): string => `sha256:${state.digest("hex")}`;
  return {
    update: (bytes) => void state.update(bytes),
    digest: () => finish() as Digest,
    diffId: () => finish() as DiffId,
  };
}

/** The 64 hex digits alone, as file names in a content store and `Packages` fields have them. */
export function hexOf(digest: Digest | DiffId): string {
  return digest.slice("sha256:".length);
}

/** A diffId that was written by us, in a lock or a cache. Throws DIGEST_SYNTAX. */
export function parseDiffId(text: string): DiffId {
  return parseDigest(text) as string as DiffId;
}
