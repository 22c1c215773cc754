// YAML text → plain value, with the place of every part. The schema directs it: where text is wanted, a scalar is what
// the author typed, so that 1.10 stays "1.10" and 012 stays "012".
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type Scalar } from "yaml";
import { z } from "zod";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import { isNestedDeeper } from "../../core/yaml-depth.ts";
import { modeText } from "./schema.ts";

/** Largest recipe file, in bytes. */
const maxRecipeBytes = 1 << 20;
const maxDepth = 24;
/** Nodes after aliases are followed; a bomb of aliases reaches it at once. */
const maxNodes = 100_000;
/** Faults that are told of one file. */
export const maxFaults = 50;

/** Steps from the root: keys and indexes. */
export type Path = readonly (string | number)[];

/** `accounts.users[0].name`. */
export function describePath(path: Path): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${step}`)).join("");
}

export interface RecipeDocument {
  readonly value: unknown;
  /** Place of the value at a path, or of the nearest part around it. */
  positionOf(path: Path): Position;
  /** Place of a key of a map. */
  positionOfKey(path: Path): Position;
  /** What is wrong with the YAML itself; when not empty, `value` may have holes. */
  readonly faults: readonly DodaiError[];
}

export interface RecipeText {
  readonly text: string;
  /** The name of the file in messages. */
  readonly file: string;
}

export function parseRecipeDocument({ text, file }: RecipeText, schema: z.ZodType): RecipeDocument {
  if (Buffer.byteLength(text) > maxRecipeBytes) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot read recipe "${file}": it is larger than 1 MiB`);
  }
  const lines = new LineCounter();
  if (isNestedDeeper(text, maxDepth)) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot read recipe "${file}": it is nested too deeply`);
  }
  // Keys are compared by the reader below: the parser compares each with all others.
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, version: "1.2" } as const;
  const document = parseDocument<Node>(text, options);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = [...document.errors, ...document.warnings].slice(0, maxFaults).map(
    ({ code, message, pos }) =>
      new DodaiError("RECIPE_SYNTAX", describeYamlFault(code, message), {
        where: at(pos[0]),
        ...fixOfYamlFault(code, text, pos[0]),
      }),
  );
  const reader = new Reader(at);
  const root = document.contents;
  const value = root === null || faults.length > 0 ? {} : reader.read(root, schema, []);
  return {
    value,
    faults: [...faults, ...reader.faults],
    positionOf: (path) => reader.nearest(path),
    positionOfKey: (path) => reader.keys.get(keyOf(path)) ?? reader.nearest(path),
  };
}

function describeYamlFault(code: string, message: string): string {
  const states: Readonly<Record<string, string>> = {
    MULTIPLE_DOCS: "a second document starts here, and a file holds one recipe",
    TAB_AS_INDENT: "a tab indents this line, and YAML wants spaces",
    TAG_RESOLVE_FAILED: "this is a YAML tag, and recipes have none",
  };
  return `Cannot read YAML: ${states[code] ?? message.replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase())}`;
}

function fixOfYamlFault(code: string, text: string, offset: number): { readonly fix?: string } {
  if (code !== "TAG_RESOLVE_FAILED") return {};
  const [tag] = /^![A-Za-z0-9.+-]+/.exec(text.slice(offset, offset + 100)) ?? [];
  return tag === undefined ? {} : { fix: `To keep a package out, write it in quotes: "${tag}".` };
}

const keyOf = (path: Path): string => JSON.stringify(path);

/** Walks nodes once, with the schema beside it. Guards the bounds on depth and number of nodes. */
class Reader {
  readonly values = new Map<string, Position>();
  readonly keys = new Map<string, Position>();
  readonly faults: DodaiError[] = [];
  readonly #at: (offset: number) => Position;
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(at: (offset: number) => Position) {
    this.#at = at;
  }

  nearest(path: Path): Position {
    for (let length = path.length; length >= 0; length--) {
      const found = this.values.get(keyOf(path.slice(0, length)));
      if (found) return found;
    }
    return this.#at(0);
  }

  read(node: Node | null, schema: z.ZodType | undefined, path: Path): unknown {
    const position = node?.range ? this.#at(node.range[0]) : this.nearest(path);
    if (!this.values.has(keyOf(path))) this.values.set(keyOf(path), position);
    if (path.length > maxDepth) return this.#refuse("it is nested too deeply", position);
    if (++this.#nodes > maxNodes) return this.#refuse("it has too many parts, with its aliases followed", position);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      return target ? this.read(target, schema, path) : this.#refuse(`no "&${node.source}" comes before`, position);
    }
    if (node?.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return readScalar(node, schema);
    if (isSeq<Node>(node)) return this.#readList(node.items, schema, path);
    if (isMap<Node, Node>(node)) return this.#readMap(node.items, schema, path);
    return null;
  }

  #readList(items: readonly Node[], schema: z.ZodType | undefined, path: Path): unknown[] {
    const values: unknown[] = [];
    const element = elementOf(schema);
    for (const [index, item] of items.entries()) {
      if (this.#nodes > maxNodes) break;
      values.push(this.read(item, element, [...path, index]));
    }
    return values;
  }

  #readMap(
    pairs: readonly { readonly key: Node; readonly value: Node | null }[],
    schema: z.ZodType | undefined,
    path: Path,
  ): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const { key, value } of pairs) {
      if (this.#nodes > maxNodes) break;
      const position = key.range ? this.#at(key.range[0]) : this.nearest(path);
      const name = isScalar(key) ? sourceOf(key) : undefined;
      if (name === undefined || name === "__proto__") {
        this.#refuse("this key is not text, or none that a recipe may have", position);
        continue;
      }
      if (Object.hasOwn(values, name)) this.#refuse(`"${name}" is there twice, and must be there once`, position);
      this.keys.set(keyOf([...path, name]), position);
      values[name] = this.read(value, memberOf(schema, name), [...path, name]);
    }
    return values;
  }

  #refuse(state: string, where: Position): undefined {
    if (this.faults.length < maxFaults && this.#nodes <= maxNodes + 1) {
      this.faults.push(new DodaiError("RECIPE_SYNTAX", `Cannot read YAML: ${state}`, { where }));
    }
    return undefined;
  }
}

function readScalar(node: Scalar, schema: z.ZodType | undefined): unknown {
  const wanted = schema && unwrap(schema);
  const typed = typeof node.value === "number" || typeof node.value === "boolean" || typeof node.value === "bigint";
  return typed && wanted instanceof z.ZodString && wanted !== modeText ? sourceOf(node) : node.value;
}

const sourceOf = (node: Scalar): string =>
  typeof node.value === "string" ? node.value : (node.source ?? String(node.value));

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional ? unwrap(schema.unwrap() as z.ZodType) : schema;
}

function elementOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  const list = schema && unwrap(schema);
  return list instanceof z.ZodArray ? (list.element as z.ZodType) : undefined;
}

function memberOf(schema: z.ZodType | undefined, name: string): z.ZodType | undefined {
  const map = schema && unwrap(schema);
  if (map instanceof z.ZodObject) {
    return Object.hasOwn(map.shape, name) ? (map.shape[name] as z.ZodType) : undefined;
  }
  return map instanceof z.ZodRecord ? (map.valueType as z.ZodType) : undefined;
}

/** Names that a map at `path` may have; none where any name may stand. */
export function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let here: z.ZodType | undefined = schema;
  for (const step of path) here = typeof step === "number" ? elementOf(here) : memberOf(here, step);
  const map = here && unwrap(here);
  return map instanceof z.ZodObject ? Object.keys(map.shape) : [];
}
