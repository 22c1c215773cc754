// How containers of an image start, in full: every member that Docker and OCI know (image-spec, config.md, and moby's image
// spec v1.2 for Healthcheck, OnBuild and Shell). A Dockerfile changes one of a base image, so what is not known is kept.
import type { Json } from "../core/canonical-json.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Platform } from "../core/platform.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import { type Document, makeDocument } from "./descriptor.ts";
import { formatEpoch } from "./epoch.ts";
import type { Layer } from "./layer.ts";
import { ociTypes } from "./media-types.ts";

export interface ContainerConfig {
  readonly user: string;
  /** Absolute; empty for the root folder. */
  readonly workdir: string;
  /** `NAME=VALUE`, in the order in which they were set. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[] | undefined;
  readonly cmd: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** `80/tcp`. */
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal: string;
  readonly healthcheck: Json | undefined;
  readonly onbuild: readonly string[];
  readonly shell: readonly string[] | undefined;
  /** Members that dodai does not know, as they were. */
  readonly others: Readonly<Record<string, Json>>;
}

/** A step of an image's history (config.md, "history"). */
export interface HistoryStep {
  readonly created: string;
  readonly createdBy: string;
  /** Whether it made no layer. */
  readonly empty: boolean;
  readonly comment?: string;
  readonly author?: string;
}

export const emptyContainerConfig: ContainerConfig = {
  user: "",
  workdir: "",
  env: [],
  entrypoint: undefined,
  cmd: undefined,
  labels: {},
  ports: [],
  volumes: [],
  stopSignal: "",
  healthcheck: undefined,
  onbuild: [],
  shell: undefined,
  others: {},
};

