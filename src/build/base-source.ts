// Where the image lies that a recipe builds on: what was built last under the name, a layout or archive of this machine, or a
// registry.
import { existsSync } from "node:fs";
import { parseDigest } from "../core/digest.ts";
import { formatImageName, type ImageName, parseImageName } from "../core/image-name.ts";
import type { RecipeBase } from "../core/recipe.ts";
import type { ImageSource } from "../image/image-source.ts";
import { openImage } from "../io/image-input.ts";
import { findBuiltIn } from "./built-names.ts";
import type { Session } from "./session.ts";

export type BasePlace =
  | { readonly kind: "registry"; readonly name: ImageName }
  | { readonly kind: "file"; readonly path: string; readonly reference: string | undefined };

export interface OpenedBase {
  readonly source: ImageSource;
  close(): Promise<void>;
}

/** What was built here under a name is meant before a registry's. */
export async function locateBase({ image }: Pick<RecipeBase, "image">, session: Session): Promise<BasePlace> {
  if (image.startsWith("/")) return placeAt(image);
  const name = parseImageName(image);
  const built = name.digest === undefined ? await findBuiltIn(session.store, image) : undefined;
  if (built) return { kind: "file", path: built.place, reference: built.digest };
  return { kind: "registry", name };
}

/** A path, or a path with `:TAG` or `@DIGEST` behind it. */
function placeAt(text: string): BasePlace {
  const [, path = text, digest, tag] = /^(.+?)(?:@(sha256:[0-9a-f]{64})|:([^:/]+))$/.exec(text) ?? [];
  const isWhole = path === text || existsSync(text);
  return isWhole
    ? { kind: "file", path: text, reference: undefined }
    : { kind: "file", path, reference: digest ?? tag };
}

/** What messages and histories call it. */
export function describePlace(place: BasePlace): string {
  return place.kind === "registry" ? formatImageName(place.name) : place.path;
}

/** Opens it; with `pinned`, the manifest of that digest where a registry is asked. Throws what opening images throws. */
export async function openPlace(place: BasePlace, session: Session, pinned: string | undefined): Promise<OpenedBase> {
  if (place.kind === "registry") {
    const registry = await session.registry();
    const name = pinned === undefined ? place.name : { ...place.name, tag: undefined, digest: parseDigest(pinned) };
    return { source: registry.source(name), close: async () => {} };
  }
  const { store } = session;
  const input = await openImage({ place: place.path, temporary: () => store.temporary() });
  try {
    return { source: await input.source({ reference: place.reference, store }), close: () => input.close() };
  } catch (error) {
    await input.close();
    throw error;
  }
}
