// The image's config (image-spec, config.md): how its containers start, and which layers they see.
// Everything that the format leaves open is decided here once, so that one recipe has one text:
// PATH is the first variable and the others follow sorted, as people read Docker's official images; ports say their
// protocol; sets are sorted by the canonical JSON; times are whole seconds in UTC.
import { compareBytes } from "../core/byte-order.ts";
import type { Json } from "../core/canonical-json.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Platform } from "../core/platform.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import { type Document, makeDocument } from "./descriptor.ts";
import { formatEpoch } from "./epoch.ts";
import type { Layer } from "./layer.ts";
import { ociTypes } from "./media-types.ts";

export interface ConfigOptions {
  readonly platform: Platform;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly settings: RecipeConfig;
  /** Members of the config of an image below that settings have no words for. */
  readonly inherited?: Readonly<Record<string, Json>>;
  readonly layers: readonly Layer[];
}

/** The config document. Throws RECIPE_SYNTAX for settings that no runtime could take. */
export function formatConfig({ platform, epoch, settings, inherited, layers }: ConfigOptions): Document {
  const created = formatEpoch(epoch);
  return makeDocument(ociTypes.config, {
    architecture: platform.architecture,
    variant: platform.variant,
    os: platform.os,
    created,
    config: { ...inherited, ...runtimeSettings(settings) },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((layer) => ({ created, created_by: layer.createdBy })),
  });
}

/** `NAME=VALUE` of every variable: PATH first, the others sorted. */
export function formatEnvironment(env: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(env).toSorted(comparePathFirst);
  return names.map((name) => {
    const value = env[name] ?? "";
    if (name === "" || /[=\0]/.test(name) || value.includes("\0")) {
      throw unusable(`variable "${name}"`, 'a name is not empty and has no "=", and neither part has a NUL');
    }
    return `${name}=${value}`;
  });
}

/** `8080` is `8080/tcp`, as Docker writes it. */
export function formatPort(port: string): string {
  const [, number = "", protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(port) ?? [];
  if (number === "" || Number(number) < 1 || Number(number) > 65535) {
    throw unusable(`port "${port}"`, "a port is 1 to 65535, with /tcp, /udp or /sctp behind it if need be");
  }
  return `${Number(number)}/${protocol}`;
}

function runtimeSettings(settings: RecipeConfig): Readonly<Record<string, Json | undefined>> {
  const { entrypoint, cmd, env, user, workdir, labels, ports, volumes, stopSignal } = settings;
  return {
    User: nonEmpty(user),
    ExposedPorts: emptyObjects(ports?.map(formatPort)),
    Env: nonEmpty(env && formatEnvironment(env)),
    Entrypoint: nonEmpty(entrypoint),
    Cmd: nonEmpty(cmd),
    Volumes: emptyObjects(volumes),
    WorkingDir: nonEmpty(workdir),
    Labels: labels && Object.keys(labels).length > 0 ? labels : undefined,
    StopSignal: nonEmpty(stopSignal),
  };
}

function comparePathFirst(a: string, b: string): number {
  if (a === "PATH" || b === "PATH") return a === b ? 0 : a === "PATH" ? -1 : 1;
  return compareBytes(a, b);
}

function nonEmpty<Value extends string | readonly string[]>(value: Value | undefined): Value | undefined {
  return value?.length === 0 ? undefined : value;
}

/** Sets in a config are objects whose members are empty objects (config.md, "ExposedPorts"). */
function emptyObjects(names: readonly string[] | undefined): Json | undefined {
  return names && names.length > 0 ? Object.fromEntries(names.map((name) => [name, {}])) : undefined;
}

function unusable(what: string, wanted: string): DodaiError {
  return new DodaiError("RECIPE_SYNTAX", `Cannot write ${what} into the image's config: ${wanted}`);
}
