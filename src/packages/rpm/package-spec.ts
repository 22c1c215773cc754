// What people write for packages, as dnf's documentation has it under "Specifying Packages": names and globs of them, with
// architecture, version, release and epoch, or some of them. A text may be read in several ways; what a package has decides.
import type { PackageReading } from "../contract.ts";

/** What of a package its readings look at. */
interface PackageIdentity {
  readonly name: string;
  /** Epoch, version and release; an epoch of 0 is left out. */
  readonly version: string;
  readonly architecture: string;
}

/** `name-version-release.arch`, `name.arch`, `name`, `name-version-release`, `name-version`: in dnf's order. */
export function readingsOf(text: string): readonly PackageReading[] {
  const [, nevra, , evr = "", arch = ""] = /^((.+)-([^-]+-[^-]+)\.([^.-]+))$/.exec(text) ?? [];
  const [, named, architecture = ""] = /^(.+)\.([^.-]+)$/.exec(text) ?? [];
  const [, released, release = ""] = /^(.+)-([^-]+-[^-]+)$/.exec(text) ?? [];
  const [, versioned, version = ""] = /^(.+)-([^-]+)$/.exec(text) ?? [];
  return [
    ...(nevra === undefined ? [] : [reading(nevra.slice(0, -`-${evr}.${arch}`.length), { evr, arch })]),
    ...(named === undefined ? [] : [reading(named, { arch: architecture })]),
    reading(text, {}),
    ...(released === undefined ? [] : [reading(released, { evr: release })]),
    ...(versioned === undefined ? [] : [reading(versioned, { version })]),
  ];
}

interface Parts {
  readonly arch?: string;
  /** With an epoch or without. */
  readonly evr?: string;
  readonly version?: string;
}

function reading(name: string, { arch, evr, version }: Parts): PackageReading {
  const fitsName = matcher(name);
  const fitsArch = arch === undefined ? undefined : matcher(arch);
  const fitsEvr = evr === undefined ? undefined : versionMatcher(evr);
  const fitsVersion = version === undefined ? undefined : versionMatcher(version);
  return {
    name,
    isGlob: isGlob(name),
    kind: arch !== undefined ? "architecture" : evr === undefined && version === undefined ? "name" : "version",
    fitsName,
    fits(one) {
      const [, epoch = "0", rest = one.version] = /^(?:(\d+):)?(.*)$/.exec(one.version) ?? [];
      const upstream = rest.replace(/-[^-]*$/, "");
      return (
        fitsName(one.name) &&
        fitsArch?.(one.architecture) !== false &&
        fitsEvr?.(epoch, rest) !== false &&
        fitsVersion?.(epoch, upstream) !== false
      );
    },
  };
}

/** The epoch matters only where it is written. */
function versionMatcher(text: string): (epoch: string, version: string) => boolean {
  const fits = matcher(text);
  return text.includes(":") ? (epoch, version) => fits(`${epoch}:${version}`) : (_, version) => fits(version);
}

/** Whether any of the texts names the package, in any way in which it can be read. */
export function packageMatcher(texts: readonly string[]): (one: PackageIdentity) => boolean {
  const readings = texts.flatMap(readingsOf);
  return (one) => readings.some(({ fits }) => fits(one));
}

const isGlob = (text: string): boolean => /[*?[]/.test(text);

/** As fnmatch(3) has it, for `*`, `?` and `[...]`. */
function matcher(glob: string): (text: string) => boolean {
  if (!isGlob(glob)) return (text) => text === glob;
  const pattern = glob.replaceAll(/\*+|\[[!^]?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part.startsWith("*")) return ".*";
    if (part === "?") return ".";
    if (part.length === 1) return part.replace(/[.+^${}()|[\]\\/]/, "\\$&");
    const isNegated = /^\[[!^]/.test(part);
    return `[${isNegated ? "^" : ""}${part.slice(isNegated ? 2 : 1, -1).replaceAll(/[\\\]^[]/g, "\\$&")}]`;
  });
  const compiled = new RegExp(`^${pattern}$`, "s");
  return (text) => compiled.test(text);
}
