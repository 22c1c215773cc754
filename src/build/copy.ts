// Images from where they are to where they shall be, as they are: pull, push and copy are this.
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, type ImageName, parseImageName } from "../core/image-name.ts";
import { mapLimited } from "../core/limit.ts";
import { type ImageGraph, readImageGraph } from "../image/image-graph.ts";
import { fromAnyPlace, type ImageSource } from "../image/image-source.ts";
import { chooseImage } from "../io/image-input-chosen.ts";
import { writeImage } from "../io/output-image.ts";
import { writeMergedFolder, writeMergedTar } from "../io/output-merged.ts";
import type { Registry } from "../io/registry.ts";
import { openStore, type Store } from "../io/store.ts";
import { mergeLayers } from "../rootfs/merge-layers.ts";
import { keepBuiltNames } from "./built-names.ts";
import type { CopiedOutput, CopyOptions, CopyResult, Output } from "./contract.ts";
import { withSource } from "./image-reference.ts";
import { withRegistry } from "./registry.ts";

/** Throws IMAGE_MISSING, REGISTRY_DENIED, REGISTRY_FAILED, DIGEST_MISMATCH, CANCELLED and what outputs throw. */
export async function copyImage(options: CopyOptions): Promise<CopyResult> {
  const { image, outputs, platform } = options;
  const store = await openStore(options.cacheDirectory);
  return withRegistry({ ...options, store }, (registry) =>
    withSource(image, { registry, store }, async (source) => {
      const graph = await readImageGraph(source, platform);
      const from = image.kind === "registry" ? parseImageName(image.name) : undefined;
      const copied = new Map<Output, CopiedOutput>();
      const copying: Copying = { options, registry, store, source, graph, from };
      // Files first: what they fetch is then in the store for registries.
      const sorted = outputs.toSorted((a, b) => Number(a.kind === "registry") - Number(b.kind === "registry"));
      let near: ImageSource | undefined;
      for (const output of sorted) {
        if (output.kind !== "registry") near ??= await fetchAll(copying);
        copied.set(output, await writeOne(output, { ...copying, source: near ?? source }));
      }
      // `dodai run` finds what was pulled by its name, as it finds what was built.
      const { digest } = graph.root;
      if (from) await keepBuiltNames(namesOf(copying).map(formatImageName), { outputs, digest }, store);
      return { digest, outputs: outputs.map((one) => copied.get(one) ?? one) };
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
      const name = parseImageName(destination);
      const { digest: _, ...pushed } = await registry.push({ source, graph, name, from, onProgress });
      if (options.referrers) await copyReferrers(name, copying);
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

/** Most referrers that are copied with one image, those of referrers included. */
const maxReferrers = 1000;

/** Brings along what refers to any part of the image, and what refers to that. */
async function copyReferrers(to: ImageName, { registry, source, graph, from }: Copying): Promise<void> {
  if (from === undefined) return;
  const todo = graph.documents.map(({ digest }) => digest);
  const seen = new Set(todo);
  for (let digest = todo.pop(); digest !== undefined; digest = todo.pop()) {
    for (const pointer of await registry.referrers(from, digest)) {
      if (seen.has(pointer.digest)) continue;
      seen.add(pointer.digest);
      todo.push(pointer.digest);
      if (seen.size > maxReferrers) {
        throw new DodaiError(
          "IMAGE_BROKEN",
          `Cannot copy what refers to ${source.name}: it is more than ${maxReferrers}`,
        );
      }
      const document = await source.document(pointer);
      const one: ImageSource = { ...source, root: async () => document };
      const name = { ...to, tag: undefined, digest: document.digest };
      await registry.push({ source: one, graph: await readImageGraph(one), name, from });
    }
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
    await fromAnyPlace(source, pointer, () =>
      store.keep(counted(source.blob(pointer), tell), { digest, sizeBytes, what }),
    );
  });
  // All of it was checked just now.
  return { ...source, blob: ({ digest }) => store.open(digest) };
}

async function* counted(bytes: AsyncIterable<Uint8Array>, tell: (count: number) => void): AsyncGenerator<Uint8Array> {
  let seen = 0;
  try {
    for await (const chunk of bytes) {
      seen += chunk.byteLength;
      tell(chunk.byteLength);
      yield chunk;
    }
  } catch (error) {
    // It may begin anew.
    tell(-seen);
    throw error;
  }
}
