// modules.yaml: streams of modules, which packages belong to which, and which stream is meant when nobody says
// (libmodulemd's "modulemd" and "modulemd-defaults"). The documents have tens of megabytes in a form that machines wrote, so
// they are read line by line for the few things that are needed, not as YAML in general.
import { DodaiError } from "../../core/dodai-error.ts";

export interface ModuleStream {
  readonly module: string;
  readonly stream: string;
  /** `httpd-0:2.4.25-8.x86_64` */
  readonly artifacts: readonly string[];
  /** Names of packages by profile. */
  readonly profiles: Readonly<Record<string, readonly string[]>>;
  /** Streams of other modules that it needs, by module; with `-` in front those that do not do; all do where there are none. */
  readonly requires: Readonly<Record<string, readonly string[]>>;
  /** Names of packages that are no longer the module's own. */
  readonly demodularized: readonly string[];
}

export interface ModuleDefaults {
  readonly module: string;
  readonly stream: string | undefined;
  /** Names of profiles by stream. */
  readonly profiles: Readonly<Record<string, readonly string[]>>;
}

export interface Modules {
  readonly streams: readonly ModuleStream[];
  readonly defaults: readonly ModuleDefaults[];
}

/** Throws INDEX_SYNTAX. */
export function parseModules(text: string, what: string): Modules {
  const streams: ModuleStream[] = [];
  const defaults: ModuleDefaults[] = [];
  for (const document of text.split(/^---.*$/m)) {
    if (/^document:[ \t]*["']?modulemd["']?\s*$/m.test(document)) streams.push(streamOf(valuesIn(document), what));
    if (/^document:[ \t]*["']?modulemd-defaults["']?\s*$/m.test(document)) {
      defaults.push(defaultsOf(valuesIn(document), what));
    }
  }
  const looked = [
    ...streams.map(({ stream }) => stream),
    ...defaults.flatMap(({ profiles }) => Object.values(profiles).flat()),
  ];
  const bad = looked.find((name) => name in {});
  if (bad !== undefined) throw fault(what, `"${bad}" is no name of a stream or a profile`);
  return { streams, defaults };
}

/** Values by the keys that lead to them, joined by NUL; an item of a list is a value more of its key. */
type Values = ReadonlyMap<string, readonly string[]>;

const keyOf = (...keys: readonly string[]): string => keys.join("\0");

function streamOf(values: Values, what: string): ModuleStream {
  const module = values.get(keyOf("data", "name"))?.[0];
  const stream = values.get(keyOf("data", "stream"))?.[0];
  if (module === undefined || stream === undefined) throw fault(what, "a stream has no name");
  const profiles: Record<string, readonly string[]> = {};
  const requires: Record<string, readonly string[]> = {};
  for (const [path, names] of values) {
    const [, under, first = "", second, more] = path.split("\0");
    if (under === "profiles" && second === "rpms") profiles[first] = names;
    if (under === "dependencies" && first === "requires" && second !== undefined && more === undefined) {
      requires[second] = names;
    }
  }
  return {
    module,
    stream,
    artifacts: values.get(keyOf("data", "artifacts", "rpms")) ?? [],
    profiles,
    requires,
    demodularized: values.get(keyOf("data", "demodularized", "rpms")) ?? [],
  };
}

function defaultsOf(values: Values, what: string): ModuleDefaults {
  const module = values.get(keyOf("data", "module"))?.[0];
  if (module === undefined) throw fault(what, "defaults are of no module");
  const profiles: Record<string, readonly string[]> = {};
  for (const [path, names] of values) {
    const [, under, stream = "", more] = path.split("\0");
    if (under === "profiles" && more === undefined && stream !== "") profiles[stream] = names;
  }
  return { module, stream: values.get(keyOf("data", "stream"))?.[0], profiles };
}

interface Open {
  readonly indent: number;
  readonly key: string;
}

/** What is read lies some ten deep. */
const MAX_INDENT = 400;

/** Maps by indentation, lists of plain values, and flow lists on one line; texts in blocks are passed over. */
function valuesIn(document: string): Values {
  const values = new Map<string, string[]>();
  const open: Open[] = [];
  let block = -1;
  for (const line of document.split("\n")) {
    const trimmed = line.trimStart();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith("...")) continue;
    const indent = line.length - trimmed.length;
    if (block >= 0 && indent > block) continue;
    block = -1;
    if (indent > MAX_INDENT) throw fault("modules.yaml", `a line starts after ${indent} spaces`);
    const isItem = trimmed === "-" || trimmed.startsWith("- ");
    // An item may stand as far left as the key of its list.
    while ((open.at(-1)?.indent ?? -1) >= indent + Number(isItem)) open.pop();
    const path = open.map(({ key }) => key);
    const text = isItem ? trimmed.slice(1).trim() : trimmed;
    if (isItem && !/^[^"'[{]*(?:: |:$)/.test(text)) {
      add(values, path, plain(text));
      continue;
    }
    const [, key = "", value = ""] = /^("[^"]*"|'[^']*'|[^:\s][^:]*):(?:\s+(.*))?$/.exec(text) ?? [];
    open.push({ indent: indent + trimmed.length - text.length, key: plain(key) });
    if (/^[|>][-+0-9]*$/.test(value)) block = indent;
    else if (value === "[]") values.set(keyOf(...path, plain(key)), []);
    else for (const one of flowValues(value)) add(values, [...path, plain(key)], one);
  }
  return values;
}

function add(values: Map<string, string[]>, path: readonly string[], value: string): void {
  const key = keyOf(...path);
  const known = values.get(key);
  if (known) known.push(value);
  else values.set(key, [value]);
}

function flowValues(value: string): readonly string[] {
  if (value === "" || value.startsWith("{")) return [];
  const list = /^\[(.*)\]$/.exec(value)?.[1];
  if (list === undefined) return [plain(value)];
  return list
    .split(",")
    .map((one) => plain(one.trim()))
    .filter((one) => one !== "");
}

const plain = (text: string): string => /^(["'])(.*)\1$/.exec(text.trim())?.[2] ?? text.trim();

function fault(what: string, state: string): DodaiError {
  return new DodaiError("INDEX_SYNTAX", `Cannot read ${what}: ${state}`);
}
