// The `docker` output: the archive of `docker save` before Docker 25 (moby, image spec v1.2). `HEX.json` is the config,
// `HEX/layer.tar` an uncompressed layer under its diffId, `manifest.json` and the older `repositories` tell of them.
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { type DiffId, hexOf } from "../core/digest.ts";
import { formatShortImageName, type ImageName } from "../core/image-name.ts";
import { type BundleLayer, bundleEpoch, type ImageBundle } from "../image/bundle.ts";
import { folderMember, type Member, tarBytes, tarOf, textMember, uncompressedMember } from "./output-archive.ts";
import type { OutputOptions } from "./output-contract.ts";
import { replaceFile } from "./output-file.ts";
import { onlyImage } from "./output-only-image.ts";
import { watched } from "./output-stream.ts";

/** One platform's image for `docker load` and skopeo's `docker-archive:`. Throws USAGE for several platforms. */
export async function writeDockerArchive(options: OutputOptions): Promise<void> {
  const { bundle, destination, signal } = options;
  const members = dockerMembers(bundle);
  const bytes = tarOf({ members, epoch: bundleEpoch(bundle) });
  await replaceFile(watched(bytes, { ...options, totalBytes: tarBytes(members) }), destination, signal);
}

function dockerMembers(bundle: ImageBundle): readonly Member[] {
  const { config, layers } = onlyImage(bundle, "docker");
  const configPath = `${hexOf(config.digest)}.json`;
  const repoTags = bundle.names.map(formatShortImageName);
  const manifest = [{ Config: configPath, RepoTags: repoTags, Layers: layers.map(layerPath) }];
  return [
    textMember("manifest.json", formatCanonicalJson(manifest)),
    ...repositoriesMember(bundle.names, layers),
    textMember(configPath, config.text),
    ...distinctLayers(layers).flatMap((layer) => [
      folderMember(hexOf(layer.diffId)),
      uncompressedMember(layerPath(layer), layer),
    ]),
  ];
}

const layerPath = ({ diffId }: { readonly diffId: DiffId }): string => `${hexOf(diffId)}/layer.tar`;

/** Which layer is on top under each name, for readers from before `manifest.json`. */
function repositoriesMember(names: readonly ImageName[], layers: readonly BundleLayer[]): readonly Member[] {
  const top = layers.at(-1);
  if (names.length === 0 || top === undefined) return [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const name of names) {
    const repository = formatShortImageName({ ...name, tag: undefined });
    repositories[repository] = { ...repositories[repository], [name.tag ?? "latest"]: hexOf(top.diffId) };
  }
  return [textMember("repositories", formatCanonicalJson(repositories))];
}

/** A layer that an image has twice is stored once. */
function distinctLayers(layers: readonly BundleLayer[]): readonly BundleLayer[] {
  return [...new Map(layers.map((layer) => [layer.diffId, layer])).values()];
}
