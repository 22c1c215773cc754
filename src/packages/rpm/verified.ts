// The check of digests that are not SHA-256, or whose size nobody tells.
import { createHash } from "node:crypto";
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Checksum } from "./repomd.ts";

/** Passes bytes through; at their end throws DIGEST_MISMATCH unless their digest is the one that is wanted. */
export async function* verifiedAs(
  bytes: Bytes,
  { algorithm, hex }: Checksum,
  what: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash(algorithm);
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = hash.digest("hex");
  if (actual === hex) return;
  throw new DodaiError("DIGEST_MISMATCH", `Cannot use ${what}: its digest is ${algorithm}:${actual}, wanted ${hex}`, {
    fix: "The mirror may be in the middle of an update, or the file was changed on the way. Try again, or use another mirror.",
  });
}
