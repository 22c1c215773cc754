// A tree knows whose a file is by a name. rpm may have a package of one name in two architectures: `glibc` of the platform's own is
// then called so, the other one `glibc.i686`, as dnf calls it.
import { DodaiError } from "../core/dodai-error.ts";
import type { ResolvedPackage } from "./contract.ts";

type Named = Pick<ResolvedPackage, "architecture" | "name">;

/** What a tree calls each of the packages. Throws UNSATISFIABLE when two would be called the same. */
export function namesApart(packages: readonly Named[], architecture: string): readonly string[] {
  const counts = Map.groupBy(packages, ({ name }) => name);
  const names = packages.map((one) =>
    isTwin(one, counts.get(one.name) ?? [], architecture) ? `${one.name}.${one.architecture}` : one.name,
  );
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw twice(name);
    seen.add(name);
  }
  return names;
}

function isTwin(one: Named, all: readonly Named[], architecture: string): boolean {
  return all.length > 1 && one.architecture !== architecture;
}

function twice(name: string): DodaiError {
  return new DodaiError(
    "UNSATISFIABLE",
    `Cannot build an image with "${name}" twice: each package has a name of its own`,
    {
      fix: `Leave out what needs the one or the other, or exclude one: "!${name}".`,
    },
  );
}

/** Another architecture's may stay beside it; what is of none is of all. */
export function takesPlaceOf(one: Named, other: Named): boolean {
  const isOfAll = [one, other].some(({ architecture }) => ["all", "noarch", ""].includes(architecture));
  return one.name === other.name && (isOfAll || one.architecture === other.architecture);
}
