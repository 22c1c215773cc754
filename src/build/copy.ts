// Images from where they are to where they shall be, as they are: pull, push and copy are this.
import { verified } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type ImageName, parseImageName } from "../core/image-name.ts";
import { mapLimited } from "../core/limit.ts";
import { type ImageGraph, readImageGraph } from "../image/image-graph.ts";
import type { ImageSource, Pointer } from "../image/image-source.ts";
import { chooseImage } from "../io/image-input-chosen.ts";
import { writeImage } from "../io/output-image.ts";
import { writeMergedFolder, writeMergedTar } from "../io/output-merged.ts";
import type { Registry } from "../io/registry.ts";
import { openStore, type Store } from "../io/store.ts";
import { mergeLayers } from "../rootfs/merge-layers.ts";
import type { CopiedOutput, CopyOptions, CopyResult, Output } from "./contract.ts";
import { withSource } from "./image-reference.ts";
import { withRegistry } from "./registry.ts";

/** Throws IMAGE_MISSING, REGISTRY_DENIED, REGISTRY_FAILED, DIGEST_MISMATCH, CANCELLED and what outputs throw. */
export async function copyImage(options: CopyOptions): Promise<CopyResult> {
  const { image, outputs, platform } = options;
  const store = await openStore(options.cacheDirectory);
  return withRegistry(options, (registry) =>
    withSource(image, { registry, store }, async (source) => {
      const graph = await readImageGraph(source, platform);
      const from = image.kind === "registry" ? parseImageName(image.name) : undefined;
      const copied: CopiedOutput[] = [];
      const copying: Copying = { options, registry, store, source, graph, from };
      // Files first: what they fetch is then in the store for registries.
      const sorted = outputs.toSorted((a, b) => Number(a.kind === "registry") - Number(b.kind === "registry"));
      let near: ImageSource | undefined;
      for (const output of sorted) {
        if (output.kind !== "registry") near ??= await fetchAll(copying);
        copied.push(await writeOne(output, { ...copying, source: near ?? source }));
      }
      return { digest: graph.root.digest, outputs: copied };
    }),
  );
}

interface Copying {
  readonly options: CopyOptions;
  readonly registry: Registry;
  readonly store: Store;
  readonly source: ImageSource;
  readonly graph: ImageGraph;
  /** Where the image is from, when that is a registry. */
  readonly from: ImageName | undefined;
}

async function writeOne(output: Output, copying: Copying): Promise<CopiedOutput> {
  const { options, registry, source, graph, from } = copying;
  const { kind, destination } = output;
  const { signal, onEvent } = options;
  const onProgress = (progress: { readonly doneBytes: number; readonly totalBytes: number }): void =>
    onEvent?.({ kind: "progress", stage: "write", what: destination, ...progress });
  const onWarning = (text: string): void => onEvent?.({ kind: "warning", text });
  onEvent?.({ kind: "stage", stage: "write", text: `${kind === "registry" ? "pushing" : "writing"} ${destination}` });
  switch (kind) {
    case "registry": {
      const { digest: _, ...pushed } = await registry.push({
        source,
        graph,
        name: parseImageName(destination),
        from,
        onProgress,
      });
      return { ...output, pushed };
    }
    case "oci":
    case "oci-layout":
      await writeImage({ source, graph, names: namesOf(copying), kind, destination, signal, onProgress });
      return output;
    case "tar":
    case "dir": {
      const { layers } = await chooseImage(source, options.platform ?? options.hostPlatform);
      const write = kind === "tar" ? writeMergedTar : writeMergedFolder;
      await write({ items: mergeLayers(layers), destination, signal, onWarning });
      return output;
    }
    default:
      throw new DodaiError("USAGE", `Cannot write output "${kind}" of an image that is there already`, {
        fix: "Use oci, oci-layout, tar, dir or registry; an oci archive is a Docker archive as well.",
      });
  }
}

/** The caller's names, else the one that the image has in its registry. */
function namesOf({ options: { names }, from }: Copying): readonly ImageName[] {
  if (names !== undefined) return names.map(parseImageName);
  return from?.tag === undefined ? [] : [{ ...from, digest: undefined }];
}

const blobsAtOnce = 4;

/** Brings blobs of a registry into the store, several at once; those of files stay where they are. */
async function fetchAll({ options, store, source, graph, from }: Copying): Promise<ImageSource> {
  if (from === undefined) return source;
  const { onEvent } = options;
  const totalBytes = graph.blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  const tell = (count: number): void => {
    doneBytes += count;
    onEvent?.({ kind: "progress", stage: "download", what: source.name, doneBytes, totalBytes });
  };
  onEvent?.({ kind: "stage", stage: "download", text: `fetching ${source.name}` });
  const bySize = graph.blobs.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  await mapLimited(bySize, blobsAtOnce, async (pointer) => {
    const { digest, sizeBytes } = pointer;
    if (await store.verify(digest, sizeBytes)) return tell(sizeBytes);
    const what = `blob ${digest} of ${source.name}`;
    await store.keep(counted(source.blob(pointer), tell), { digest, sizeBytes, what });
  });
  return { ...source, blob: (pointer) => storedBlob(store, pointer) };
}

async function* counted(bytes: AsyncIterable<Uint8Array>, tell: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    tell(chunk.byteLength);
    yield chunk;
  }
}

async function* storedBlob(store: Store, { digest, sizeBytes }: Pointer): AsyncGenerator<Uint8Array> {
  yield* verified(store.open(digest), { digest, sizeBytes, what: store.path(digest) });
}
