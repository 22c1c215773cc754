import type { InspectedManifest, InspectResult } from "../../build/contract.ts";
import type { Context } from "../context.ts";
import { usage } from "../flags.ts";
import { cacheDirectory } from "../places.ts";
import { formatBytes } from "../quantities.ts";
import { imageReference, type RegistryFlags, type WantedPlatform, withRegistryOptions } from "../registry-flags.ts";
import { safeText } from "../safe-text.ts";

export interface InspectFlags extends RegistryFlags {
  readonly platform?: WantedPlatform;
  readonly raw?: boolean;
  readonly config?: boolean;
  readonly referrers?: boolean;
}

/** What an image is: for people, as JSON, or one of its documents as it is stored. */
export async function inspect(this: Context, flags: InspectFlags, text: string): Promise<void> {
  const { library, stdout, hostPlatform } = this;
  const { raw, config, referrers = false } = flags;
  if (raw && config) throw usage("Cannot use --raw with --config: each prints one document", "Leave one of them out.");
  const image = await imageReference(text, this, cacheDirectory(flags.cacheDir, this));
  if (referrers && image.kind === "file") {
    throw usage(`Cannot use --referrers of "${text}": only a registry knows what refers to an image`);
  }
  const platform = flags.platform === "all" ? undefined : (flags.platform ?? (config ? hostPlatform : undefined));
  const result = await withRegistryOptions({ flags, world: this }, (options) =>
    library.inspectImage({ ...options, image, platform, hostPlatform, referrers }),
  );
  if (raw) stdout.write(result.raw);
  else if (config) stdout.write(result.manifest?.config ?? "");
  else stdout.write(flags.json ? formatInspected(result) : describeInspected(result));
}

function describeInspected({ name, digest, mediaType, manifests, manifest, referrers }: InspectResult): string {
  const lines = [`name: ${name}`, `digest: ${digest}`, `type: ${mediaType}`];
  for (const one of manifests ?? []) lines.push(`${one.platform ?? "no platform"}: ${one.digest}`);
  if (manifest) {
    if (manifest.digest !== digest) lines.push(`manifest: ${manifest.digest} (${manifest.platform ?? "no platform"})`);
    for (const layer of manifest.layers) lines.push(`layer: ${layer.digest} ${formatBytes(layer.sizeBytes)}`);
  }
  for (const one of referrers ?? []) lines.push(`referrer: ${one.digest} ${one.artifactType ?? one.mediaType}`);
  return `${safeText(lines.join("\n"))}\n`;
}

function formatInspected({ name, digest, mediaType, manifests, manifest, referrers }: InspectResult): string {
  const value = {
    schemaVersion: 1,
    name,
    digest,
    mediaType,
    manifests: manifests?.map(manifestValue),
    manifest: manifest && {
      ...manifestValue(manifest),
      config: parsed(manifest.config),
      layers: manifest.layers.map(manifestValue),
    },
    referrers: referrers?.map((one) => ({ ...manifestValue(one), artifactType: one.artifactType })),
  };
  return `${JSON.stringify(value)}\n`;
}

const manifestValue = ({ digest, mediaType, sizeBytes: size, platform }: InspectedManifest): object => ({
  digest,
  mediaType,
  size,
  platform,
});

/** A config that is no JSON is shown as the text that it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
