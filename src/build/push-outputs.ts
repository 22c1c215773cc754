// What was built, into registries: only what they lack.
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { parseImageName } from "../core/image-name.ts";
import type { ImageBundle } from "../image/bundle.ts";
import { bundleSource } from "../image/bundle-source.ts";
import { readImageGraph } from "../image/image-graph.ts";
import type { Output } from "./contract.ts";
import type { Session } from "./session.ts";

/** Throws REGISTRY_DENIED, REGISTRY_FAILED, NETWORK_OFFLINE, CANCELLED. */
export async function pushOutputs(outputs: readonly Output[], bundle: ImageBundle, session: Session): Promise<void> {
  const source = bundleSource(bundle);
  const graph = await readImageGraph(source);
  const registry = await session.registry();
  for (const { destination } of outputs) {
    session.emit({ kind: "stage", stage: "write", text: `pushing ${destination}` });
    await registry.push({
      source,
      graph,
      name: parseImageName(destination),
      onProgress: (progress) => session.emit({ kind: "progress", stage: "write", what: destination, ...progress }),
    });
  }
}

/** Whether each name leads to the image. A registry that does not say so is asked again when the image is pushed. */
export async function leadTo(names: readonly string[], digest: Digest, session: Session): Promise<boolean> {
  const registry = await session.registry();
  try {
    for (const name of names) if ((await registry.find(parseImageName(name))) !== digest) return false;
    return true;
  } catch (error) {
    if (error instanceof DodaiError && error.code !== "CANCELLED") return false;
    throw error;
  }
}
