import { DodaiError } from "../core/dodai-error.ts";
import { type PublicKey, parseKeyring } from "../crypto/openpgp/public-key.ts";
import type { TrustKey } from "./contract.ts";

/** All OpenPGP keys of a text, or of several in it the one that the fingerprint names. Throws KEY_SYNTAX. */
export function trustedKeys({ armored, fingerprint, owner }: TrustKey): readonly PublicKey[] {
  const all = parseKeyring(armored, `the key of "${owner}"`);
  const keys = fingerprint === undefined ? all : all.filter((key) => key.fingerprint === fingerprint);
  if (keys.length > 0) return keys;
  throw new DodaiError(
    "KEY_SYNTAX",
    `Cannot use the key of "${owner}": its text does not hold ${fingerprint ?? "a key"}`,
    { fix: "Check that the key and its fingerprint belong together." },
  );
}
