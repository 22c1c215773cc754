import type { Resolution, ResolvedSource } from "../../build/contract.ts";
import { hexOf } from "../../core/digest.ts";
import { isControlChecksum } from "../../packages/contract.ts";
import type { Context } from "../context.ts";
import type { CommonFlags } from "../flags.ts";
import { withOptions } from "../options.ts";
import { safeText } from "../safe-text.ts";

export interface ResolveFlags extends CommonFlags {
  readonly json?: boolean;
}

export async function resolve(this: Context, flags: ResolveFlags, recipe: string): Promise<void> {
  const { library, stdout } = this;
  const resolution = await withOptions({ recipe, flags, world: this }, library.resolve);
  const value = { schemaVersion: 1, platforms: resolutionValue(resolution) };
  stdout.write(flags.json ? `${JSON.stringify(value)}\n` : describeResolution(resolution));
}

/** `NAME VERSION` lines; under a heading for each platform when there are several. */
function describeResolution({ platforms }: Resolution): string {
  const several = platforms.length > 1;
  const blocks = platforms.map(({ platform, packages, source }) => {
    const tarball = source ? [safeText(`${source.path} ${source.digest}`)] : [];
    const lines = [...tarball, ...packages.map(({ name, version }) => safeText(`${name} ${version}`))];
    return (several ? [`# ${platform}`, ...lines] : lines).map((line) => `${line}\n`).join("");
  });
  return blocks.join(several ? "\n" : "");
}

/** By platform, for JSON. */
export function resolutionValue({ platforms }: Resolution): Readonly<Record<string, unknown>> {
  const byPlatform = platforms.map(({ platform, packages, source }) => [
    platform,
    {
      ...sourceValue(source),
      packages: packages.map(({ sizeBytes, digest, ...shared }) => {
        const { name, version, architecture, source, sourceVersion, repository, path } = shared;
        return {
          name,
          version,
          architecture,
          source,
          sourceVersion,
          repository,
          path,
          size: sizeBytes,
          ...(isControlChecksum(digest) ? { checksum: digest } : { sha256: hexOf(digest) }),
        };
      }),
    },
  ]);
  return Object.fromEntries(byPlatform);
}

/** A root tarball, for JSON. */
export function sourceValue(source: ResolvedSource | undefined): {
  readonly source?: Readonly<Record<string, unknown>>;
} {
  if (!source) return {};
  const { sizeBytes, digest, ...others } = source;
  return { source: { ...others, size: sizeBytes, sha256: hexOf(digest) } };
}
