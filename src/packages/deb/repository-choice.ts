// Which of the indexes that a release lists are read, for one architecture and the components that are wanted
// (Debian repository format, "Packages Indices" and "Architectures").
import type { Compression } from "../../archive/compression.ts";
import type { Digest } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Repository } from "../contract.ts";
import type { Release, ReleaseFile } from "./release.ts";

/** One file that holds an index. */
export interface IndexForm {
  readonly compression: Compression;
  /** Below the repository's root. */
  readonly path: string;
  /** The same bytes by their digest; `undefined` when the repository has no such names. */
  readonly byHash: string | undefined;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** An index of packages, in each form in which the release lists it: the best first, never none. */
export interface ListedIndex {
  readonly forms: readonly [IndexForm, ...IndexForm[]];
  /** Of the decompressed text, when the release states it. */
  readonly plain: ReleaseFile | undefined;
}

export interface Choice {
  readonly repository: Repository;
  readonly architecture: string;
  /** Of the release below the repository's root, with a slash at its end. */
  readonly folder: string;
  readonly what: string;
}

/** Quickest to have first: zstd decodes many times faster than xz for a tenth more bytes, and gzip is larger by a third. */
const endings: readonly (readonly [string, Compression])[] = [
  [".zst", "zstd"],
  [".xz", "xz"],
  [".gz", "gzip"],
  [".bz2", "bzip2"],
  [".lzma", "lzma"],
  ["", "none"],
];

/** Throws INDEX_MISSING, with what the release has instead. */
export function chooseIndexes(release: Release, choice: Choice): readonly ListedIndex[] {
  if (choice.repository.flat)
    return [listed(release, "Packages", choice) ?? missing(release, choice, "it lists no Packages")];
  return choice.repository.components.flatMap((component) => componentIndexes(release, component, choice));
}

function componentIndexes(release: Release, component: string, choice: Choice): readonly ListedIndex[] {
  const { architecture } = choice;
  // `updates/main` in the Components of old security suites, whose files are in `main/`.
  const known = release.components.some((one) => one === component || one.endsWith(`/${component}`));
  if (release.components.length > 0 && !known) {
    return missing(release, choice, `it has no component "${component}"`);
  }
  const wanted = release.separateAll ? [architecture, "all"] : [architecture];
  const found = wanted.flatMap((one) => listed(release, `${component}/binary-${one}/Packages`, choice) ?? []);
  return found.length > 0
    ? found
    : missing(release, choice, `component "${component}" has no packages for architecture "${architecture}"`);
}

function listed(release: Release, name: string, { folder }: Choice): ListedIndex | undefined {
  const forms = endings.flatMap(([ending, compression]): readonly IndexForm[] => {
    const file = release.files.get(`${name}${ending}`);
    return file === undefined ? [] : [{ compression, ...paths(release, file, `${folder}${name}${ending}`), ...file }];
  });
  const [best, ...others] = forms;
  return best && { forms: [best, ...others], plain: release.files.get(name) };
}

function paths(release: Release, { digest }: ReleaseFile, path: string): Pick<IndexForm, "path" | "byHash"> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  return {
    path,
    byHash: release.acquireByHash ? `${folder}by-hash/SHA256/${digest.slice("sha256:".length)}` : undefined,
  };
}

function missing(release: Release, { what }: Choice, state: string): never {
  const offers = [
    { name: "components", values: release.components },
    { name: "architectures", values: release.architectures },
  ].filter(({ values }) => values.length > 0);
  const has = offers.map(({ name, values }) => `${name} ${values.join(", ")}`).join("; ");
  throw new DodaiError("INDEX_MISSING", `Cannot use ${what}: ${state}`, {
    fix: has === "" ? "Check the repository's URL, suite and components." : `It has ${has}.`,
  });
}
