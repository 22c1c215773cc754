// Keys that apko fetches when a recipe names a repository or an address: here they are part of dodai, checked once.
import { posix } from "node:path";
import { alpineKeyHosts, alpineKeys } from "../../distros/alpine/keys.ts";
import { wolfiKeyHost, wolfiKeys } from "../../distros/wolfi/keys.ts";

/** A public key by the file name that signatures call it by. */
export interface KnownKey {
  readonly name: string;
  readonly text: string;
}

/** The key that is published at an address of its owner's. */
export function knownKeyAt(url: string): KnownKey | undefined {
  const { hostname = "", pathname = "" } = URL.parse(url) ?? {};
  const name = decodeURIComponent(posix.basename(pathname));
  const found = owners.find(({ hosts }) => hosts.includes(hostname))?.keys.find((one) => one.name === name);
  return found && { name, text: found.armored };
}

/** Keys that may sign a repository by its address alone: apko looks them up for Alpine's, on any mirror. */
export function keysOfRepository(place: string): readonly KnownKey[] {
  if (!/^https?:\/\/.+\/alpine\/[^/]+\/[^/]+$/.test(place)) return [];
  return alpineKeys.map(({ name, armored }) => ({ name, text: armored }));
}

const owners = [
  { hosts: alpineKeyHosts, keys: alpineKeys },
  { hosts: [wolfiKeyHost], keys: wolfiKeys },
];
