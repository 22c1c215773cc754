// The packages of one repository, from its compiled index: a package is parsed when it is asked for. Those of module streams
// that are not enabled are not there, as dnf has it.
import { crc32 } from "node:zlib";
import { compareBytes } from "../../core/byte-order.ts";
import type { PackageGroup, PackageIndex, PackageRecord, RandomAccess, RelationKind } from "../contract.ts";
import { broken, hashName, type IndexTables, itemsOf, readTables } from "../index-layout.ts";
import { type IndexExtras, nameIn } from "./index-compile.ts";
import { enabledModules, moduleGroups, type VisiblePackages } from "./module-streams.ts";
import { packageMatcher } from "./package-spec.ts";
import { type PackageRow, recordOf } from "./record.ts";
import { compareVersions } from "./version.ts";

export interface OpenIndexOptions {
  /** `nodejs:18`: streams to take instead of the default ones. */
  readonly modules?: readonly string[];
  /** Names and globs of packages that are as if they were not there. */
  readonly excludes?: readonly string[];
  /** Where there are any, only packages that one of them fits are there. */
  readonly includes?: readonly string[];
  /** The stream of the distribution itself: `el9`. */
  readonly modulePlatform?: string | undefined;
  /** No module hides packages of it. */
  readonly moduleHotfixes?: boolean;
}

const letters: Readonly<Partial<Record<RelationKind, string>>> = { obsoletes: "o", supplements: "p", enhances: "e" };

/** Opens what `startIndex` wrote. Throws CACHE_BROKEN, at once or when a damaged row is read. */
export function openIndex(file: RandomAccess, options: OpenIndexOptions = {}): PackageIndex {
  const tables = readTables(file, "at the end");
  const last = tables.flags.length - 1;
  const extras = readRow(file, tables, last) as IndexExtras;
  const modules = enabledModules(extras.modules, options.modules ?? [], options.modulePlatform);
  const isExcluded = packageMatcher(options.excludes ?? []);
  const includes = options.includes ?? [];
  const isIncluded = includes.length === 0 ? (): boolean => true : packageMatcher(includes);
  const records: (PackageRecord | undefined)[] = new Array(last);
  const rows = new Map<PackageRecord, number>();
  const before = new Map<string, readonly PackageRecord[]>();
  const record = (item: number): readonly PackageRecord[] => {
    const known = records[item];
    if (known !== undefined) return [known];
    const row = readRow(file, tables, item) as PackageRow;
    const [name, version, architecture] = row;
    const identity = { name, version, architecture };
    if (!(options.moduleHotfixes || isVisible(row, modules)) || isExcluded(identity) || !isIncluded(identity))
      return [];
    const parsed = recordOf(row, extras.files[item]);
    records[item] = parsed;
    rows.set(parsed, item);
    return [parsed];
  };
  const remembered = (key: string, find: () => readonly PackageRecord[]): readonly PackageRecord[] => {
    const known = before.get(key) ?? find();
    before.set(key, known);
    return known;
  };
  const looked = (key: string): readonly PackageRecord[] =>
    [...new Set(itemsOf(tables.provides, hashName(key)))].flatMap(record);
  const groups = new Map<string, PackageGroup>(
    [...extras.groups, ...moduleGroups(extras.modules, modules)].map((one) => [one.id, one]),
  );
  return {
    size: tables.names.items.length,
    named: (name) =>
      remembered(`n ${name}`, () =>
        itemsOf(tables.names, hashName(name))
          .flatMap(record)
          .filter((one) => one.name === name)
          .sort((a, b) => compareVersions(b.version, a.version)),
      ),
    providing: (name) =>
      remembered(`p ${name}`, () =>
        looked(name).filter((one) => one.provides.some((provide) => provide.name === name)),
      ),
    relating: (kind, name) =>
      remembered(`${kind} ${name}`, () =>
        looked(`${letters[kind] ?? ""} ${name}`).filter((one) =>
          one.relations.some(
            (relation) => relation.kind === kind && relation.anyOf.some((asked) => asked.name === name),
          ),
        ),
      ),
    mentioned: (name) => Math.min(...itemsOf(tables.names, hashName(name))),
    group: (id) => groups.get(id),
    hides: modules.names,
    flagged: () => [],
    names: () => [...new Set(allNames(file, tables))].sort(compareBytes),
    stanza(one) {
      const item = rows.get(one);
      if (item === undefined) throw new Error(`Package "${one.name}" is not of this index`);
      return JSON.stringify(readRow(file, tables, item));
    },
  };
}

function readRow(file: RandomAccess, { offsets, checks }: IndexTables, item: number): unknown {
  const start = offsets[item] ?? 0;
  const bytes = file.read(start, (offsets[item + 1] ?? start) - start);
  if (crc32(bytes) !== checks[item]) throw broken("a package's row is damaged");
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
}

function isVisible([name, version, architecture, , , , , , , provides]: PackageRow, modules: VisiblePackages): boolean {
  const nevra = `${name}-${version.includes(":") ? version : `0:${version}`}.${architecture}`;
  const state = modules.artifacts.get(nevra);
  if (state !== undefined || modules.names.size === 0) return state ?? true;
  return !modules.names.has(name) && !provides.some((text) => modules.names.has(nameIn(text)));
}

function* allNames(file: RandomAccess, tables: IndexTables): Generator<string> {
  for (const item of tables.names.items) yield (readRow(file, tables, item) as PackageRow)[0];
}
