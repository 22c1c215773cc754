// What apk-tools 3 installs for a world. apk does not search: it spreads what is certain (a dependency without a choice, what all
// choices have in common, what has become impossible) over the names that it found, settles the name that is ripest by taking
// its best package, spreads what follows, and goes on; a choice is never taken back. Where that ends in a contradiction apk gives
// up, and so do we (solve-apk.ts says why). The decisions here are those of its solver, with their consequences.
import { compareProviders } from "./policy-apk-compare.ts";
import { ApkDiscovery, type ApkOptions, hasTag } from "./policy-apk-discover.ts";
import {
  type ApkDependency,
  type ApkName,
  type ApkNames,
  type ApkPackage,
  type ApkProvider,
  untagged,
} from "./policy-apk-names.ts";
import { isProvided } from "./policy-apk-provided.ts";
import { ApkQueues } from "./policy-apk-queues.ts";

/** One line of the world, and the tag that it names; "" for none. */
export interface WorldEntry {
  readonly dependency: ApkDependency;
  readonly tag: string;
}

/** What went wrong while packages were chosen. */
export interface ApkFaults {
  /** Names that were needed, for which no package may be taken. */
  readonly unassigned: readonly ApkName[];
  /** Packages that were taken although they cannot be had. */
  readonly unusable: readonly ApkPackage[];
  /** Names that two packages provide which are both needed. */
  readonly contested: readonly { readonly name: ApkName; readonly packages: readonly ApkPackage[] }[];
}

/** Chosen packages are then in the names; with any fault there is no solution. */
export function chooseAsApk(names: ApkNames, world: readonly WorldEntry[], options: ApkOptions = {}): ApkFaults {
  return new Choice(names, options).run(world);
}

export const hasFaults = ({ unassigned, unusable, contested }: ApkFaults): boolean =>
  unassigned.length + unusable.length + contested.length > 0;

class Choice {
  readonly #names: ApkNames;
  readonly #options: ApkOptions;
  readonly #queues = new ApkQueues();
  readonly #unassigned: ApkName[] = [];
  readonly #unusable: ApkPackage[] = [];
  readonly #contested: { name: ApkName; packages: ApkPackage[] }[] = [];

  constructor(names: ApkNames, options: ApkOptions) {
    this.#names = names;
    this.#options = options;
  }

  run(world: readonly WorldEntry[]): ApkFaults {
    const discovery = new ApkDiscovery(this.#names, this.#options);
    for (const { dependency } of world) discovery.discover(dependency.name);
    for (const { dependency, tag } of world) this.#constrain(undefined, dependency, tag);
    for (;;) {
      for (let name = this.#queues.takeDirty(); name !== undefined; name = this.#queues.takeDirty())
        this.#reconsider(name);
      const name = this.#queues.takeRipest();
      if (name === undefined)
        return { unassigned: this.#unassigned, unusable: this.#unusable, contested: this.#contested };
      this.#settle(name);
    }
  }

  /** What a package, or without one the world, asks for becomes a constraint of every package that could stand for it. */
  #constrain(by: ApkPackage | undefined, dependency: ApkDependency, tag = ""): void {
    const { name, refused } = dependency;
    if (!refused) this.#require(name);
    for (const provider of name.providers) {
      const { pkg } = provider;
      if (isProvided(by, dependency, provider, this.#names.problem)) this.#inherit(pkg, by, tag);
      else {
        pkg.conflicts++;
        if (pkg.isSelectable) this.#disqualify(pkg);
      }
    }
  }

  #require(name: ApkName): void {
    name.requirers++;
    if (name.requirers === 1) this.#requirersChanged(name);
  }

  #requirersChanged(name: ApkName): void {
    this.#queues.addOpen(name);
    this.#reconsiderAwaiting(name);
    this.#queues.addDirty(name);
  }

  #inherit(pkg: ApkPackage, by: ApkPackage | undefined, tag: string): void {
    if (by !== undefined) {
      pkg.flags |= by.inheritedFlags;
      pkg.inheritedFlags |= by.inheritedFlags;
      for (const allowed of by.allowedTags) pkg.allowTag(allowed);
    } else {
      const { flags = 0 } = this.#options;
      pkg.flags |= flags;
      pkg.inheritedFlags |= flags;
      pkg.allowTag(tag);
      pkg.isTagPreferred = hasTag(this.#names.problem, pkg, tag === "" ? untagged : new Set([tag]));
    }
    pkg.isTagOk ||= hasTag(this.#names.problem, pkg, pkg.allowedTags);
  }

  #disqualify(pkg: ApkPackage): void {
    pkg.isSelectable = false;
    for (const name of [pkg.name, ...pkg.provides.map((provide) => provide.name)]) this.#reconsiderNeeding(name);
    this.#reconsiderAwaitingPackage(pkg);
  }

  #reconsiderNeeding(name: ApkName): void {
    for (const other of name.neededBy) {
      if (!other.isSeen) continue;
      other.reconsiderDepends = true;
      this.#queues.addDirty(other);
    }
  }

  #reconsiderAwaiting(name: ApkName): void {
    for (const other of name.awaitedBy) {
      if (!other.isSeen || other.noIf) continue;
      other.reconsiderIf = true;
      this.#queues.addDirty(other);
    }
  }

