// Where apt in an image takes packages from, in the form and with the components that Ubuntu's own images have.
import type { Recipe } from "../../core/recipe.ts";
import type { Asked } from "../debian/family.ts";
import { deb822Sources } from "../debian/sources.ts";
import type { UbuntuRelease } from "./releases.ts";
import { officialRoots } from "./repositories.ts";

const components: readonly string[] = ["main", "universe", "restricted", "multiverse"];
const keyring = "/usr/share/keyrings/ubuntu-archive-keyring.gpg";

export function sourcesFiles(asked: Asked<UbuntuRelease>): Recipe["files"] {
  const { name, sources } = asked.release;
  const { archive, security } = officialRoots(asked);
  const all = [
    // Backports are there and not taken by themselves: apt gives them priority 100.
    { uri: archive, suites: [name, `${name}-updates`, `${name}-backports`] },
    { uri: security, suites: [`${name}-security`] },
  ];
  if (sources === "deb822") {
    return deb822Sources(
      "ubuntu",
      all.map((one) => ({ ...one, components, keyring })),
    );
  }
  const lines = all.flatMap(({ uri, suites }) =>
    suites.map((suite) => `deb ${uri} ${suite} ${components.join(" ")}\n`),
  );
  return [{ kind: "file", path: "etc/apt/sources.list", mode: 0o644, uid: 0, gid: 0, content: lines.join("") }];
}
