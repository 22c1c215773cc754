// Where apt in an image takes packages from: Debian's own names, whichever mirror the image was made from.
import type { Recipe } from "../../core/recipe.ts";
import type { Asked } from "./family.ts";
import type { DebianRelease } from "./releases.ts";
import { officialMirrors } from "./repositories.ts";

export function sourcesFiles({ release }: Asked<DebianRelease>): Recipe["files"] {
  const { name, updates, security, keyring } = release;
  const source = { components: ["main"], keyring };
  return deb822Sources("debian", [
    { ...source, uri: officialMirrors.archive, suites: updates ? [name, `${name}-updates`] : [name] },
    ...(security ? [{ ...source, uri: officialMirrors.security, suites: [`${name}-security`] }] : []),
  ]);
}

export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Path of the file with the keys that may sign. */
  readonly keyring: string;
}

/** `sources.list.d/NAME.sources`, in deb822 style (sources.list(5)). */
export function deb822Sources(name: string, sources: readonly AptSource[]): Recipe["files"] {
  const content = sources.map(stanza).join("\n");
  return [{ kind: "file", path: `etc/apt/sources.list.d/${name}.sources`, mode: 0o644, uid: 0, gid: 0, content }];
}

function stanza({ uri, suites, components, keyring }: AptSource): string {
  return [
    "Types: deb",
    `URIs: ${uri}`,
    `Suites: ${suites.join(" ")}`,
    `Components: ${components.join(" ")}`,
    `Signed-By: ${keyring}`,
  ]
    .map((line) => `${line}\n`)
    .join("");
}
