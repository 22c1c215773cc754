// What stands behind flags: text of the command line → values. Each parser throws USAGE, or the code of the value's own kind.
import { posix } from "node:path";
import type { Output, OutputKind } from "../build/contract.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, parseImageName } from "../core/image-name.ts";
import type { Platform } from "../core/platform.ts";
import { nearest } from "../frontends/suggest.ts";
import { fileNameOf } from "../io/output-contract.ts";

export interface CommonFlags {
  readonly platform?: readonly Platform[];
  readonly offline?: boolean;
  /** `"*"` stands for every repository. */
  readonly insecureUnsigned?: readonly string[];
  readonly progress: ProgressMode;
  readonly cacheDir?: string;
  /** Of kickstarts. */
  readonly distro?: string;
  /** Of kickstarts. */
  readonly allowUnknown?: boolean;
}

export type ProgressMode = "auto" | "tty" | "plain" | "quiet";

/** What `-o` says, before defaults and the current folder are known. */
export interface RequestedOutput {
  readonly kind: OutputKind;
  /** A path, or the name of an image for a registry. */
  readonly destination: string | undefined;
}

/** Kinds that are written to a file or folder. */
export type FileKind = Exclude<OutputKind, "registry">;

/** Kinds with what their file or folder is called when `dest` is not given; `NAME` is the recipe's. */
export const defaultNames: Readonly<Record<FileKind, (name: string) => string>> = {
  oci: (name) => `${name}.tar`,
  "oci-layout": (name) => `${name}.oci`,
  docker: (name) => `${name}.docker.tar`,
  tar: (name) => `${name}.rootfs.tar`,
  dir: (name) => `${name}.rootfs`,
  context: (name) => `${name}.context`,
};

export const outputKinds: readonly OutputKind[] = [...(Object.keys(defaultNames) as FileKind[]), "registry"];

const howToWrite = 'Write it as in "-o type=oci,dest=base.tar".';

/** `type=KIND,dest=PATH` or `type=registry,ref=NAME`, in any order; a path may hold commas when it comes last. */
export function parseOutput(text: string): RequestedOutput {
  const found: { type?: string; dest?: string; ref?: string } = {};
  for (let rest = text; rest !== ""; ) {
    const [whole = "", name, value = ""] = /^(type|dest|ref)=((?:[^,]|,(?!(?:type|dest|ref)=))*),?/.exec(rest) ?? [];
    if (name === undefined) throw usage(`Cannot read output "${text}": it is not type=KIND,dest=PATH`, howToWrite);
    const key = name as keyof typeof found;
    if (found[key] !== undefined) throw usage(`Cannot read output "${text}": ${key} is there twice`);
    if (value === "") throw usage(`Cannot read output "${text}": ${key} is empty`, howToWrite);
    found[key] = value;
    rest = rest.slice(whole.length);
  }
  const { type, dest, ref } = found;
  if (type === undefined) throw usage(`Cannot read output "${text}": it has no type`, howToWrite);
  const kind = parseOutputKind(type);
  if (kind === "registry") {
    if (dest !== undefined) throw usage(`Cannot read output "${text}": a registry has ref, and no dest`, howToPush);
    return { kind, destination: ref && parsePushName(ref) };
  }
  if (ref !== undefined) throw usage(`Cannot read output "${text}": ref is for type=registry`, howToWrite);
  if (dest === "-")
    throw usage('Cannot write an output to "-": standard output holds the digest, wanted a file or folder');
  return { kind, destination: dest };
}

const howToPush = 'Write it as in "-o type=registry,ref=registry.example/team/base:1.0".';

/** The whole name of an image that is to be pushed. Throws IMAGE_NAME_SYNTAX; USAGE for one with a digest. */
export function parsePushName(text: string): string {
  const name = parseImageName(text);
  if (name.digest === undefined) return formatImageName(name);
  throw usage(`Cannot push to "${text}": a digest follows from the image`, "Leave out what follows the @.");
}

/** A cache in a registry. */
export interface CachePlace {
  readonly name: string;
  /** Of which steps of a Dockerfile are kept. */
  readonly mode: "max" | "min";
}

