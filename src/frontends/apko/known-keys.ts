// Keys that apko fetches when a recipe names a repository or an address: here they are part of dodai, checked once.

/** A public key by the file name that signatures call it by. */
export interface KnownKey {
  readonly name: string;
  readonly text: string;
}

/** The key that is published at an address, known by its file name. */
export function knownKeyAt(_url: string): KnownKey | undefined {
  return undefined;
}

/** Keys that may sign a repository by its address alone: apko looks them up for Alpine's. */
export function keysOfRepository(_place: string): readonly KnownKey[] {
  return [];
}
