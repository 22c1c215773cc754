// `contents.repositories` and `build_repositories`: where packages are taken from.
import { DodaiError } from "../../core/dodai-error.ts";
import type { RecipeRepository } from "../../core/recipe.ts";
import type { Keyring } from "./keyring.ts";
import { keysOfRepository } from "./known-keys.ts";
import type { ApkoFile } from "./load.ts";
import type { Locate } from "./places.ts";
import { parseRepositoryLine } from "./values.ts";

export interface Repositories {
  readonly used: readonly RecipeRepository[];
  /** Folders of this machine by how the recipe calls them. */
  readonly places: ReadonlyMap<string, string>;
  /** Keys that dodai knows for them, by file name. */
  readonly keys: ReadonlyMap<string, string>;
}

/** apk's words for architectures, and names of folders. */
export const apkArchitectures: readonly string[] = [
  "x86_64",
  "aarch64",
  "armhf",
  "armv7",
  "loongarch64",
  "ppc64le",
  "riscv64",
  "s390x",
  "x86",
];

/** Where an index may lie below a repository's root: in a folder of the architecture. */
const indexes = apkArchitectures.map((name) => `${name}/APKINDEX.tar.gz`);

/** Throws FILE_UNREADABLE for a folder that has no index. */
export async function readRepositories(
  files: readonly ApkoFile[],
  { locate, keyring }: { readonly locate: Locate; readonly keyring: Keyring },
): Promise<Repositories> {
  const used = new Map<string, RecipeRepository>();
  const places = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const { input, document } of files) {
    for (const list of ["repositories", "build_repositories"] as const) {
      for (const [index, text] of (input.contents?.[list] ?? []).entries()) {
        const position = document.positionOf(["contents", list, index]);
        const { place, tag } = parseRepositoryLine(text);
        const known = keysOfRepository(place);
        for (const { name, text: key } of known) keys.set(name, key);
        const url = /^[a-z]+:\/\//.test(place) ? place : await locate(place, indexes);
        if (url === undefined) {
          throw new DodaiError("FILE_UNREADABLE", `Cannot read repository "${place}": no folder there has an index`, {
            where: position,
            fix: "The folder has one for each architecture, with APKINDEX.tar.gz in it; paths are relative to the current folder, then to the recipe.",
          });
        }
        if (url !== place) places.set(place, url);
        used.set(`${tag ?? ""} ${url}`, {
          urls: [url],
          suites: [],
          components: [],
          flat: "./",
          keys: [...new Set([...keyring.keys.values(), ...known.map((one) => one.text)])],
          only: true,
          insecureUnsigned: false,
          position,
          ...(tag === undefined ? {} : { tag }),
        });
      }
    }
  }
  return { used: [...used.values()], places, keys };
}
