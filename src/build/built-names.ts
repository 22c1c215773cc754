// What was built last under which name, for verbs that take an image: a small record for each name, in the store.
import { existsSync } from "node:fs";
import { type Digest, hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, parseImageName } from "../core/image-name.ts";
import { openStore, type Store } from "../io/store.ts";
import type { BuildResult } from "./contract.ts";

const kind = "names";

/** Outputs that hold an image or a root whole, the best first, and whether the image's digest is told in them. */
const readable = [
  { form: "oci", hasDigest: true },
  { form: "oci-layout", hasDigest: true },
  { form: "docker", hasDigest: false },
  { form: "tar", hasDigest: false },
] as const;

/** Where an image is, and which of those that may lie there by now. */
export interface BuiltImage {
  readonly place: string;
  readonly digest?: Digest;
}

/** Keeps, under each name, where the image is. Nothing is written when it is known already. */
export async function keepBuiltNames(
  names: readonly string[],
  { outputs, digest }: Pick<BuildResult, "outputs" | "digest">,
  store: Store,
): Promise<void> {
  const built = readable.flatMap(({ form, hasDigest }) =>
    outputs
      .filter((one) => one.kind === form)
      .map(({ destination: place }): BuiltImage => (hasDigest ? { place, digest } : { place })),
  );
  if (built.length === 0) return;
  const value = Buffer.from(JSON.stringify(built));
  for (const key of new Set(names.map(keyOf))) {
    const before = await store.value(kind, key);
    if (before === undefined || !value.equals(before)) await store.keepValue(kind, key, value);
  }
}

/** What was built last under a name, if something is still there. */
export async function findBuilt(name: string, cacheDirectory: string): Promise<BuiltImage | undefined> {
  if (!existsSync(cacheDirectory)) return undefined;
  return findBuiltIn(await openStore(cacheDirectory), name);
}

/** The same in a store that is open. */
export async function findBuiltIn(store: Store, name: string): Promise<BuiltImage | undefined> {
  const bytes = await store.value(kind, keyOf(name));
  const built = bytes ? (JSON.parse(Buffer.from(bytes).toString()) as readonly BuiltImage[]) : [];
  return built.find(({ place }) => existsSync(place));
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
