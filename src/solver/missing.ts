// What to say when nothing on offer is what a request names.
import { DodaiError } from "../core/dodai-error.ts";
import type { PackageIndex } from "../packages/contract.ts";
import { nearMisses } from "./explain.ts";
import type { SolverRequest } from "./problem.ts";
import type { Universe } from "./universe.ts";
import { describeList, describeOffer, describeRequirement } from "./words.ts";

/** The error for a request that no package on offer meets by its own name. */
export function missing(universe: Universe, { requirement, position }: SolverRequest): DodaiError {
  const { name } = requirement;
  const where = position === undefined ? {} : { where: position };
  const begin = `Cannot install "${describeRequirement(requirement)}"`;
  const offers = nearMisses(universe, name);
  if (offers.length > 0) {
    const state = `on offer is ${describeList(offers.map(describeOffer), "and")}`;
    const fix = "Ask for a version that is on offer, or add the repository that has it.";
    return new DodaiError("PACKAGE_MISSING", `${begin}: ${state}`, { ...where, fix });
  }
  const providers = universe.problem.repositories.flatMap(({ name: repository, index }) =>
    index.providing(name).map((record) => describeOffer({ record, repository })),
  );
  if (providers.length > 0) {
    const state = `no package is called so, it is provided by ${describeList(providers, "and")}`;
    return new DodaiError("PACKAGE_MISSING", `${begin}: ${state}`, { ...where, fix: "Ask for one of these." });
  }
  const near = nearestNames(
    name,
    universe.problem.repositories.map(({ index }) => index),
  );
  const add = "add the repository that has it.";
  const fix =
    near.length > 0 ? `Did you mean ${describeList(near.map(quoted), "or")}? Or ${add}` : `Check the name, or ${add}`;
  const state = `no repository offers it for ${universe.problem.architecture}`;
  return new DodaiError("PACKAGE_MISSING", `${begin}: ${state}`, { ...where, fix });
}

const quoted = (name: string): string => `"${name}"`;

/** Up to three names that a person may have meant: at most a third of the letters differ. */
function nearestNames(name: string, indexes: readonly Pick<PackageIndex, "names">[]): readonly string[] {
  const most = Math.min(3, Math.floor(name.length / 3));
  const found: { near: string; distance: number }[] = [];
  const seen = new Set<string>();
  for (const index of indexes) {
    for (const near of index.names()) {
      if (Math.abs(near.length - name.length) > most || seen.has(near)) continue;
      seen.add(near);
      const distance = editDistance(name, near, most);
      if (distance <= most) found.push({ near, distance });
    }
  }
  found.sort((a, b) => a.distance - b.distance);
  return found
    .filter(({ distance }) => distance === found[0]?.distance)
    .slice(0, 3)
    .map(({ near }) => near);
}

/** How many letters must be put in, taken out, changed or swapped with their neighbour; more than `most` is not counted out. */
function editDistance(a: string, b: string, most: number): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] as number) + 1);
      next.push(best);
    }
    if (Math.min(...next) > most) return most + 1;
    before = row;
    row = next;
  }
  return row[b.length] as number;
}