/** What a config document says, as far as a builder goes on from it. */
export interface ImageState {
  readonly config: ContainerConfig;
  readonly history: readonly HistoryStep[];
  readonly author: string;
  /** Seconds since 1970; `undefined` when it says none. */
  readonly created: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a config document of somebody else's. Throws IMAGE_BROKEN. */
export function parseImageState(text: string, what: string): ImageState {
  const fields = objectOf(parseJson(text, what), what);
  const config = objectOf(fields.config ?? {}, what);
  const steps = fields.history ?? [];
  if (!Array.isArray(steps)) throw broken(what, "its history is no list");
  return {
    config: configOf(config, what),
    history: steps.map((one) => stepOf(objectOf(one, what))),
    author: textOf(fields.author),
    created: secondsOf(textOf(fields.created)),
  };
}

const known = new Set([
  ...["User", "WorkingDir", "Env", "Entrypoint", "Cmd", "Labels", "ExposedPorts", "Volumes", "StopSignal"],
  ...["Healthcheck", "OnBuild", "Shell"],
  // Of the container in which a builder of old made the image.
  ...[
    "Hostname",
    "Domainname",
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "Tty",
    "OpenStdin",
    "StdinOnce",
    "Image",
  ],
]);

function configOf(fields: Fields, what: string): ContainerConfig {
  const texts = (name: string): readonly string[] | undefined => textsOf(fields[name], `${what}: ${name}`);
  const others = Object.entries(fields).filter(([name]) => !known.has(name)) as [string, Json][];
  return {
    user: textOf(fields.User),
    workdir: textOf(fields.WorkingDir),
    env: texts("Env") ?? [],
    entrypoint: texts("Entrypoint"),
    cmd: texts("Cmd"),
    labels: Object.fromEntries(
      Object.entries(objectOf(fields.Labels ?? {}, what)).map(([name, value]) => [name, textOf(value)]),
    ),
    ports: Object.keys(objectOf(fields.ExposedPorts ?? {}, what)),
    volumes: Object.keys(objectOf(fields.Volumes ?? {}, what)),
    stopSignal: textOf(fields.StopSignal),
    healthcheck: (fields.Healthcheck ?? undefined) as Json | undefined,
    onbuild: texts("OnBuild") ?? [],
    shell: texts("Shell"),
    others: Object.fromEntries(others),
  };
}

function stepOf(fields: Fields): HistoryStep {
  const { comment, author } = fields;
  return {
    created: textOf(fields.created),
    createdBy: textOf(fields.created_by),
    empty: fields.empty_layer === true,
    ...(typeof comment === "string" && comment !== "" ? { comment } : {}),
    ...(typeof author === "string" && author !== "" ? { author } : {}),
  };
}

function secondsOf(text: string): number | undefined {
  const time = Math.floor(Date.parse(text) / 1000);
  return Number.isSafeInteger(time) && time >= 0 ? time : undefined;
}

export interface ConfigDocument {
  readonly platform: Platform;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly config: ContainerConfig;
  readonly history: readonly HistoryStep[];
  readonly author: string;
  readonly layers: readonly Layer[];
}

/** The config document of an image that a builder made. */
export function formatConfigDocument(options: ConfigDocument): Document {
  const { platform, epoch, config, history, author, layers } = options;
  return makeDocument(ociTypes.config, {
    architecture: platform.architecture,
    variant: platform.variant,
    os: platform.os,
    created: formatEpoch(epoch),
    author: author === "" ? undefined : author,
    config: configJson(config),
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
    history: history.map((one) => ({
      created: one.created === "" ? undefined : one.created,
      created_by: one.createdBy === "" ? undefined : one.createdBy,
      comment: one.comment,
      author: one.author,
      empty_layer: one.empty ? true : undefined,
    })),
  });
}

function configJson(config: ContainerConfig): Json {
  const { user, workdir, env, entrypoint, cmd, labels, ports, volumes, stopSignal, onbuild, shell } = config;
  return {
    ...config.others,
    User: user === "" ? undefined : user,
    WorkingDir: workdir === "" ? undefined : workdir,
    Env: env.length === 0 ? undefined : env,
    Entrypoint: entrypoint,
    Cmd: cmd,
    Labels: Object.keys(labels).length === 0 ? undefined : labels,
    ExposedPorts: setOf(ports),
    Volumes: setOf(volumes),
    StopSignal: stopSignal === "" ? undefined : stopSignal,
    Healthcheck: config.healthcheck,
    OnBuild: onbuild.length === 0 ? undefined : onbuild,
    Shell: shell,
  };
}

/** Members that recipes have no words for, where there are any. */
export function inheritedOf({ healthcheck, onbuild, shell, others }: ContainerConfig): Readonly<Record<string, Json>> {
  return {
    ...others,
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    ...(onbuild.length === 0 ? {} : { OnBuild: onbuild }),
    ...(shell === undefined ? {} : { Shell: shell }),
  };
}

function setOf(names: readonly string[]): Json | undefined {
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, {}]));
}

/** Names and values; one without "=" is empty, as runtimes take it. */
export function variablesOf(env: readonly string[]): readonly (readonly [string, string])[] {
  return env.map((one) => {
    const equals = one.indexOf("=");
    return equals < 0 ? [one, ""] : [one.slice(0, equals), one.slice(equals + 1)];
  });
}

/** The part of a config that recipes have too, for outputs that tell it in another form. */
export function recipeConfigOf(config: ContainerConfig): RecipeConfig {
  const { user, workdir, env, entrypoint, cmd, labels, ports, volumes, stopSignal } = config;
  return {
    env: Object.fromEntries(variablesOf(env)),
    labels,
    ports,
    volumes,
    user,
    workdir,
    stopSignal,
    ...(entrypoint ? { entrypoint } : {}),
    ...(cmd ? { cmd } : {}),
  };
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken(what, "it is not JSON", cause);
  }
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw broken(what, "something in it is not an object where one is wanted");
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Go's encoder writes an absent list as null. */
function textsOf(value: unknown, what: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw broken(what, "it is no list of texts");
}

function broken(what: string, state: string, cause?: unknown): DodaiError {
  return new DodaiError("IMAGE_BROKEN", `Cannot read ${what}: ${state}`, {
    fix: "The image is damaged or was not written whole. Build or copy it again.",
    cause,
  });
}
