// What was built last under which name, for verbs that take an image: a small record for each name, in the store.
import { existsSync } from "node:fs";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, parseImageName } from "../core/image-name.ts";
import { openStore, type Store } from "../io/store.ts";
import type { Output, OutputKind } from "./contract.ts";

const kind = "names";

/** Outputs that hold an image or a root whole, the best first. */
const readable: readonly OutputKind[] = ["oci", "oci-layout", "docker", "tar"];

/** Keeps, under each name, where the image is. Nothing is written when it is known already. */
export async function keepBuiltNames(
  names: readonly string[],
  outputs: readonly Output[],
  store: Store,
): Promise<void> {
  const places = readable.flatMap((form) => outputs.filter((one) => one.kind === form).map((one) => one.destination));
  if (places.length === 0) return;
  const value = Buffer.from(JSON.stringify(places));
  for (const key of new Set(names.map(keyOf))) {
    const before = await store.value(kind, key);
    if (before === undefined || !value.equals(before)) await store.keepValue(kind, key, value);
  }
}

/** Where the image is that was built last under a name, if it is still there. */
export async function findBuilt(name: string, cacheDirectory: string): Promise<string | undefined> {
  if (!existsSync(cacheDirectory)) return undefined;
  const bytes = await (await openStore(cacheDirectory)).value(kind, keyOf(name));
  const places = bytes ? (JSON.parse(Buffer.from(bytes).toString()) as readonly string[]) : [];
  return places.find((place) => existsSync(place));
}

/** `debian` and `docker.io/library/debian:latest` are one name; a recipe's name need not be an image's. */
function keyOf(name: string): string {
  return hexOf(sha256(wholeName(name)));
}

function wholeName(name: string): string {
  try {
    return formatImageName(parseImageName(name));
  } catch (error) {
    if (error instanceof DodaiError) return name;
    throw error;
  }
}
