// In which order apk installs a set of packages on an empty system: for each name of the world, first what it needs, then the
// package, then what comes by itself because of it. Scripts run and are kept in this order.
import { compareBytes } from "../../core/byte-order.ts";
import type { ControlMember } from "../contract.ts";
import { type PackageInfo, packageInfoOf, wordsOf } from "./package-info.ts";
import { type Dependency, readDependency } from "./relation.ts";

interface Named {
  readonly name: string;
  readonly control: readonly ControlMember[];
}

interface Node {
  readonly installed: Named;
  readonly needs: readonly string[];
  readonly provides: readonly string[];
  readonly installIf: readonly string[];
}

/** Every package once. `world` has requests as apk writes them. */
export function installOrder<Package extends Named>(
  packages: readonly Package[],
  world: readonly string[],
): readonly Package[] {
  const sorted = [...packages].sort((a, b) => compareBytes(a.name, b.name));
  const nodes = sorted.map((one) => nodeOf(one, packageInfoOf(one.control)));
  const byName = new Map<string, Node>();
  for (const node of nodes) for (const name of node.provides) if (!byName.has(name)) byName.set(name, node);
  for (const node of nodes) byName.set(node.installed.name, node);
  const waiting = nodes.filter(({ installIf }) => installIf.length > 0);
  const order = new Set<string>();
  const seen = new Set<string>();
  const walk = [...world.flatMap(nameOf).sort(compareBytes), ...nodes.map(({ installed }) => installed.name)]
    .map((name): Step => ({ kind: "name", name }))
    .reverse();
  for (let step = walk.pop(); step !== undefined; step = walk.pop()) {
    if (step.kind === "place") {
      order.add(step.node.installed.name);
      walk.push(...triggeredBy(step.node, waiting, seen).reverse());
      continue;
    }
    const node = byName.get(step.name);
    if (seen.has(step.name) || (step.kind === "if" && !areSeen(node, seen, order, byName))) continue;
    seen.add(step.name);
    if (node === undefined || seen.has(`package ${node.installed.name}`)) continue;
    seen.add(`package ${node.installed.name}`);
    for (const name of [node.installed.name, ...node.provides]) seen.add(name);
    walk.push({ kind: "place", node }, ...node.needs.map((name): Step => ({ kind: "name", name })).reverse());
  }
  const found = new Map(packages.map((one) => [one.name, one]));
  return [...order].flatMap((name) => found.get(name) ?? []);
}

type Step = { readonly kind: "name" | "if"; readonly name: string } | { readonly kind: "place"; readonly node: Node };

function nodeOf(installed: Named, info: PackageInfo): Node {
  const names = (key: string): readonly string[] => wordsOf(info, key).flatMap(nameOf);
  return { installed, needs: names("depend"), provides: names("provides"), installIf: names("install_if") };
}

function nameOf(word: string): readonly string[] {
  const found: Dependency | string = readDependency(word);
  return typeof found === "string" || found.refused ? [] : [found.requirement.name];
}

/** Packages that may come by themselves now, among those that wait for others. */
function triggeredBy({ installed, provides }: Node, waiting: readonly Node[], seen: ReadonlySet<string>): Step[] {
  const names = new Set([installed.name, ...provides]);
  return waiting
    .filter((node) => node.installIf.some((name) => names.has(name)) && !seen.has(node.installed.name))
    .map((node): Step => ({ kind: "if", name: node.installed.name }));
}

function areSeen(
  node: Node | undefined,
  seen: ReadonlySet<string>,
  order: ReadonlySet<string>,
  byName: ReadonlyMap<string, Node>,
): boolean {
  return (
    node?.installIf.every((name) => {
      const other = byName.get(name)?.installed;
      return seen.has(name) && other !== undefined && order.has(other.name);
    }) ?? false
  );
}
