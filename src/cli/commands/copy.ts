// pull, push and copy: three ways to say from where to where.
import type { CopiedOutput, CopyOptions, CopyResult } from "../../build/contract.ts";
import { formatImageName, parseImageName } from "../../core/image-name.ts";
import type { Context } from "../context.ts";
import { parsePushName, placeOutputs, type RequestedOutput, usage } from "../flags.ts";
import { cacheDirectory, showPath } from "../places.ts";
import { count, formatBytes, formatSeconds } from "../quantities.ts";
import {
  assertOutputKinds,
  copyTarget,
  imageReference,
  localImage,
  type RegistryFlags,
  type WantedPlatform,
  withRegistryOptions,
} from "../registry-flags.ts";
import { safeText } from "../safe-text.ts";
import { outputValue } from "./build.ts";

export interface PullFlags extends RegistryFlags {
  readonly output?: readonly RequestedOutput[];
  readonly platform?: WantedPlatform;
}

export interface PushFlags extends RegistryFlags {
  readonly platform?: WantedPlatform;
}

export interface CopyFlags extends PushFlags {
  readonly referrers?: boolean;
}

type Wanted = Pick<CopyOptions, "image" | "outputs" | "platform" | "referrers">;

export async function pull(this: Context, flags: PullFlags, name: string): Promise<void> {
  const { repository, tag, digest } = parseImageName(name);
  const { platform = this.hostPlatform } = flags;
  const base = `${repository.split("/").at(-1) ?? ""}-${tag ?? digest?.slice("sha256:".length, 19) ?? ""}`;
  const outputs = placeOutputs(flags.output ?? [], { name: base, cwd: this.cwd, tags: [] });
  assertOutputKinds(outputs);
  await copyAll(this, flags, {
    image: { kind: "registry", name: formatImageName(parseImageName(name)) },
    outputs,
    platform: onePlatform(platform),
  });
}

export async function push(this: Context, flags: PushFlags, image: string, ...names: string[]): Promise<void> {
  assertTargets(names, `Cannot push "${image}"`);
  await copyAll(this, flags, {
    image: await localImage(image, this, cacheDirectory(flags.cacheDir, this)),
    outputs: [...new Set(names.map(parsePushName))].map((destination) => ({ kind: "registry", destination })),
    platform: onePlatform(flags.platform),
  });
}

export async function copy(this: Context, flags: CopyFlags, from: string, ...targets: string[]): Promise<void> {
  assertTargets(targets, `Cannot copy "${from}"`);
  const { referrers = false } = flags;
  const image = await imageReference(from, this, cacheDirectory(flags.cacheDir, this));
  const outputs = targets.map((target) => copyTarget(target, this));
  if (referrers && (image.kind === "file" || outputs.some(({ kind }) => kind !== "registry"))) {
    throw usage("Cannot use --referrers with files: only registries know what refers to an image");
  }
  await copyAll(this, flags, {
    image,
    outputs,
    referrers,
    platform: onePlatform(flags.platform),
  });
}

function assertTargets(targets: readonly string[], cannot: string): void {
  if (targets.length > 0) return;
  throw usage(`${cannot}: nothing says where to`, 'Add a name, as in "registry.example/team/base:1.0".');
}

const onePlatform = (platform: WantedPlatform | undefined): CopyOptions["platform"] =>
  platform === "all" ? undefined : platform;

/** The digest, or JSON, on standard output; what was done on standard error. */
async function copyAll(context: Context, flags: RegistryFlags, wanted: Wanted): Promise<void> {
  const { stdout, stderr, hostPlatform, library } = context;
  const startedMs = context.elapsedMs();
  const result = await withRegistryOptions({ flags, world: context }, (options) =>
    library.copyImage({ ...options, ...wanted, hostPlatform }),
  );
  if (flags.progress !== "quiet") {
    for (const one of result.outputs) stderr.write(`${safeText(describeOutput(one, context.cwd))}\n`);
    stderr.write(`done in ${formatSeconds(context.elapsedMs() - startedMs)}\n`);
  }
  stdout.write(flags.json ? formatCopied(result) : `${result.digest}\n`);
}

function describeOutput({ kind, destination, pushed }: CopiedOutput, cwd: string): string {
  if (pushed === undefined) return `${showPath(destination, cwd)} (${kind})`;
  if (pushed.unchanged) return `${destination}: it was there already`;
  const { sent, sentBytes, mounted, there } = pushed;
  const told = [
    `${count(sent, "blob")} sent, ${formatBytes(sentBytes)}`,
    ...(mounted > 0 ? [`${mounted} mounted`] : []),
    ...(there > 0 ? [`${there} there already`] : []),
  ];
  return `${destination}: ${told.join(", ")}`;
}

function formatCopied({ digest, outputs }: CopyResult): string {
  const value = {
    schemaVersion: 1,
    digest,
    outputs: outputs.map(({ pushed, ...output }) => {
      if (pushed === undefined) return outputValue(output);
      const { unchanged, sent, sentBytes, mounted, there } = pushed;
      return { ...outputValue(output), unchanged, sent, sentBytes, mounted, there };
    }),
  };
  return `${JSON.stringify(value)}\n`;
}
