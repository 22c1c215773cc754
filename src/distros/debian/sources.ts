// Where apt in an image takes packages from: Debian's own names, whichever mirror the image was made from.
import type { Recipe } from "../../core/recipe.ts";
import type { DebianRelease } from "./releases.ts";
import { officialMirrors } from "./repositories.ts";

/** In deb822 style (sources.list(5)); not where the recipe does without Debian's repositories. */
export function sourcesFiles(recipe: Recipe, release: DebianRelease): Recipe["files"] {
  if (recipe.repositories.some(({ only }) => only)) return [];
  const { name, updates, security } = release;
  const stanzas = [
    stanza(officialMirrors.archive, updates ? [name, `${name}-updates`] : [name], release),
    ...(security ? [stanza(officialMirrors.security, [`${name}-security`], release)] : []),
  ];
  return [
    {
      kind: "file",
      path: "etc/apt/sources.list.d/debian.sources",
      mode: 0o644,
      uid: 0,
      gid: 0,
      content: stanzas.join("\n"),
    },
  ];
}

function stanza(uri: string, suites: readonly string[], { keyring }: DebianRelease): string {
  return ["Types: deb", `URIs: ${uri}`, `Suites: ${suites.join(" ")}`, "Components: main", `Signed-By: ${keyring}`]
    .map((line) => `${line}\n`)
    .join("");
}
