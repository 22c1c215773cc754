// Which packages of modules are there, once it is known which stream of each is enabled.
import type { PackageGroup } from "../contract.ts";
import type { Modules } from "./modules.ts";

export interface VisiblePackages {
  /** By `name-epoch:version-release.architecture`: whether some enabled stream has it. */
  readonly artifacts: ReadonlyMap<string, boolean>;
  /** Names that packages of enabled streams have: others of that name are hidden by them. */
  readonly names: ReadonlySet<string>;
  /** The enabled stream of each module. */
  readonly streams: ReadonlyMap<string, string>;
}

/** `wanted` are `module:stream`; of every other module the default stream is enabled, where it has one. */
export function enabledModules({ streams, defaults }: Modules, wanted: readonly string[]): VisiblePackages {
  const enabled = new Map(defaults.flatMap(({ module, stream }) => (stream === undefined ? [] : [[module, stream]])));
  for (const one of wanted) {
    const [module = "", stream = ""] = one.split(":");
    enabled.set(module, stream);
  }
  const artifacts = new Map<string, boolean>();
  const names = new Set<string>();
  for (const { module, stream, artifacts: all } of streams) {
    const isEnabled = enabled.get(module) === stream;
    for (const nevra of all) {
      if (isEnabled) names.add(nevra.replace(/-\d+:.*$/, ""));
      artifacts.set(nevra, isEnabled || artifacts.get(nevra) === true);
    }
  }
  return { artifacts, names, streams: enabled };
}

/** Streams as groups: `nodejs:18` has its default profiles, `nodejs:18/minimal` that profile. */
export function moduleGroups(
  { streams, defaults }: Modules,
  { streams: enabled }: VisiblePackages,
): readonly PackageGroup[] {
  const groupOf = (id: string, packages: readonly string[]): PackageGroup => ({
    id,
    packages,
    optional: [],
    conditional: [],
    groups: [],
  });
  return streams.flatMap(({ module, stream, profiles }) => {
    if (enabled.get(module) !== stream) return [];
    const usual = defaults.find((one) => one.module === module)?.profiles[stream] ?? ["default"];
    const all = Object.entries(profiles).map(([name, packages]) => groupOf(`${module}:${stream}/${name}`, packages));
    return [
      groupOf(
        `${module}:${stream}`,
        usual.flatMap((name) => profiles[name] ?? []),
      ),
      ...all,
    ];
  });
}
