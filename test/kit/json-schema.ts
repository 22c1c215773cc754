// Enough of JSON Schema draft-04 to judge a value by the schemas of the OCI image-spec. An unknown keyword is an error,
// so that a schema is never obeyed in part.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

type Schema = Readonly<Record<string, unknown>>;

/** Every fault of `value` by the schema in `file`, each `PLACE: what`; `$ref` reads files beside it. */
export function schemaFaults(file: string, value: unknown): readonly string[] {
  return faultsOf(value, { schema: readSchema(file), file, place: "$" });
}

interface Case {
  readonly schema: Schema;
  readonly file: string;
  readonly place: string;
}

const readSchema = (file: string): Schema => JSON.parse(readFileSync(file, "utf8")) as Schema;

function faultsOf(value: unknown, at: Case): string[] {
  const reference = at.schema.$ref;
  if (typeof reference === "string") return faultsOf(value, resolveReference(reference, at));
  return Object.entries(at.schema).flatMap(([keyword, wanted]) => keywordFaults(keyword, wanted, value, at));
}

function resolveReference(reference: string, at: Case): Case {
  const [name = "", pointer = ""] = reference.split("#");
  const file = name === "" ? at.file : join(dirname(at.file), name);
  let schema = readSchema(file);
  for (const step of pointer.split("/").slice(1)) schema = schema[step] as Schema;
  return { ...at, file, schema };
}

const notes = new Set(["description", "$schema", "id", "definitions", "media"]);

function keywordFaults(keyword: string, wanted: unknown, value: unknown, at: Case): string[] {
  if (notes.has(keyword)) return [];
  const check = keywords[keyword];
  if (!check) throw new Error(`This validator does not know "${keyword}"`);
  return check(wanted, value, at);
}

type Check = (wanted: unknown, value: unknown, at: Case) => string[];

const keywords: Readonly<Record<string, Check>> = {
  type: (wanted, value, at) =>
    need(typeOf(value) === wanted || (wanted === "number" && typeOf(value) === "integer"), at, `not of type ${wanted}`),
  enum: (wanted, value, at) => need((wanted as unknown[]).includes(value), at, `not one of ${JSON.stringify(wanted)}`),
  pattern: (wanted, value, at) =>
    need(typeof value !== "string" || new RegExp(wanted as string).test(value), at, `not like ${wanted}`),
  format: (wanted, value, at) => need(isOfFormat(wanted, value), at, `not a ${wanted}`),
  minimum: (wanted, value, at) => need(typeof value !== "number" || value >= (wanted as number), at, `under ${wanted}`),
  maximum: (wanted, value, at) => need(typeof value !== "number" || value <= (wanted as number), at, `over ${wanted}`),
  minItems: (wanted, value, at) =>
    need(!Array.isArray(value) || value.length >= (wanted as number), at, `fewer than ${wanted}`),
  required: (wanted, value, at) =>
    (wanted as string[]).flatMap((name) => need(!isObject(value) || name in value, at, `without ${name}`)),
  properties: (wanted, value, at) =>
    Object.entries(wanted as Record<string, Schema>).flatMap(([name, schema]) =>
      isObject(value) && name in value ? faultsOf(value[name], { ...at, schema, place: `${at.place}.${name}` }) : [],
    ),
  patternProperties: (wanted, value, at) =>
    Object.entries(wanted as Record<string, Schema>).flatMap(([pattern, schema]) =>
      Object.entries(isObject(value) ? value : {})
        .filter(([name]) => new RegExp(pattern).test(name))
        .flatMap(([name, member]) => faultsOf(member, { ...at, schema, place: `${at.place}.${name}` })),
    ),
  items: (wanted, value, at) =>
    (Array.isArray(value) ? value : []).flatMap((item, index) =>
      faultsOf(item, { ...at, schema: wanted as Schema, place: `${at.place}[${index}]` }),
    ),
  oneOf: (wanted, value, at) => {
    const fitting = (wanted as Schema[]).filter((schema) => faultsOf(value, { ...at, schema }).length === 0);
    return need(fitting.length === 1, at, `fits ${fitting.length} of its choices`);
  },
};

const need = (holds: boolean, at: Case, fault: string): string[] => (holds ? [] : [`${at.place}: ${fault}`]);

const isObject = (value: unknown): value is Record<string, unknown> => typeOf(value) === "object";

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function isOfFormat(format: unknown, value: unknown): boolean {
  if (typeof value !== "string") return true;
  if (format === "uri") return URL.canParse(value);
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value);
}
