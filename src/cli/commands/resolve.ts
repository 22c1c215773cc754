import type { Resolution, ResolvedAdvisory, ResolvedPackage, ResolvedSource } from "../../build/contract.ts";
import { hexOf } from "../../core/digest.ts";
import { isControlChecksum } from "../../packages/contract.ts";
import type { Context } from "../context.ts";
import type { CommonFlags } from "../flags.ts";
import { withOptions } from "../options.ts";
import { safeText } from "../safe-text.ts";

export interface ResolveFlags extends CommonFlags {
  readonly advisories?: boolean;
  readonly json?: boolean;
}

export async function resolve(this: Context, flags: ResolveFlags, recipe: string): Promise<void> {
  const { library, stdout } = this;
  const { advisories = false } = flags;
  const resolution = await withOptions({ recipe, flags, world: this }, (options) =>
    library.resolve({ ...options, advisories }),
  );
  const value = { schemaVersion: 1, platforms: resolutionValue(resolution) };
  stdout.write(flags.json ? `${JSON.stringify(value)}\n` : describeResolution(resolution));
}

/** `NAME VERSION` lines, with advisories below a package; under a heading for each platform when there are several. */
function describeResolution({ platforms }: Resolution): string {
  const several = platforms.length > 1;
  const blocks = platforms.map(({ platform, packages, source }) => {
    const tarball = source ? [safeText(`${source.path} ${source.digest}`)] : [];
    const lines = [...tarball, ...packages.flatMap(linesOf)];
    return (several ? [`# ${platform}`, ...lines] : lines).map((line) => `${line}\n`).join("");
  });
  return blocks.join(several ? "\n" : "");
}

function linesOf({ name, version, advisories = [] }: ResolvedPackage): readonly string[] {
  const below = advisories.map(
    ({ id, type, severity, cves }) => `  ${[id, type, severity ?? [], cves].flat().map(safeText).join(" ")}`,
  );
  return [safeText(`${name} ${version}`), ...below];
}

/** By platform, for JSON. */
export function resolutionValue({ platforms }: Resolution): Readonly<Record<string, unknown>> {
  const byPlatform = platforms.map(({ platform, packages, source, withoutAdvisories }) => [
    platform,
    {
      ...sourceValue(source),
      packages: packages.map(({ sizeBytes, digest, advisories, ...shared }) => {
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
          ...(advisories ? { advisories: advisories.map(advisoryValue) } : {}),
        };
      }),
      ...(withoutAdvisories ? { withoutAdvisories } : {}),
    },
  ]);
  return Object.fromEntries(byPlatform);
}

/** In the order in which it is read; what is not stated is absent. */
function advisoryValue({
  id,
  type,
  severity,
  title,
  issued,
  cves,
}: ResolvedAdvisory): Readonly<Record<string, unknown>> {
  return { id, type, severity, title, issued: issued?.toISOString(), cves };
}

/** A root tarball, for JSON. */
export function sourceValue(source: ResolvedSource | undefined): {
  readonly source?: Readonly<Record<string, unknown>>;
} {
  if (!source) return {};
  const { sizeBytes, digest, ...others } = source;
  return { source: { ...others, size: sizeBytes, sha256: hexOf(digest) } };
}
