// Checks an image that somebody wrote against the image-spec: one pass that tells every fault, for people.
// It reads two texts and no layer; who reads layers compares their digests and diffIds besides.
import { parseDigest, sha256 } from "../core/digest.ts";
import { dockerTypes, ociTypes } from "./media-types.ts";

export interface ImageTexts {
  readonly manifest: string;
  readonly config: string;
}

/** Largest config or manifest that is looked at, in characters; registries take 4 MiB of manifest. */
const maxDocumentLength = 4 << 20;

const manifestTypes: readonly string[] = [ociTypes.manifest, dockerTypes.manifest];
const configTypes: readonly string[] = [ociTypes.config, dockerTypes.config];
const layerTypes: readonly string[] = [
  ociTypes.layer,
  ociTypes.layerGzip,
  ociTypes.layerZstd,
  dockerTypes.layer,
  dockerTypes.layerGzip,
];

/** Every fault of an image, each `PLACE: what is wrong`; none for a good one. */
export function validateImage(texts: ImageTexts): readonly string[] {
  const faults: string[] = [];
  const manifest = readObject("manifest", texts.manifest, faults);
  const config = readObject("config", texts.config, faults);
  if (manifest) faults.push(...manifestFaults(manifest, texts.config));
  if (config) faults.push(...configFaults(config));
  if (manifest && config) faults.push(...matchFaults(manifest, config));
  return faults;
}

type Fields = Readonly<Record<string, unknown>>;

function readObject(place: string, text: string, faults: string[]): Fields | undefined {
  if (text.length > maxDocumentLength) {
    faults.push(`${place}: it is longer than ${maxDocumentLength} characters`);
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
    faults.push(`${place}: it is not a JSON object`);
  } catch (cause) {
    faults.push(`${place}: it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return undefined;
}

function manifestFaults(manifest: Fields, configText: string): string[] {
  const { schemaVersion, mediaType, config, layers } = manifest;
  const faults: string[] = [];
  if (schemaVersion !== 2) faults.push(`manifest.schemaVersion: it is ${show(schemaVersion)}, wanted 2`);
  if (mediaType !== undefined && !isOneOf(manifestTypes, mediaType)) {
    faults.push(`manifest.mediaType: ${show(mediaType)} is no manifest's`);
  }
  faults.push(...descriptorFaults("manifest.config", config, configTypes));
  if (isObject(config)) {
    const [digest, size] = [sha256(configText), Buffer.byteLength(configText)];
    if (config.digest !== digest) {
      faults.push(`manifest.config.digest: it is ${show(config.digest)}, and the config's is "${digest}"`);
    }
    if (config.size !== size) {
      faults.push(`manifest.config.size: it is ${show(config.size)}, and the config has ${size} bytes`);
    }
  }
  if (!Array.isArray(layers) || layers.length === 0) faults.push("manifest.layers: it is not a list of at least one");
  for (const [at, layer] of listOf(layers).entries()) {
    faults.push(...descriptorFaults(`manifest.layers[${at}]`, layer, layerTypes));
  }
  faults.push(...stringMapFaults("manifest.annotations", manifest.annotations));
  return faults;
}

/** image-spec, descriptor.md, "Properties". */
function descriptorFaults(place: string, value: unknown, types: readonly string[]): string[] {
  if (!isObject(value)) return [`${place}: it is not a descriptor`];
  const { mediaType, digest, size } = value;
  const faults: string[] = [];
  if (!isOneOf(types, mediaType)) faults.push(`${place}.mediaType: ${show(mediaType)} is none of ${types.join(", ")}`);
  if (!isDigest(digest)) faults.push(`${place}.digest: ${show(digest)} is not sha256: and 64 lower-case hex digits`);
  if (!Number.isSafeInteger(size) || Number(size) < 0)
    faults.push(`${place}.size: ${show(size)} is not a size in bytes`);
  return faults;
}

/** image-spec, config.md, "Properties". */
function configFaults(config: Fields): string[] {
  const faults: string[] = [];
  for (const member of ["architecture", "os"]) {
    if (typeof config[member] !== "string" || config[member] === "") {
      faults.push(`config.${member}: it is ${show(config[member])}, wanted a name`);
    }
  }
  if (config.created !== undefined && !isTime(config.created)) {
    faults.push(`config.created: ${show(config.created)} is not a time of RFC 3339`);
  }
  const rootfs = isObject(config.rootfs) ? config.rootfs : {};
  if (rootfs.type !== "layers") faults.push(`config.rootfs.type: it is ${show(rootfs.type)}, wanted "layers"`);
  if (!Array.isArray(rootfs.diff_ids)) faults.push("config.rootfs.diff_ids: it is not a list");
  for (const [at, diffId] of listOf(rootfs.diff_ids).entries()) {
    if (!isDigest(diffId)) faults.push(`config.rootfs.diff_ids[${at}]: ${show(diffId)} is not a digest`);
  }
  return [...faults, ...settingFaults(config.config)];
}

function settingFaults(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) return ["config.config: it is not an object"];
  const faults: string[] = [];
  for (const member of ["User", "WorkingDir", "StopSignal"]) {
    if (!isAbsent(value[member]) && typeof value[member] !== "string")
      faults.push(`config.config.${member}: it is no text`);
  }
  for (const member of ["Env", "Entrypoint", "Cmd"]) {
    if (!isAbsent(value[member]) && !isTexts(value[member]))
      faults.push(`config.config.${member}: it is no list of texts`);
  }
  for (const [at, variable] of listOf(value.Env).entries()) {
    if (typeof variable === "string" && variable.indexOf("=") < 1) {
      faults.push(`config.config.Env[${at}]: ${show(variable)} is not NAME=VALUE`);
    }
  }
  for (const member of ["ExposedPorts", "Volumes"]) {
    if (!isAbsent(value[member]) && !isObject(value[member])) faults.push(`config.config.${member}: it is no object`);
  }
  return [...faults, ...stringMapFaults("config.config.Labels", value.Labels)];
}

/** What config and manifest must say alike: one diffId, and one history entry that is not empty, for each layer. */
function matchFaults(manifest: Fields, config: Fields): string[] {
  const layers = listOf(manifest.layers).length;
  const diffIds = isObject(config.rootfs) ? listOf(config.rootfs.diff_ids).length : 0;
  const faults: string[] = [];
  if (diffIds !== layers) faults.push(`config.rootfs.diff_ids: there are ${diffIds} for ${layers} layers`);
  if (config.history === undefined || config.history === null) return faults;
  const filled = listOf(config.history).filter((entry) => !isObject(entry) || entry.empty_layer !== true).length;
  if (filled !== layers) faults.push(`config.history: ${filled} entries are not empty, for ${layers} layers`);
  return faults;
}

function stringMapFaults(place: string, value: unknown): string[] {
  if (isAbsent(value)) return [];
  if (!isObject(value)) return [`${place}: it is not an object`];
  return Object.entries(value).flatMap(([key, text]) =>
    typeof text === "string" ? [] : [`${place}.${key}: it is no text`],
  );
}

function isDigest(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    parseDigest(value);
    return true;
  } catch {
    return false;
  }
}

const isTime = (value: unknown): boolean =>
  typeof value === "string" && /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(value);
const isAbsent = (value: unknown): boolean => value === undefined || value === null;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === "string");
const isOneOf = (list: readonly string[], value: unknown): boolean => typeof value === "string" && list.includes(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** A value for a message, bounded. */
const show = (value: unknown): string => (JSON.stringify(value) ?? "absent").slice(0, 200);
