// Names and globs of packages as dnf.conf(5) has them: `kernel*`, `glibc.i686`, `bash-5.1-1.el9`, `bash-0:5.1-1.el9.x86_64`.

/** What of a package a glob may name. */
export interface PackageIdentity {
  readonly name: string;
  /** Epoch, version and release; an epoch of 0 is left out. */
  readonly version: string;
  readonly architecture: string;
}

/** Whether any of the globs names the package, in any of the forms that dnf has for one. */
export function packageMatcher(globs: readonly string[]): (one: PackageIdentity) => boolean {
  const plain = new Set(globs.filter((glob) => !isGlob(glob)));
  const patterns = globs.filter(isGlob).map(globPattern);
  if (globs.length === 0) return () => false;
  return (one) => formsOf(one).some((form) => plain.has(form) || patterns.some((pattern) => pattern.test(form)));
}

const isGlob = (text: string): boolean => /[*?[]/.test(text);

/** `name`, `name.arch`, `name-version`, and so on, with the epoch and without. */
function formsOf({ name, version, architecture }: PackageIdentity): readonly string[] {
  const [, epoch = "0", evr = version] = /^(?:(\d+):)?(.*)$/.exec(version) ?? [];
  const upstream = evr.replace(/-[^-]*$/, "");
  const versions = [evr, upstream, `${epoch}:${evr}`, `${epoch}:${upstream}`];
  const names = [name, ...versions.map((one) => `${name}-${one}`)];
  return [
    ...names,
    `${name}.${architecture}`,
    `${name}-${evr}.${architecture}`,
    `${name}-${epoch}:${evr}.${architecture}`,
  ];
}

/** As fnmatch(3) has it, for `*`, `?` and `[...]`. */
function globPattern(glob: string): RegExp {
  const text = glob.replaceAll(/\[[!^]?\]?[^\]]*\]|[\s\S]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length === 1) return escaped(part);
    const isNegated = /^\[[!^]/.test(part);
    const inside = part.slice(isNegated ? 2 : 1, -1).replaceAll(/[\\\]^[]/g, "\\$&");
    return `[${isNegated ? "^" : ""}${inside}]`;
  });
  return new RegExp(`^(?:${safe(text)})$`, "s");
}

const escaped = (letter: string): string => letter.replace(/[.+^${}()|[\]\\/]/, "\\$&");

/** Several stars in a row are one: they would only make matching slow. */
const safe = (pattern: string): string => pattern.replaceAll(/(?:\.\*){2,}/g, ".*");
