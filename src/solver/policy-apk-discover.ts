// Finds the names that a world leads to, and opens the packages on the way: what of them could be had at all, and which names
// are concerned by which.
import {
  type ApkName,
  type ApkNames,
  type ApkPackage,
  addConcerned,
  FLAG_AVAILABLE,
  untagged,
} from "./policy-apk-names.ts";
import type { Problem } from "./problem.ts";

export interface ApkOptions {
  /** Flags of every package that the world names. */
  readonly flags?: number;
  /** Flags of the packages of single names: their own, and those that their dependencies inherit. */
  readonly nameFlags?: ReadonlyMap<string, { readonly own: number; readonly inherited: number }>;
  readonly isPreupgrade?: boolean;
}

export class ApkDiscovery {
  readonly #names: ApkNames;
  readonly #options: ApkOptions;
  #order = 0;

  constructor(names: ApkNames, options: ApkOptions) {
    this.#names = names;
    this.#options = options;
  }

  /** Finds names from one on: what its packages need, wait for, provide. Deep indexes must not overflow our stack. */
  discover(first: ApkName): void {
    const stack = [this.#discoverSteps(first)];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { done, value } = top.next();
      if (done) stack.pop();
      else if (!value.isSeen) stack.push(this.#discoverSteps(value));
    }
  }

  /** Yields names to be discovered before it goes on: the order in which they are done decides which is settled first. */
  *#discoverSteps(name: ApkName): Generator<ApkName, undefined> {
    name.isSeen = true;
    name.noIf = true;
    let strangers = 0;
    for (const { pkg } of name.providers) {
      if (!pkg.seen) {
        this.#openPackage(pkg);
        for (const { name: needed } of pkg.depends) yield needed;
      }
      name.noIf &&= pkg.ifFailed;
      strangers += Number(pkg.name !== name);
    }
    yield* this.#awaiting(name);
    for (const { pkg } of name.providers) {
      yield* this.#awaiting(pkg.name);
      for (const provide of pkg.provides) yield provide.name;
    }
    // Names whose flags were set come first, and names that packages have before those that are only provided.
    const isFlagged = this.#options.nameFlags?.has(name.name) ?? false;
    const isOwn = name.providers.length !== strangers;
    name.order = (isFlagged ? 0 : -(2 ** 31)) + (isOwn ? 2 ** 30 : 0) + ++this.#order;
    for (const { pkg } of name.providers) for (const condition of pkg.installIf) yield condition.name;
    return undefined;
  }

  *#awaiting({ name }: ApkName): Generator<ApkName> {
    for (const other of this.#names.awaiting(name)) yield this.#names.name(other);
  }

  #openPackage(pkg: ApkPackage): void {
    const { flags = 0, nameFlags } = this.#options;
    const { record, repositories, installedTag } = pkg;
    const isVirtual = record.installedBytes === 0;
    pkg.seen = true;
    pkg.isAvailable = repositories.length > 0;
    pkg.isSelectable =
      record.uninstallable === undefined && (pkg.isAvailable || isVirtual || installedTag !== undefined);
    pkg.ifFailed = pkg.installIf.length === 0 || ((flags & FLAG_AVAILABLE) !== 0 && !pkg.isAvailable);
    pkg.isTagPreferred = isVirtual || hasTag(this.#names.problem, pkg, untagged);
    pkg.isTagOk = pkg.isTagPreferred || installedTag !== undefined;
    for (const name of [pkg.name, ...pkg.provides.map((provide) => provide.name)]) {
      // Flags are set for all packages of a name, those that only provide it too.
      const own = nameFlags?.get(name.name);
      pkg.flags |= own?.own ?? 0;
      pkg.inheritedFlags |= own?.inherited ?? 0;
      for (const { name: needed } of pkg.depends) needed.neededBy = addConcerned(needed.neededBy, name);
      for (const { name: awaited } of pkg.installIf) awaited.awaitedBy = addConcerned(awaited.awaitedBy, name);
    }
  }
}

/** Whether the package is in a repository of one of these tags, or was installed from one. */
export function hasTag(
  { repositories: all }: Problem,
  { repositories, installedTag }: ApkPackage,
  tags: ReadonlySet<string>,
): boolean {
  if (installedTag !== undefined && tags.has(installedTag)) return true;
  for (const at of repositories) if (tags.has(all[at]?.tag ?? "")) return true;
  return false;
}
