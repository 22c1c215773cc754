// Which packages share a layer. A layer that a family of images has in common is stored and sent once, so packages that
// change together (built from one source) stay together, and big ones get layers of their own first.
import { compareBytes } from "../core/byte-order.ts";
import type { LayerStrategy } from "../core/recipe.ts";
import { unreachable } from "../core/unreachable.ts";
import { maxLayers } from "./layer.ts";

export interface PlannedPackage {
  readonly name: string;
  readonly source: string;
  readonly sizeBytes: number;
  /** Names of packages beside it whose files it may take over: `origin` keeps them in its layer. */
  readonly replaces?: ReadonlySet<string>;
}

/** Packages of one layer, by name. `title` is for the history: `libc6`, or `glibc (libc6, libc-bin)`. */
export interface LayerGroup {
  readonly title: string;
  readonly packages: readonly string[];
}

/** Folders and generated files have layers of their own when there is more than one. */
const ownLayers = 2;

/** Groups of packages, in layer order. A single group is one layer with everything. */
export function planLayers(packages: readonly PlannedPackage[], strategy: LayerStrategy): readonly LayerGroup[] {
  switch (strategy.kind) {
    case "single":
      return [{ title: "all packages", packages: namesOf(packages) }];
    case "per-package":
      return limited(
        groupBy(packages, ({ name }) => name),
        strategy.max,
      );
    case "grouped":
      return limited(
        groupBy(packages, ({ source }) => source),
        strategy.max,
      );
    case "origin":
      return withinBudget(joined(groupBy(packages, ({ source }) => source)), strategy.budget);
    default:
      return unreachable(strategy);
  }
}

interface SizedGroup {
  readonly key: string;
  readonly packages: readonly PlannedPackage[];
  readonly sizeBytes: number;
}

function groupBy(packages: readonly PlannedPackage[], keyOf: (one: PlannedPackage) => string): readonly SizedGroup[] {
  return [...Map.groupBy(packages, keyOf)]
    .map(([key, members]) => ({
      key,
      packages: members,
      sizeBytes: members.reduce((sum, one) => sum + one.sizeBytes, 0),
    }))
    .sort((a, b) => b.sizeBytes - a.sizeBytes || compareBytes(a.key, b.key));
}

/** The biggest groups have a layer each; what is over the maximum shares the last one. */
function limited(groups: readonly SizedGroup[], max: number): readonly LayerGroup[] {
  const room = Math.max(1, Math.min(max, maxLayers) - ownLayers);
  if (groups.length <= room) return groups.map(titled);
  const alone = groups.slice(0, room - 1);
  const shared = groups.slice(room - 1).flatMap((group) => group.packages);
  return [...alone.map(titled), { title: `${shared.length} smaller packages`, packages: namesOf(shared) }];
}

/** Groups with packages that replace one another become one: a layer above must not hold what one below takes over. */
function joined(groups: readonly SizedGroup[]): readonly SizedGroup[] {
  const groupOf = new Map(groups.flatMap((group) => group.packages.map(({ name }) => [name, group] as const)));
  for (const { name, replaces = [] } of groups.flatMap((group) => group.packages)) {
    for (const other of replaces) {
      const [mine, its] = [groupOf.get(name), groupOf.get(other)];
      if (!mine || !its || mine === its) continue;
      const both = merged([mine, its]);
      for (const one of both.packages) groupOf.set(one.name, both);
    }
  }
  return [...new Set(groupOf.values())].sort(
    (a, b) => b.sizeBytes - a.sizeBytes || compareBytes(lastName(a), lastName(b)),
  );
}

/** The biggest have a layer each; from the budget on, one for all others. Without a budget that is one in all. */
function withinBudget(groups: readonly SizedGroup[], budget: number): readonly LayerGroup[] {
  const room = Math.min(budget, maxLayers - 1);
  if (groups.length <= room) return groups.map(titled);
  const alone = groups.slice(0, Math.max(room - 1, 0));
  const rest = merged(groups.slice(alone.length));
  const title = alone.length === 0 ? "all packages" : `${rest.packages.length} smaller packages`;
  return [...alone.map(titled), { title, packages: namesOf(rest.packages) }];
}

function merged(groups: readonly SizedGroup[]): SizedGroup {
  return {
    key: groups.map(({ key }) => key).join(", "),
    packages: groups.flatMap((group) => group.packages),
    sizeBytes: groups.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

const lastName = ({ packages }: SizedGroup): string => namesOf(packages).at(-1) ?? "";

function titled({ key, packages }: SizedGroup): LayerGroup {
  const names = namesOf(packages);
  return { title: names.length === 1 && names[0] === key ? key : `${key} (${names.join(", ")})`, packages: names };
}

const namesOf = (packages: readonly PlannedPackage[]): readonly string[] =>
  packages.map(({ name }) => name).sort(compareBytes);