/** `type=registry,ref=NAME[,mode=min|max]`, or the name alone. Throws USAGE, IMAGE_NAME_SYNTAX. */
export function parseCache(text: string): CachePlace {
  const how = 'Write it as in "type=registry,ref=registry.example/team/cache".';
  if (!text.includes("=")) return { name: parsePushName(text), mode: "min" };
  const fields = new Map(
    text.split(",").map((part) => {
      const equals = part.indexOf("=");
      return equals < 0 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
  const { type = "registry", ref = "", mode = "min", ...others } = Object.fromEntries(fields) as Record<string, string>;
  if (type !== "registry") throw usage(`Cannot use a cache of type "${type}": dodai keeps caches in registries`, how);
  const [other] = Object.keys(others);
  if (other !== undefined) throw usage(`Cannot read cache "${text}": "${other}" means nothing in it`, how);
  if (ref === "") throw usage(`Cannot read cache "${text}": it is not type=registry,ref=NAME`, how);
  if (mode !== "min" && mode !== "max") throw usage(`Cannot read cache "${text}": its mode is neither min nor max`);
  return { name: parsePushName(ref), mode };
}

function parseOutputKind(type: string): OutputKind {
  const kind = outputKinds.find((one) => one === type);
  if (kind !== undefined) return kind;
  const known = `Known are ${outputKinds.join(", ")}.`;
  const meant = nearest(type, outputKinds);
  throw usage(
    `Cannot write output of type "${type}": there is no such type`,
    meant === undefined ? known : `Did you mean "${meant}"? ${known}`,
  );
}

export interface PlaceOutputs {
  /** Of the recipe, for files that are not named. */
  readonly name: string;
  readonly cwd: string;
  /** Of the image, for a registry without `ref`. */
  readonly tags: readonly string[];
}

/** Outputs with absolute destinations; `NAME.tar` when none is asked for. Two in one place are refused. */
export function placeOutputs(requested: readonly RequestedOutput[], options: PlaceOutputs): readonly Output[] {
  const all: readonly RequestedOutput[] = requested.length > 0 ? requested : [{ kind: "oci", destination: undefined }];
  const placed = all.flatMap((one) => placeOutput(one, options));
  const seen = new Set<string>();
  for (const { kind, destination } of placed) {
    const shown = kind === "registry" ? destination : posix.relative(options.cwd, destination);
    const key = `${kind === "registry"} ${shown}`;
    if (seen.has(key)) throw usage(`Cannot write two outputs to "${shown}": each needs a place of its own`);
    seen.add(key);
  }
  return placed;
}

function placeOutput({ kind, destination }: RequestedOutput, { name, cwd, tags }: PlaceOutputs): readonly Output[] {
  if (kind !== "registry") {
    return [{ kind, destination: posix.resolve(cwd, destination ?? defaultNames[kind](fileNameOf(name))) }];
  }
  if (destination !== undefined) return [{ kind, destination }];
  if (tags.length > 0) return tags.map((tag) => ({ kind, destination: parsePushName(tag) }));
  throw usage("Cannot push the image: it has no name", 'Add "ref=registry.example/team/base:1.0", or name it with -t.');
}

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  K: 1e3,
  KB: 1e3,
  KIB: 2 ** 10,
  M: 1e6,
  MB: 1e6,
  MIB: 2 ** 20,
  G: 1e9,
  GB: 1e9,
  GIB: 2 ** 30,
  T: 1e12,
  TB: 1e12,
  TIB: 2 ** 40,
};

/** `5GB`, `500 MiB`, `1.5G`, in bytes. */
export function parseSize(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text) ?? [];
  const factor = byteUnits[unit.toUpperCase()];
  if (number !== undefined && factor !== undefined) return Math.floor(Number(number) * factor);
  throw usage(`Cannot read size "${text}": it is not a number with a unit`, 'Write it as "5GB", "500MiB" or "0".');
}

const durationUnitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** `30d`, `12h`, in milliseconds. */
export function parseDuration(text: string): number {
  const [, number, unit = ""] = /^(\d+)\s*([a-z])$/.exec(text) ?? [];
  const factor = durationUnitsMs[unit];
  if (number !== undefined && factor !== undefined) return Number(number) * factor;
  throw usage(
    `Cannot read duration "${text}": it is not a whole number with a unit`,
    'Write it as "30d", "12h" or "2w".',
  );
}

/** Largest second that a tar header and an RFC 3339 date can hold: the end of the year 9999. */
const lastSecond = 253_402_300_799;

/** SOURCE_DATE_EPOCH, a whole number of seconds since 1970 (reproducible-builds.org specification). */
export function parseSourceDateEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,12}$/.test(text) && Number(text) <= lastSecond) return Number(text);
  throw usage(
    `Cannot use SOURCE_DATE_EPOCH "${text}": it is not a whole number of seconds since 1970`,
    'Set it as in SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)", or unset it.',
  );
}

export function usage(message: string, fix?: string): DodaiError {
  return new DodaiError("USAGE", message, fix === undefined ? {} : { fix });
}
