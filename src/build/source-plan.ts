// Where the files of a ready root file system are for one platform, once words stand in for what differs.
import { posix } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, machineOf, type Platform } from "../core/platform.ts";
import type { RecipeSource } from "../core/recipe.ts";
import type { Checksum } from "../crypto/checksums.ts";
import type { PublishedRoot, RootClaim, RootTarball } from "../distros/contract.ts";
import { distributions } from "../distros/distributions.ts";
import { isFingerprint } from "../frontends/native/values.ts";
import type { TrustKey } from "../packages/contract.ts";
import { deb } from "../packages/deb/format.ts";

/** A file: the folders or URLs that it may be below, tried in turn, and its path there. */
export interface Place {
  readonly roots: readonly string[];
  readonly path: string;
  /** The whole path, of a URL without its host: sums may call it by any end of it. */
  readonly whole: string;
  /** What locks call it by: the path of a URL, and of a file of this machine its name alone. */
  readonly name: string;
  readonly isLocal: boolean;
}

/** Stated by the recipe; or published, so that what the newest is called is known when it is asked for. */
export type PlannedSource = StatedSource | PublishedSource;

export interface PublishedSource {
  readonly kind: "published";
  readonly published: PublishedRoot;
}

export interface StatedSource {
  readonly kind: "stated";
  readonly rootfs: Place;
  readonly sums?: Place;
  readonly signature?: Place;
  /** Sums that the recipe states, or an index. */
  readonly checksums: readonly Checksum[];
  readonly keys: readonly TrustKey[];
  readonly serial?: { readonly file?: Place; readonly pattern: RegExp } | { readonly value: string };
  readonly claims?: readonly RootClaim[];
}

/** Throws PLATFORM_UNSUPPORTED for a platform that it has no tarball for, KEY_SYNTAX, RECIPE_SYNTAX. */
export function planSource(source: RecipeSource, platform: Platform): StatedSource {
  const { platforms, keys, serial, position } = source;
  const name = formatPlatform(platform);
  const places = { ...source, ...platforms[name] };
  const where = position ? { where: position } : {};
  if (places.rootfs === undefined) {
    throw new DodaiError("PLATFORM_UNSUPPORTED", `Cannot build for ${name}: the source has no root tarball for it`, {
      fix: `It has them for ${Object.keys(platforms).join(", ")}.`,
      ...where,
    });
  }
  const fill = (text: string): string => fillWords(text, platform);
  const rootfs = placeOf(fill(places.rootfs));
  const sums = places.sums === undefined ? undefined : placeOf(fill(places.sums), rootfs);
  const signature = places.signature === undefined ? undefined : placeOf(fill(places.signature), sums ?? rootfs);
  return {
    kind: "stated",
    rootfs,
    ...(sums ? { sums } : {}),
    ...(signature ? { signature } : {}),
    checksums: (["sha256", "sha512"] as const).flatMap((algorithm) => {
      const hex = places[algorithm];
      return hex === undefined ? [] : [{ algorithm, hex }];
    }),
    keys: keys.map(findKey),
    ...(serial
      ? {
          serial: {
            pattern: new RegExp(serial.pattern, "m"),
            ...(serial.file === undefined ? {} : { file: placeOf(fill(serial.file), rootfs) }),
          },
        }
      : {}),
  };
}

/** The same for what an index names: the tarball below the roots of the index, its signature beside it. */
export function statePublished({ published }: PublishedSource, tarball: RootTarball): StatedSource {
  const { urls: roots, keys } = published;
  const placed = (path: string): Place => ({ roots, path, whole: path, name: path, isLocal: false });
  const { path, version, checksums, claims } = tarball;
  return {
    kind: "stated",
    rootfs: placed(path),
    signature: placed(`${path}.asc`),
    checksums,
    keys,
    serial: { value: version },
    claims,
  };
}

function fillWords(text: string, platform: Platform): string {
  return text.replace(/\{(\w+)\}/g, (whole, word: string) => {
    const name = formatPlatform(platform);
    const value = word === "arch" ? deb.architectureOf(name) : word === "machine" ? machineOf(platform) : undefined;
    if (value !== undefined) return value;
    throw new DodaiError("RECIPE_SYNTAX", `Cannot use "${text}": "${whole}" means nothing for ${name}`, {
      fix: 'Write "{arch}" for amd64, "{machine}" for x86_64, or name the place for each platform.',
    });
  });
}

/** A URL, an absolute path, or a name that is relative to the folder of `beside`. */
function placeOf(text: string, beside?: Place): Place {
  if (text.startsWith("/")) return placeIn([posix.dirname(text)], { whole: text, isLocal: true });
  const url = URL.parse(text);
  if (url) {
    const whole = decoded(url.pathname, text);
    if (whole.endsWith("/")) throw unusable(text, "it ends with a slash, and a file is wanted");
    url.pathname = url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1);
    url.hash = "";
    return placeIn([url.href], { whole, isLocal: url.protocol === "file:" });
  }
  if (beside === undefined) throw unusable(text, "it is neither a URL nor a path");
  const whole = `${posix.dirname(beside.whole)}/${text}`;
  return { ...placeIn(beside.roots, { whole, isLocal: beside.isLocal }), path: text };
}

function placeIn(roots: readonly string[], { whole, isLocal }: Pick<Place, "whole" | "isLocal">): Place {
  const path = posix.basename(whole);
  return { roots, path, whole, name: isLocal ? path : whole.replace(/^\/+/, ""), isLocal };
}

function decoded(path: string, text: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw unusable(text, "its path has a broken % sequence", cause);
  }
}

const unusable = (text: string, state: string, cause?: unknown): DodaiError =>
  new DodaiError("RECIPE_SYNTAX", `Cannot use "${text}" as a source: ${state}`, { cause });

function findKey(key: string): TrustKey {
  if (!isFingerprint(key)) return { owner: "the recipe", source: "the recipe", armored: key };
  const wanted = key.replaceAll(" ", "").toUpperCase();
  const found = distributions.flatMap(({ keys }) => keys).find(({ fingerprint }) => fingerprint === wanted);
  if (found) return found;
  throw new DodaiError("KEY_SYNTAX", `Cannot use key ${wanted}: no built-in key has this fingerprint`, {
    fix: 'Write the name of a file that has the key, as in "./key.asc".',
  });
}
