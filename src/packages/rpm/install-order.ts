// In which order packages are installed: what a package requires comes before it (rpm's rpmtsOrder). Where packages require
// each other, relations that its scripts have go before others, and after that names decide.
import { compareBytes } from "../../core/byte-order.ts";
import type { InstalledPackage } from "../contract.ts";
import { filesOf } from "./files.ts";
import { headersOf } from "./installed.ts";
import { sense, tags } from "./tags.ts";

interface Node {
  readonly installed: InstalledPackage;
  /** Names that it requires, those that its scripts need first. */
  readonly requires: readonly string[];
}

export function installOrder(packages: readonly InstalledPackage[]): readonly InstalledPackage[] {
  const providers = new Map<string, Node[]>();
  const sorted = [...packages].sort((a, b) => compareBytes(a.name, b.name));
  const nodes = sorted.map((installed) => nodeOf(installed, providers));
  const order: InstalledPackage[] = [];
  const seen = new Set<Node>();
  // A stack of its own: chains of requirements may be longer than the program's.
  const stack: { readonly node: Node; next: number }[] = [];
  const enter = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const start of nodes) {
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const name = top.node.requires[top.next++];
      if (name === undefined) {
        order.push(top.node.installed);
        stack.pop();
      } else for (const provider of providers.get(name) ?? []) enter(provider);
    }
  }
  return order;
}

const forScripts = sense.scriptPre | sense.scriptPost | sense.preTrans | sense.postTrans | sense.prerequisite;

function nodeOf(installed: InstalledPackage, providers: Map<string, Node[]>): Node {
  const { header } = headersOf(installed.control, installed.name);
  const names = header.texts(tags.requireNames).map((name, at) => ({
    name,
    isForScripts: ((header.numbers(tags.requireFlags)[at] ?? 0) & forScripts) !== 0,
  }));
  const requires = names.toSorted((a, b) => Number(b.isForScripts) - Number(a.isForScripts)).map(({ name }) => name);
  const node: Node = { installed, requires: [...new Set(requires)] };
  const provided = [
    installed.name,
    ...header.texts(tags.provideNames),
    ...filesOf(header, installed.name).map(({ path }) => path),
  ];
  for (const name of new Set(provided)) {
    const known = providers.get(name);
    if (known) known.push(node);
    else providers.set(name, [node]);
  }
  return node;
}
