// Which repository of a registry had a blob, from one run to the next: what it has is mounted, not sent. A repository that has
// lost it since makes no difference; the registry then asks for the bytes.
import { type Digest, hexOf, sha256 } from "../core/digest.ts";
import type { Store } from "./store.ts";

export interface BlobPlaces {
  find(host: string, digest: Digest): Promise<string | undefined>;
  keep(host: string, digest: Digest, repository: string): Promise<void>;
}

const kind = "blob-places";

export function placesInStore(store: Store): BlobPlaces {
  const keyOf = (host: string, digest: Digest): string => hexOf(sha256(`${host} ${digest}`));
  const find = async (host: string, digest: Digest): Promise<string | undefined> => {
    const bytes = await store.value(kind, keyOf(host, digest));
    return bytes && Buffer.from(bytes).toString();
  };
  return {
    find,
    keep: async (host, digest, repository) => {
      if ((await find(host, digest)) !== undefined) return;
      await store.keepValue(kind, keyOf(host, digest), Buffer.from(repository));
    },
  };
}
