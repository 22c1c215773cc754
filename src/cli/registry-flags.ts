// Images on the command line of verbs that reach registries: names, and places of archives and layouts.
import { posix } from "node:path";
import type { BuildEvent, ImageReference, Output, RegistryOptions } from "../build/contract.ts";
import { formatImageName, parseImageName } from "../core/image-name.ts";
import { type Platform, parsePlatform } from "../core/platform.ts";
import type { World } from "./context.ts";
import { type ProgressMode, parsePushName, usage } from "./flags.ts";
import { findImageArgument } from "./image-argument.ts";
import { cacheDirectory } from "./places.ts";
import { startProgress } from "./progress/progress.ts";

export interface RegistryFlags {
  readonly insecureHttp?: boolean;
  readonly offline?: boolean;
  readonly progress: ProgressMode;
  readonly cacheDir?: string;
  readonly json?: boolean;
}

/** `all`, or one platform. */
export type WantedPlatform = Platform | "all";

export function parseWantedPlatform(text: string): WantedPlatform {
  return text === "all" ? text : parsePlatform(text);
}

const place = /^(?:\/|\.\.?(?:\/|$))|\.(?:oci|tar|tgz|tar\.\w+)(?::[^:/]+|@sha256:[0-9a-f]{64})?$/;

/** Paths begin with `/`, `./` or `../`, or end like an archive or a layout; all else is a name. */
export const isPlace = (text: string): boolean => place.test(text);

/** What is copied or shown. */
export async function imageReference(text: string, world: World, cache: string): Promise<ImageReference> {
  if (!isPlace(text)) return { kind: "registry", name: formatImageName(parseImageName(text)) };
  return localImage(text, world, cache);
}

/** What is on this machine: a file, a folder, or what was built under a name. */
export async function localImage(text: string, world: World, cache: string): Promise<ImageReference> {
  const { place: path, reference } = await findImageArgument(text, world, cache);
  return { kind: "file", path, reference };
}

/** Where an image is copied to. A folder ends with `/` or `.oci`. */
export function copyTarget(text: string, { cwd }: World): Output {
  if (!isPlace(text)) return { kind: "registry", destination: parsePushName(text) };
  const destination = posix.resolve(cwd, text);
  return { kind: /(?:\/|\.oci)$/.test(text) ? "oci-layout" : "oci", destination };
}

/** Runs a verb of the library with a progress display, which is gone when it returns. */
export async function withRegistryOptions<Result>(
  { flags, world }: { readonly flags: RegistryFlags; readonly world: World },
  task: (options: RegistryOptions) => Promise<Result>,
): Promise<Result> {
  const progress = startProgress(flags.progress, world);
  try {
    return await task({
      cacheDirectory: cacheDirectory(flags.cacheDir, world),
      offline: flags.offline ?? false,
      insecureHttp: flags.insecureHttp ?? false,
      environment: world.env,
      signal: world.signal,
      onEvent: (event: BuildEvent) => progress.onEvent(event),
    });
  } finally {
    progress.end();
  }
}

/** Of `pull`: one that is not for this verb is refused before anything is fetched. */
export function assertOutputKinds(outputs: readonly Output[]): void {
  const wrong = outputs.find(({ kind }) => kind === "docker" || kind === "context");
  if (wrong === undefined) return;
  throw usage(
    `Cannot write output of type "${wrong.kind}" of an image that is there already`,
    "Use oci, oci-layout, tar, dir or registry; an oci archive is a Docker archive as well.",
  );
}
