import type { ImageBundle } from "../image/bundle.ts";
import { fileNameOf } from "../io/output-contract.ts";
import { outputs as writers } from "../io/output-kinds.ts";
import type { BuildOptions } from "./contract.ts";
import type { Session } from "./session.ts";

export type WriteOptions = Pick<BuildOptions, "outputs" | "signal"> & {
  /** What files inside a folder are called after. */
  readonly recipe: { readonly name: string };
};

/** Writes each output in turn, those to registries last. Throws DISK_FULL, OUTPUT_UNWRITABLE, CANCELLED, REGISTRY_FAILED. */
export async function writeOutputs(bundle: ImageBundle, options: WriteOptions, session: Session): Promise<void> {
  for (const { kind, destination } of options.outputs) {
    if (kind === "registry") continue;
    session.emit({ kind: "stage", stage: "write", text: `writing ${destination}` });
    await writers[kind]({
      bundle,
      destination,
      baseName: fileNameOf(options.recipe.name),
      signal: options.signal,
      onProgress: ({ doneBytes, totalBytes }) =>
        session.emit({ kind: "progress", stage: "write", doneBytes, totalBytes, what: destination }),
      onWarning: (text) => session.emit({ kind: "warning", text }),
    });
  }
  const pushed = options.outputs.filter(({ kind }) => kind === "registry");
  if (pushed.length === 0) return;
  const { pushOutputs } = await import("./push-outputs.ts");
  await pushOutputs(pushed, bundle, session);
}
