// What the last build of the same input gave, and how its outputs looked on disk: when they still look so, there is
// nothing to do.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { type Digest, hexOf, sha256 } from "../core/digest.ts";
import type { Recipe } from "../core/recipe.ts";
import { version } from "../core/version.ts";
import type { Store } from "../io/store.ts";
import type { BuildOptions, BuildResult, Output } from "./contract.ts";
import { formatLock, type LockedPlatform } from "./lock-file.ts";
import { findDistribution, lockedValue } from "./plan.ts";

const kind = "results";

/** Digest of everything that a result depends on. Files of this machine count by size and time, as make does. */
export async function resultKey(options: BuildOptions, platforms: readonly LockedPlatform[]): Promise<string> {
  const {
    recipe,
    outputs,
    names = [],
    compression = "gzip",
    sourceDateEpoch,
    insecureUnsigned = false,
    cacheTo,
  } = options;
  const copied = recipe.files.flatMap((file) => (file.kind === "copy" ? [file.source] : []));
  const sources = [...copied, ...baseFiles(recipe, platforms)];
  const locked = platforms.map(({ scripts: _told, ...rest }) => rest);
  const value: Json = {
    version,
    // Positions differ when a recipe is only reformatted; what else is in a recipe is plain JSON.
    recipe: JSON.parse(JSON.stringify(recipe, (key, member) => (key === "position" ? undefined : member))) as Json,
    lock: formatLock({ recipe: lockedValue(recipe), platforms: locked }),
    outputs: outputs.map(({ kind: form, destination }) => [form, destination]),
    names,
    compression,
    sourceDateEpoch,
    // What was taken without a signature is not taken again when nobody says so.
    insecureUnsigned,
    cacheTo,
    sources: await Promise.all(sources.map(stampOf)),
  };
  return hexOf(sha256(formatCanonicalJson(value)));
}

/** A database beside the base image; the image itself is known by its digest. */
function baseFiles({ base, ...recipe }: Recipe, platforms: readonly LockedPlatform[]): readonly string[] {
  const { installed } = base ?? {};
  if (installed === undefined) return [];
  const { format } = findDistribution(recipe);
  return platforms.map(({ platform }) => join(installed, format.architectureOf(platform) ?? "", "APKINDEX"));
}

interface KeptResult {
  readonly result: BuildResult;
  readonly stamps: readonly (Json | undefined)[];
}

/** What was built and is there still; `isPushed` tells whether names in registries lead to it. */
export async function findUnchanged(
  key: string,
  store: Store,
  isPushed: (names: readonly string[], digest: Digest) => Promise<boolean>,
): Promise<BuildResult | undefined> {
  const bytes = await store.value(kind, key);
  if (!bytes) return undefined;
  const { result, stamps } = JSON.parse(Buffer.from(bytes).toString()) as KeptResult;
  const now = await Promise.all(result.outputs.map(stampOfOutput));
  const same = now.every(
    (stamp, index) => stamp !== null && formatCanonicalJson(stamp) === formatCanonicalJson(stamps[index] ?? null),
  );
  if (!same) return undefined;
  const pushed = result.outputs.filter((one) => one.kind === "registry").map(({ destination }) => destination);
  if (pushed.length > 0 && !(await isPushed(pushed, result.digest))) return undefined;
  return { ...result, unchanged: true };
}

/** Folders have no stamp that tells of changes inside them, so results with folders are not kept. */
export async function keepResult(key: string, result: BuildResult, store: Store): Promise<void> {
  const stamps = await Promise.all(result.outputs.map(stampOfOutput));
  if (stamps.includes(null)) return;
  await store.keepValue(kind, key, Buffer.from(JSON.stringify({ result, stamps } satisfies KeptResult)));
}

/** A registry is asked itself. */
async function stampOfOutput({ kind: form, destination }: Output): Promise<Json> {
  return form === "registry" ? form : stampOf(destination);
}

/** How a regular file looks: size, time of change in nanoseconds, inode. `null` for what is not one. */
async function stampOf(path: string): Promise<Json> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.isFile() ? [String(found.size), String(found.mtimeNs), String(found.ino)] : null;
}
