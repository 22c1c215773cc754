// In which order packages are installed, as rpm decides it (its lib/order.c, rpmtsOrder) when they are given sorted by name: what a
// package asks for comes before it, and of packages that may come next the one that most others wait for. Packages that need
// each other in a circle are taken together, once what the circle needs is there, and the circle is cut where scripts mind least.
import { compareBytes } from "../../core/byte-order.ts";
import { type Orderable, type OrderNode, orderNodes } from "./order-relations.ts";

export function installOrder<One extends Orderable>(packages: readonly One[]): readonly One[] {
  const known = new Map<Orderable, One>(packages.map((one) => [one, one]));
  return orderOf(packages).flatMap((one) => known.get(one) ?? []);
}

function orderOf(packages: readonly Orderable[]): readonly Orderable[] {
  // By architecture then: i686 before x86_64, as dnf gives them to rpm.
  const isOwn = ({ realName }: Orderable): number => (realName === undefined ? 1 : 0);
  const realNameOf = ({ name, realName = name }: Orderable): string => realName;
  const sorted = [...packages].sort((a, b) => compareBytes(realNameOf(a), realNameOf(b)) || isOwn(a) - isOwn(b));
  const nodes = orderNodes(sorted);
  const circles = findCircles(nodes);
  const order: Orderable[] = [];
  const queue: OrderNode[] = [];
  for (const node of nodes) if (node.missing === 0) enqueue(queue, node);
  for (const { members, missing } of circles.values()) if (missing === 0 && members[0]) enqueue(queue, members[0]);
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    if (node.circle === 0) continue;
    if (node.circle === ALONE) collect(node, { queue, circles, order });
    else collectCircle(node.circle, { queue, circles, order });
  }
  return order;
}

/** `circle` of a package that is in none; 0 once it is in the order, or before anybody looked. */
const ALONE = 1;

interface Circle {
  /** In the order in which they were found. */
  readonly members: readonly OrderNode[];
  /** How many requirements from outside it waits for. */
  missing: number;
}

interface Collecting {
  /** What may come next. */
  readonly queue: OrderNode[];
  readonly circles: ReadonlyMap<number, Circle>;
  readonly order: Orderable[];
  /** Within a circle: what may come once it is done. */
  readonly outer?: OrderNode[];
}

/** Packages for 64 bits (rpm's default %_prefer_color). */
const PREFERRED = 2;

/** Before the first that fewer packages wait for, or as few; packages for other word sizes among themselves. */
function enqueue(queue: OrderNode[], node: OrderNode): void {
  const isOther = node.color !== 0 && node.color !== PREFERRED;
  const at = queue.findIndex((one) => !(isOther && one.color !== node.color) && one.waiting <= node.waiting);
  queue.splice(at < 0 ? queue.length : at, 0, node);
}

function collect(node: OrderNode, { queue, circles, order, outer }: Collecting): void {
  order.push(node.installed);
  for (const { node: next } of node.successors) {
    if (next.circle === 0) continue;
    next.missing--;
    const isOutside = node.circle > ALONE && node.circle !== next.circle;
    if (next.missing === 0) enqueue(isOutside && outer ? outer : queue, next);
    const circle = next.circle === node.circle ? undefined : circles.get(next.circle);
    if (circle === undefined) continue;
    circle.missing--;
    if (circle.missing === 0) enqueue(outer ?? queue, next);
  }
  node.circle = 0;
}

function collectCircle(number: number, { queue: outer, circles, order }: Collecting): void {
  const members = circles.get(number)?.members ?? [];
  const distances = distancesIn(members, number);
  const far = (one: OrderNode): number => distances.get(one) ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const left = members.filter((one) => one.circle !== 0);
    const [start] = left;
    if (start === undefined) return;
    // The last of those that are farthest from what scripts ask for.
    const best = left.reduce((found, one) => (far(one) >= far(found) ? one : found), start);
    const queue = [best];
    for (let node = queue.shift(); node !== undefined; node = queue.shift())
      if (node.circle !== 0) collect(node, { queue, circles, order, outer });
  }
}

/** How many requirements lie between a package whose scripts ask for another of the circle, and each that it needs. */
function distancesIn(members: readonly OrderNode[], number: number): ReadonlyMap<OrderNode, number> {
  const starts = members.filter(({ needs }) => needs.some((one) => one.isForScripts && one.node.circle === number));
  const distances = new Map(starts.map((one) => [one, 0]));
  const queue = [...starts];
  for (const node of queue) {
    for (const { node: next } of node.needs) {
      if (next.circle !== number || distances.has(next)) continue;
      distances.set(next, (distances.get(node) ?? 0) + 1);
      queue.push(next);
    }
  }
  return distances;
}

/** Tarjan's strongly connected components, over those who wait. Gives each node its circle. */
function findCircles(nodes: readonly OrderNode[]): ReadonlyMap<number, Circle> {
  const circles = new Map<number, Circle>();
  const marks = new Map<OrderNode, { readonly index: number; low: number }>();
  const found: OrderNode[] = [];
  // A stack of its own: chains of requirements may be longer than the program's.
  const stack: { readonly node: OrderNode; readonly mark: { readonly index: number; low: number }; next: number }[] =
    [];
  for (const start of nodes) {
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.node.successors[top.next++]?.node;
      if (next === undefined) {
        leave(top.node, top.mark);
        stack.pop();
        const above = stack.at(-1)?.mark;
        if (above && top.node.circle === 0) above.low = Math.min(above.low, top.mark.low);
      } else if (!marks.has(next)) enter(next);
      else if (next.circle === 0) top.mark.low = Math.min(top.mark.low, marks.get(next)?.index ?? 0);
    }
  }
  return circles;

  function enter(node: OrderNode): void {
    if (marks.has(node)) return;
    const mark = { index: marks.size, low: marks.size };
    marks.set(node, mark);
    found.push(node);
    stack.push({ node, mark, next: 0 });
  }

  function leave(node: OrderNode, { index, low }: { readonly index: number; readonly low: number }): void {
    if (low !== index) return;
    const members = found.splice(found.indexOf(node));
    const number = members.length === 1 ? ALONE : ALONE + 1 + circles.size;
    for (const one of members) one.circle = number;
    if (members.length > 1) circles.set(number, { members, missing: missingOf(members, number) });
  }
}

const missingOf = (members: readonly OrderNode[], number: number): number =>
  members.reduce(
    (sum, { missing, successors }) => sum + missing - successors.filter(({ node }) => node.circle === number).length,
    0,
  );
