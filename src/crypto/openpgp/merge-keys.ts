// Copies of one key made one: they know together what each knows, so a revocation in one holds for all.
import type { PublicKey } from "./public-key.ts";
import type { Signature } from "./signature.ts";

/** Each primary key once, with each of its user IDs and subkeys once, in the order of their first mention. */
export function mergeKeys(keyring: readonly PublicKey[]): readonly PublicKey[] {
  const copies = Map.groupBy(keyring, ({ fingerprint }) => fingerprint);
  return [...copies.values()].flatMap((keys) => {
    const userIds = keys.flatMap((key) => key.userIds);
    const subkeys = keys.flatMap((key) => key.subkeys);
    return mergeParts(keys, ({ fingerprint }) => fingerprint).map((key) => ({
      ...key,
      userIds: mergeParts(userIds, ({ hashed }) => Buffer.from(hashed.framed).toString("latin1")),
      subkeys: mergeParts(subkeys, ({ fingerprint }) => fingerprint),
    }));
  });
}

function mergeParts<Part extends { readonly signatures: readonly Signature[] }>(
  parts: readonly Part[],
  identify: (part: Part) => string,
): readonly Part[] {
  return [...Map.groupBy(parts, identify).values()].flatMap((copies) =>
    copies.slice(0, 1).map((first) => ({ ...first, signatures: copies.flatMap(({ signatures }) => signatures) })),
  );
}