  #reconsiderAwaitingPackage(pkg: ApkPackage): void {
    this.#reconsiderAwaiting(pkg.name);
    for (const { name } of pkg.provides) this.#reconsiderAwaiting(name);
  }

  /** Looks at a name anew: which of its packages are still possible, and what all of these have in common. */
  #reconsider(name: ApkName): void {
    const looksAtDepends = name.reconsiderDepends;
    const looksAtIf = name.reconsiderIf;
    name.reconsiderDepends = false;
    name.reconsiderIf = false;
    const options: ApkProvider[] = [];
    name.hasIf = false;
    name.noIf = true;
    let isAutomatic = false;
    let notOk = 0;
    for (const provider of name.providers) {
      const { pkg } = provider;
      pkg.wasMerged = false;
      if (looksAtDepends && pkg.isSelectable && !pkg.depends.every((one) => this.#isSatisfiable(pkg, one))) {
        this.#disqualify(pkg);
      }
      if (!pkg.isSelectable) continue;
      if (looksAtIf) this.#lookAtIf(pkg);
      name.hasIf ||= pkg.ifTriggered;
      name.noIf &&= pkg.ifFailed;
      isAutomatic ||= pkg.ifTriggered;
      if (name.requirers === 0) continue;
      pkg.wasMerged = true;
      this.#mark(provider, options.length);
      options.push(provider);
      notOk += Number(!pkg.isTagOk);
      isAutomatic ||= isAutomatically(provider);
    }
    name.hasOptions = options.length > 1 || notOk > 0;
    const changed = isAutomatic !== name.hasAutomatic;
    name.hasAutomatic = isAutomatic;
    const [first] = options;
    if (first !== undefined) this.#spread(name, first.pkg, options.length);
    name.isSettledAbove = [...name.neededBy].every((other) => !other.isSeen || other.isLocked);
    this.#queues.addOpen(name, { changed });
  }

  #isSatisfiable(by: ApkPackage, dependency: ApkDependency): boolean {
    const { name } = dependency;
    const { problem } = this.#names;
    if (name.isLocked) return isProvided(by, dependency, name.chosen, problem);
    if (name.requirers === 0 && isProvided(by, dependency, undefined, problem)) return true;
    return name.providers.some((one) => one.pkg.isSelectable && isProvided(by, dependency, one, problem));
  }

  /** Whether what the package waits for is there, once all of it is settled. */
  #lookAtIf(pkg: ApkPackage): void {
    if (!pkg.ifTriggered && !pkg.ifFailed) {
      const state = this.#stateOfIf(pkg);
      pkg.ifTriggered = state === "met";
      pkg.ifFailed = state === "failed";
    }
    if (!pkg.ifTriggered) return;
    for (const { name } of pkg.installIf) if (name.chosen !== undefined) this.#inherit(pkg, name.chosen.pkg, "");
  }

  #stateOfIf(pkg: ApkPackage): "met" | "failed" | "open" {
    for (const condition of pkg.installIf) {
      const { name, refused } = condition;
      if (!name.isLocked) {
        if (refused) {
          name.ifNeeded = true;
          this.#queues.addOpen(name);
        }
        return "open";
      }
      if (!isProvided(pkg, condition, name.chosen, this.#names.problem)) return "failed";
    }
    return "met";
  }

  /** Counts what the options so far have in common: option number `at` raises marks that all before it raised. */
  #mark({ pkg, version }: ApkProvider, at: number): void {
    for (const { name, refused } of pkg.depends) if (!refused && name.mergedDepends === at) name.mergedDepends = at + 1;
    const provides = [{ name: pkg.name, version }, ...pkg.provides];
    for (const provide of provides) {
      if (provide.name.mergedProvides !== at) continue;
      provide.name.mergedProvides = at + 1;
      if (provide.version === undefined) provide.name.hasBareProvides = true;
    }
  }

  /** What every option needs is needed; what every option provides, no other package may. */
  #spread(name: ApkName, first: ApkPackage, options: number): void {
    for (const { pkg } of name.providers) pkg.wasUsed = pkg.wasMerged;
    for (const dependency of first.depends) {
      const isCommon = dependency.name.mergedDepends === options;
      dependency.name.mergedDepends = 0;
      if (!isCommon) continue;
      if (options === 1) this.#constrain(first, dependency);
      else if (dependency.name.requirers === 0) {
        this.#require(dependency.name);
        for (const { pkg } of dependency.name.providers) this.#inherit(pkg, first, "");
      }
    }
    const provides = [first.name, ...first.provides.map((provide) => provide.name)];
    for (const provided of provides) {
      const isCommon = provided.mergedProvides === options;
      provided.mergedProvides = 0;
      if (isCommon) this.#excludeOthers(provided, name);
    }
    for (const provided of provides) provided.hasBareProvides = false;
  }

  /** Packages that stand for `name` but not for `wanted`, which is sure to be there and stands for both. */
  #excludeOthers(name: ApkName, wanted: ApkName): void {
    if (name === wanted) return;
    const skipsBare = name.hasBareProvides;
    for (const { pkg, version } of name.providers) {
      if (!pkg.isSelectable || pkg.name === wanted || (skipsBare && version === undefined)) continue;
      const isOther = pkg.provides.every((one) => one.name !== wanted && !(skipsBare && one.version === undefined));
      if (isOther) this.#disqualify(pkg);
    }
  }

  /** Takes the best package for a name, or none. */
  #settle(name: ApkName): void {
    let best: ApkProvider | undefined;
    if (name.requirers > 0 || name.hasIf) {
      for (const provider of name.providers) {
        const { pkg } = provider;
        if (name.requirers === 0 && !(pkg.ifTriggered && pkg.isTagOk && pkg.isSelectable)) continue;
        if (!isAutomatically(provider)) continue;
        if (best === undefined || this.#isBetter(provider, best)) best = provider;
      }
    }
    if (best === undefined) {
      this.#assign(name, undefined);
      if (name.requirers > 0) this.#unassigned.push(name);
      return;
    }
    const { pkg } = best;
    if (!pkg.isSelectable || !pkg.isTagOk) {
      pkg.hasError = true;
      this.#unusable.push(pkg);
    }
    this.#assign(pkg.name, { pkg, version: pkg.record.version });
    for (const { name: provided, version } of pkg.provides) this.#assign(provided, { pkg, version });
    for (const dependency of pkg.depends) this.#constrain(pkg, dependency);
  }

  #isBetter(a: ApkProvider, b: ApkProvider): boolean {
    const { compareVersions } = this.#names.problem.format;
    return compareProviders(a, b, { compareVersions, isPreupgrade: this.#options.isPreupgrade ?? false }) > 0;
  }

  /** From now on the name is the package's, and all others that have the name are out. */
  #assign(name: ApkName, provider: ApkProvider | undefined): void {
    if (name.isLocked) {
      // Any number of packages may provide a bare name.
      if (provider?.version === undefined && name.chosen?.version === undefined) return;
      const packages = [name.chosen, provider].flatMap((one) => one?.pkg ?? []);
      for (const pkg of packages) pkg.hasError = true;
      this.#contested.push({ name, packages });
      return;
    }
    name.isLocked = true;
    name.chosen = provider;
    this.#queues.remove(name);
    if (provider?.pkg.ifTriggered && name.requirers === 0) {
      for (const condition of provider.pkg.installIf) {
        if (!condition.name.isLocked) this.#constrain(provider.pkg, condition);
      }
    }
    for (const other of name.providers) {
      const areBare = provider?.version === undefined && other.version === undefined;
      if (other.pkg !== provider?.pkg && !areBare) this.#disqualify(other.pkg);
    }
    this.#reconsiderNeeding(name);
    if (provider === undefined) this.#reconsiderAwaiting(name);
    else this.#reconsiderAwaitingPackage(provider.pkg);
  }
}

/** A package that provides a bare name is taken for it only when it says how much it wants to be, or is there anyway. */
function isAutomatically({ pkg, version }: ApkProvider): boolean {
  return version !== undefined || (pkg.record.providerPriority ?? 0) !== 0 || pkg.name.requirers > 0;
}
