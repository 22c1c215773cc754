// Configs of images that somebody else wrote (OCI image-spec; Docker's, whose members are the same), and what Docker archives
// list. What dodai uses of them is checked here; everything else in them is left alone. `validateImage` is the strict one.
import { type DiffId, parseDiffId } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, parsePlatform } from "../core/platform.ts";
import { maxLayers } from "./layer.ts";

/** Largest document that is read, in bytes; registries take as much of a manifest. */
export const maxDocumentBytes: number = 4 << 20;

/** Whose document, for messages, and its text. */
export interface DocumentText {
  readonly what: string;
  readonly text: string;
}

/** How containers of the image start, and what its layers are uncompressed (config.md). */
export interface ReadConfig {
  readonly platform: string;
  /** Bottom first. */
  readonly diffIds: readonly DiffId[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** In the config's order. */
  readonly env: Readonly<Record<string, string>>;
  /** Empty for root. */
  readonly user: string;
  /** Empty for the root folder. */
  readonly workdir: string;
}

/** Throws IMAGE_BROKEN. */
export function parseConfig(document: DocumentText): ReadConfig {
  const { os, architecture, variant, rootfs, config } = objectOf(parseJson(document), document);
  const { diff_ids: ids } = objectOf(rootfs, document);
  const diffIds = textsOf(ids, { ...document, place: "rootfs.diff_ids" });
  assertLayerCount(diffIds.length, document);
  const settings = config === undefined || config === null ? {} : objectOf(config, document);
  const texts = (name: string): readonly string[] => textsOf(settings[name], { ...document, place: `config.${name}` });
  return {
    platform: platformOf({ os, architecture, variant }) ?? "linux",
    diffIds: diffIds.map((one) => digestOf(one, document, parseDiffId)),
    entrypoint: texts("Entrypoint"),
    cmd: texts("Cmd"),
    env: Object.fromEntries(texts("Env").map(splitVariable)),
    user: textOf(settings.User),
    workdir: textOf(settings.WorkingDir),
  };
}

/** One image of a Docker archive's `manifest.json` (moby, image spec v1.2). Paths are the archive's. */
export interface DockerImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** Throws IMAGE_BROKEN. */
export function parseDockerManifest(document: DocumentText): readonly DockerImage[] {
  return listOf(parseJson(document), { ...document, place: "it" }).map((one) => {
    const { Config: config, RepoTags: names, Layers: layers } = objectOf(one, document);
    const list = textsOf(layers, { ...document, place: "Layers" });
    assertLayerCount(list.length, document);
    return { config: textOf(config), names: textsOf(names, { ...document, place: "RepoTags" }), layers: list };
  });
}

export function brokenImage(what: string, state: string, cause?: unknown): DodaiError {
  return new DodaiError("IMAGE_BROKEN", `Cannot read ${what}: ${state}`, {
    fix: "The image is damaged or was not written whole. Build or copy it again.",
    cause,
  });
}

type Fields = Readonly<Record<string, unknown>>;

function parseJson({ what, text }: DocumentText): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw brokenImage(what, "it is not JSON", cause);
  }
}

function objectOf(value: unknown, { what }: DocumentText): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw brokenImage(what, "something in it is not an object where one is wanted");
}

type Placed = DocumentText & { readonly place: string };

/** Go's encoder writes an absent list as null. */
function listOf(value: unknown, { what, place }: Placed): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw brokenImage(what, `${place} is not a list`);
}

function textsOf(value: unknown, placed: Placed): readonly string[] {
  return listOf(value, placed).map((one) => {
    if (typeof one === "string" && !one.includes("\0")) return one;
    throw brokenImage(placed.what, `${placed.place} holds something that is not a text`);
  });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function digestOf<Result>(text: string, { what }: DocumentText, parse: (text: string) => Result): Result {
  try {
    return parse(text);
  } catch (cause) {
    throw brokenImage(what, `"${text.slice(0, 100)}" is not sha256: and 64 lower-case hex digits`, cause);
  }
}

function platformOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { os, architecture, variant } = value as Fields;
  const text = [os, architecture, variant].filter((one) => typeof one === "string" && one !== "").join("/");
  if (text === "") return undefined;
  try {
    return formatPlatform(parsePlatform(text));
  } catch {
    return text.slice(0, 100);
  }
}

/** A variable without "=" is an empty one, as runtimes take it. */
function splitVariable(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function assertLayerCount(count: number, { what }: DocumentText): void {
  if (count > maxLayers) throw brokenImage(what, `it has ${count} layers, and ${maxLayers} can be mounted at most`);
}
