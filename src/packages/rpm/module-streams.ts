// Which packages of modules are there, once it is known which stream of each is enabled: those that are asked for with what
// they need, then default ones that go together with them (libdnf's ModulePackageContainer).
import type { PackageGroup } from "../contract.ts";
import type { ModuleStream, Modules } from "./modules.ts";

export interface VisiblePackages {
  /** By `name-epoch:version-release.architecture`: whether some enabled stream has it. */
  readonly artifacts: ReadonlyMap<string, boolean>;
  /** Names that packages of enabled streams have: others that are called so or provide them are hidden. */
  readonly names: ReadonlySet<string>;
  /** The enabled stream of each module. */
  readonly streams: ReadonlyMap<string, string>;
}

/**
 * `wanted` are `module:stream`; of every other module the default stream is enabled, where it has one. `release` is the stream
 * of the distribution itself: `el9`.
 */
export function enabledModules(
  modules: Modules,
  wanted: readonly string[],
  release: string | undefined = undefined,
): VisiblePackages {
  const enabled = enabledStreams(modules, release === undefined ? wanted : [...wanted, `${platform}:${release}`]);
  const artifacts = new Map<string, boolean>();
  const names = new Set<string>();
  for (const one of modules.streams) {
    const isEnabled = enabled.get(one.module) === one.stream && goesWith(one, enabled);
    const freed = new Set(one.demodularized);
    for (const nevra of one.artifacts) {
      const name = nevra.replace(/-\d+:.*$/, "");
      if (isEnabled && !freed.has(name) && !/\.(?:no)?src$/.test(nevra)) names.add(name);
      artifacts.set(nevra, isEnabled || artifacts.get(nevra) === true);
    }
  }
  return { artifacts, names, streams: enabled };
}

function enabledStreams(modules: Modules, wanted: readonly string[]): ReadonlyMap<string, string> {
  const enabled = new Map<string, string>();
  for (const one of wanted) {
    const [module = "", stream = ""] = one.split(":");
    enabled.set(module, stream);
  }
  const usual = new Map(
    modules.defaults.flatMap(({ module, stream }) => (stream === undefined ? [] : [[module, stream]])),
  );
  // A map is walked in the order in which it grows: what is asked for has its needs before the defaults.
  for (const [module, stream] of enabled) enableNeeds(modules, { module, stream }, { enabled, usual });
  for (const [module, stream] of usual) {
    if (enabled.has(module)) continue;
    const tried = new Map([...enabled, [module, stream]]);
    for (const [name, own] of tried) {
      if (!enabled.has(name)) enableNeeds(modules, { module: name, stream: own }, { enabled: tried, usual });
    }
    const documents = modules.streams.filter((one) => one.module === module && one.stream === stream);
    if (documents.length > 0 && !documents.some((one) => goesWith(one, tried))) continue;
    for (const [name, own] of tried) enabled.set(name, own);
  }
  return withoutBroken(modules, enabled);
}

/** What needs a stream that cannot be had is not there either. */
function withoutBroken({ streams }: Modules, enabled: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const left = new Map(
    [...enabled].filter(([module, stream]) => {
      const documents = streams.filter((one) => one.module === module && one.stream === stream);
      return documents.length === 0 || documents.some((one) => goesWith(one, enabled));
    }),
  );
  return left.size === enabled.size ? left : withoutBroken({ streams, defaults: [] }, left);
}

interface Enabling {
  readonly enabled: Map<string, string>;
  readonly usual: ReadonlyMap<string, string>;
}

/** Enables streams of modules that this one needs and of which none is enabled. */
function enableNeeds(
  { streams }: Modules,
  own: Pick<ModuleStream, "module" | "stream">,
  { enabled, usual }: Enabling,
): void {
  const documents = streams.filter(({ module, stream }) => module === own.module && stream === own.stream);
  const best = documents.find((one) => goesWith(one, enabled)) ?? documents.find((one) => goesWith(one, usual));
  const chosen = best ?? documents.find((one) => canGoWith(one, enabled));
  for (const [module, allowed] of Object.entries(chosen?.requires ?? {})) {
    if (module === platform || enabled.has(module)) continue;
    const offered = streams.filter((one) => one.module === module && isAllowed(one.stream, allowed));
    const preferred = usual.get(module);
    const stream = preferred !== undefined && isAllowed(preferred, allowed) ? preferred : offered.at(-1)?.stream;
    if (stream !== undefined) enabled.set(module, stream);
  }
}

/** The distribution itself is a module, which is never in a repository. Its stream matters where it is known. */
const platform = "platform";

const goesWith = ({ requires }: ModuleStream, enabled: ReadonlyMap<string, string>): boolean =>
  Object.entries(requires).every(([module, allowed]) => {
    const stream = enabled.get(module);
    return stream === undefined ? module === platform : isAllowed(stream, allowed);
  });

const canGoWith = ({ requires }: ModuleStream, enabled: ReadonlyMap<string, string>): boolean =>
  Object.entries(requires).every(([module, allowed]) => {
    const stream = enabled.get(module);
    return stream === undefined || isAllowed(stream, allowed);
  });

function isAllowed(stream: string, allowed: readonly string[]): boolean {
  const named = allowed.filter((one) => !one.startsWith("-"));
  return !allowed.includes(`-${stream}`) && (named.length === 0 || named.includes(stream));
}

/** Streams as groups: `nodejs:18`, and `nodejs` where that is the default, have its default profiles, `nodejs:18/minimal` that profile. */
export function moduleGroups(
  { streams, defaults }: Modules,
  { streams: enabled }: VisiblePackages,
): readonly PackageGroup[] {
  const groupsOf = (ids: readonly string[], packages: readonly string[]): readonly PackageGroup[] =>
    ids.map((id) => ({ id, packages, optional: [], conditional: [], groups: [] }));
  return streams.flatMap((one) => {
    const { module, stream, profiles } = one;
    if (enabled.get(module) !== stream || !goesWith(one, enabled)) return [];
    const own = defaults.find((other) => other.module === module);
    const isUsual = own?.stream === stream;
    const usual = own?.profiles[stream] ?? ["default"];
    return [
      ...groupsOf(
        isUsual ? [`${module}:${stream}`, module] : [`${module}:${stream}`],
        usual.flatMap((name) => profiles[name] ?? []),
      ),
      ...Object.entries(profiles).flatMap(([name, packages]) =>
        groupsOf([`${module}:${stream}/${name}`, ...(isUsual ? [`${module}/${name}`] : [])], packages),
      ),
    ];
  });
}
