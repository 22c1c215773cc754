// In which order apk changes a system to what was chosen: what a package needs before the package, what comes by itself because
// of it after it, and what has to go before what takes its place.

import type { WorldEntry } from "./policy-apk.ts";
import type { ApkDependency, ApkName, ApkNames, ApkPackage } from "./policy-apk-names.ts";
import { isProvided } from "./policy-apk-provided.ts";

export interface ApkChange {
  readonly before: ApkPackage | undefined;
  readonly after: ApkPackage | undefined;
}

export interface ApkChanges {
  readonly changes: readonly ApkChange[];
  /** Packages, or without one the world, with what they ask for and do not get. */
  readonly unmet: readonly { readonly by: ApkPackage | undefined; readonly dependency: ApkDependency }[];
}

/** Of names that `chooseAsApk` settled. */
export function orderChanges(
  names: ApkNames,
  world: readonly WorldEntry[],
  installed: readonly ApkPackage[],
): ApkChanges {
  return new Order(names, installed).run(world);
}

type Step = Generator<Step | undefined, void>;

class Order {
  readonly #names: ApkNames;
  readonly #installed: readonly ApkPackage[];
  readonly #changes: ApkChange[] = [];
  readonly #unmet: { by: ApkPackage | undefined; dependency: ApkDependency }[] = [];
  readonly #processed = new Set<ApkName>();
  readonly #removed = new Set<ApkName>();
  readonly #placed = new Set<ApkPackage>();
  /** By name: the installed package that has it, and the name that counts who needs it. */
  readonly #holder = new Map<ApkName, ApkPackage>();
  readonly #counted = new Map<ApkName, ApkName>();
  readonly #requirers = new Map<ApkName, number>();

  constructor(names: ApkNames, installed: readonly ApkPackage[]) {
    this.#names = names;
    this.#installed = installed;
  }

  run(world: readonly WorldEntry[]): ApkChanges {
    for (const pkg of this.#installed) {
      this.#holder.set(pkg.name, pkg);
      this.#counted.set(pkg.name, pkg.name);
      for (const { name, version } of pkg.provides) if (version !== undefined) this.#counted.set(name, pkg.name);
    }
    for (const pkg of this.#installed) this.#countNeeds(pkg);
    for (const pkg of this.#installed) follow(this.#removeUnneeded(pkg));
    for (const { dependency } of world) follow(this.#meet(undefined, dependency));
    for (const pkg of this.#installed) follow(this.#change(pkg.name));
    return { changes: this.#changes, unmet: this.#unmet };
  }

  *#meet(by: ApkPackage | undefined, dependency: ApkDependency): Step {
    const { name } = dependency;
    if (!isProvided(by, dependency, name.chosen, this.#names.problem)) {
      this.#unmet.push({ by, dependency });
      if (by !== undefined) by.hasError = true;
    }
    yield this.#change(name);
    // Who needs what cannot be had cannot be had.
    if (by !== undefined && name.chosen?.pkg.hasError) by.hasError = true;
  }

  *#change(name: ApkName): Step {
    if (this.#processed.has(name)) return;
    yield this.#prepare(name);
    const pkg = name.chosen?.pkg;
    if (pkg === undefined || this.#placed.has(pkg)) return;
    this.#placed.add(pkg);
    yield this.#prepare(pkg.name);
    for (const provide of pkg.provides) yield this.#prepare(provide.name);
    const before = this.#holder.get(pkg.name);
    if (before !== undefined) yield this.#awaiting(before, (one) => this.#removeAwaiting(one));
    for (const dependency of pkg.depends) yield this.#meet(pkg, dependency);
    this.#changes.push({ before, after: pkg });
    yield this.#awaiting(pkg, (one) => this.#installAwaiting(one));
    this.#countNeeds(pkg);
    if (before !== undefined) yield this.#uncountNeeds(before);
  }

  /** Lets go what had the name, or provided it, and is not to stay. */
  *#prepare(name: ApkName): Step {
    if (this.#processed.has(name)) return;
    this.#processed.add(name);
    const holder = this.#holder.get(name);
    if (holder !== undefined && name.chosen?.pkg.name !== name) yield this.#remove(holder);
    for (const { pkg } of name.providers) {
      if (this.#holder.get(pkg.name) === pkg && pkg.name.chosen === undefined) yield this.#remove(pkg);
    }
  }

  *#remove(pkg: ApkPackage): Step {
    const { name } = pkg;
    if (this.#placed.has(pkg) || name.chosen?.pkg.name === name) return;
    this.#removed.add(name);
    this.#placed.add(pkg);
    for (const other of this.#installed) {
      if (other.depends.some((one) => !one.refused && this.#standsFor(pkg, one))) yield this.#remove(other);
    }
    yield this.#awaiting(pkg, (one) => this.#removeAwaiting(one));
    this.#changes.push({ before: pkg, after: undefined });
    yield this.#uncountNeeds(pkg);
  }

  #standsFor(pkg: ApkPackage, dependency: ApkDependency): boolean {
    const { problem } = this.#names;
    return dependency.name.providers.some((one) => one.pkg === pkg && isProvided(undefined, dependency, one, problem));
  }

  *#awaiting(pkg: ApkPackage, then: (name: ApkName) => Step): Step {
    for (const name of [pkg.name, ...pkg.provides.map((provide) => provide.name)]) {
      for (const other of name.awaitedBy) yield then(other);
    }
  }

  *#installAwaiting(name: ApkName): Step {
    const pkg = name.chosen?.pkg;
    if (pkg === undefined || this.#processed.has(name)) return;
    for (const condition of pkg.installIf) {
      if (!condition.refused && !this.#processed.has(condition.name)) return;
      if (!isProvided(pkg, condition, condition.name.chosen, this.#names.problem)) return;
    }
    yield this.#change(name);
  }

  *#removeAwaiting(name: ApkName): Step {
    const pkg = this.#holder.get(name);
    if (pkg === undefined || name.chosen !== undefined || this.#processed.has(name) || this.#removed.has(name)) return;
    const isGone = pkg.installIf.some((one) => this.#removed.has(one.name) && one.name.chosen === undefined);
    if (isGone) yield this.#removeUnneeded(pkg);
  }

  *#removeUnneeded(pkg: ApkPackage): Step {
    if ((this.#requirers.get(pkg.name) ?? 0) === 0 && pkg.name.chosen === undefined) yield this.#remove(pkg);
  }

  #countNeeds(pkg: ApkPackage): void {
    for (const counted of this.#needs(pkg)) this.#requirers.set(counted, (this.#requirers.get(counted) ?? 0) + 1);
  }

  *#uncountNeeds(pkg: ApkPackage): Step {
    for (const { refused, name } of pkg.depends) {
      const counted = refused ? undefined : this.#counted.get(name);
      if (counted === undefined) continue;
      const left = (this.#requirers.get(counted) ?? 0) - 1;
      this.#requirers.set(counted, left);
      const holder = this.#holder.get(name);
      if (left <= 0 && holder !== undefined) yield this.#remove(holder);
    }
  }

  #needs({ depends }: ApkPackage): readonly ApkName[] {
    return depends.flatMap(({ refused, name }) => (refused ? [] : (this.#counted.get(name) ?? [])));
  }
}

/** Runs steps that wait for others: a long chain of packages must not overflow our stack. */
function follow(first: Step): void {
  const stack = [first];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const { done, value } = top.next();
    if (done) stack.pop();
    else if (value !== undefined) stack.push(value);
  }
}
