// `RUN --mount=type=...,target=...`: what a command sees beside the root (BuildKit's reference, "RUN --mount").
import type { DodaiError } from "../../core/dodai-error.ts";
import { joinPath } from "./configure.ts";
import { expandWord, type Scope } from "./expand.ts";
import { positionAt, type SourceText, syntaxError, type Word } from "./source.ts";

interface Common {
  /** Absolute. */
  readonly target: string;
  readonly readOnly: boolean;
}

export type Mount =
  | (Common & {
      readonly kind: "bind";
      /** A stage or image; the build context when absent. */
      readonly from: Word | undefined;
      readonly source: string;
    })
  | (Common & {
      readonly kind: "cache";
      readonly id: string;
      /** What it holds when it is new: of a stage or image; nothing when absent. */
      readonly from: Word | undefined;
      readonly source: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly isShared: boolean;
    })
  | (Common & { readonly kind: "tmpfs"; readonly maxBytes: number | undefined })
  | (Common & {
      readonly kind: "secret";
      readonly id: string;
      readonly required: boolean;
      /** Name of a variable that holds it; then there is no file unless a target is named. */
      readonly variable: string | undefined;
      readonly hasFile: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    })
  | (Common & { readonly kind: "ssh"; readonly id: string; readonly required: boolean });

const kinds = ["bind", "cache", "tmpfs", "secret", "ssh"] as const;

/** Keys that each kind takes; `=` may be missing for those that are true or false. */
const keysOf: Readonly<Record<(typeof kinds)[number], readonly string[]>> = {
  bind: ["from", "source", "src", "target", "dst", "destination", "ro", "readonly", "rw", "readwrite"],
  cache: [
    ...["id", "from", "source", "src", "target", "dst", "destination", "sharing", "mode", "uid", "gid"],
    ...["ro", "readonly", "rw", "readwrite"],
  ],
  tmpfs: ["target", "dst", "destination", "size", "rw", "readwrite"],
  secret: ["id", "source", "src", "target", "dst", "destination", "required", "mode", "uid", "gid", "env"],
  ssh: ["id", "target", "dst", "destination", "required", "mode", "uid", "gid"],
};

/** `index` counts the ssh mounts before it. Throws DOCKERFILE_SYNTAX, DOCKERFILE_UNSUPPORTED. */
export function readMount(
  word: Word,
  {
    source,
    scope,
    workdir,
    index,
  }: { readonly source: SourceText; readonly scope: Scope; readonly workdir: string; readonly index: number },
): Mount {
  const where = positionAt(source, word.at);
  const fail = (state: string): DodaiError => syntaxError({ what: `--mount=${word.text}`, state, where });
  const fields = readFields(word, fail);
  const kind = kinds.find((one) => one === (fields.get("type") ?? "bind"));
  if (kind === undefined) throw fail(`there is no type "${fields.get("type")}", wanted ${kinds.join(", ")}`);
  for (const key of fields.keys()) {
    if (key === "type" || keysOf[kind].includes(key)) continue;
    throw fail(`"${key}" means nothing with type ${kind}`);
  }
  const text = (...keys: readonly string[]): string | undefined => {
    const value = keys.map((key) => fields.get(key)).find((one) => one !== undefined);
    return value === undefined ? undefined : expandWord({ text: value, at: word.at }, source, scope);
  };
  const flag = (...keys: readonly string[]): boolean => {
    const value = keys.map((key) => fields.get(key)).find((one) => one !== undefined);
    if (value === undefined) return false;
    if (!/^(?:true|false|1|0|)$/.test(value)) throw fail(`"${value}" is neither true nor false`);
    return value !== "false" && value !== "0";
  };
  const target = text("target", "dst", "destination");
  const reading: Reading = { text, flag, target: target ? joinPath(workdir, target) : undefined, fail, index };
  return readKind(kind, reading, word);
}

interface Reading {
  text(...keys: readonly string[]): string | undefined;
  flag(...keys: readonly string[]): boolean;
  readonly target: string | undefined;
  fail(state: string): DodaiError;
  readonly index: number;
}

function readKind(kind: (typeof kinds)[number], reading: Reading, { at }: Word): Mount {
  const { text, flag, target, index } = reading;
  switch (kind) {
    case "bind":
      return { kind, target: targetOf(reading), readOnly: !isWritable(reading, false), ...placeOf(reading, at) };
    case "cache":
      return {
        kind,
        target: targetOf(reading),
        readOnly: !isWritable(reading, true),
        ...placeOf(reading, at),
        id: text("id") ?? targetOf(reading),
        mode: numberOf("mode", 0o755, reading),
        uid: numberOf("uid", 0, reading),
        gid: numberOf("gid", 0, reading),
        isShared: readSharing(text("sharing"), reading.fail),
      };
    case "tmpfs":
      return { kind, target: targetOf(reading), readOnly: false, maxBytes: sizeOf(reading) };
    case "secret":
      return readSecret(reading);
    case "ssh": {
      const id = text("id") ?? "default";
      const usual = `/run/buildkit/ssh_agent.${index}`;
      return { kind, id, target: target ?? usual, readOnly: true, required: flag("required") };
    }
  }
}

/** `rw=false` says the same as `ro`. */
function isWritable({ text, flag }: Reading, usual: boolean): boolean {
  if (text("ro", "readonly") !== undefined) return !flag("ro", "readonly");
  return text("rw", "readwrite") === undefined ? usual : flag("rw", "readwrite");
}

function placeOf({ text }: Reading, at: number): { readonly from: Word | undefined; readonly source: string } {
  const from = text("from");
  return { from: from === undefined ? undefined : { text: from, at }, source: text("source", "src") ?? "/" };
}

function readSecret(reading: Reading): Mount & { readonly kind: "secret" } {
  const { text, flag, target, fail } = reading;
  const id = text("id") ?? text("source", "src") ?? target?.slice(target.lastIndexOf("/") + 1);
  if (!id) throw fail("it has neither id nor target");
  const variable = text("env");
  return {
    kind: "secret",
    id,
    target: target ?? `/run/secrets/${id}`,
    readOnly: true,
    required: flag("required"),
    variable,
    hasFile: variable === undefined || target !== undefined,
    mode: numberOf("mode", 0o400, reading),
    uid: numberOf("uid", 0, reading),
    gid: numberOf("gid", 0, reading),
  };
}

function targetOf({ target, fail }: Reading): string {
  if (target !== undefined && target !== "/") return target;
  throw fail(target === undefined ? "it has no target" : "its target is the root");
}

/** A mode is octal. */
function numberOf(key: "gid" | "mode" | "uid", usual: number, { text, fail }: Reading): number {
  const value = text(key);
  if (value === undefined) return usual;
  const form = key === "mode" ? /^[0-7]{1,5}$/ : /^\d{1,10}$/;
  if (!form.test(value)) throw fail(`"${value}" is no ${key}`);
  return Number.parseInt(value, key === "mode" ? 8 : 10);
}

/** Bytes; a letter behind the number counts in 1024s, as Docker's sizes do. */
function sizeOf({ text, fail }: Reading): number | undefined {
  const value = text("size");
  if (value === undefined) return undefined;
  const [, digits, unit = ""] = /^(\d{1,12})([kmgt]?)(?:i?b)?$/i.exec(value) ?? [];
  if (digits === undefined) throw fail(`"${value}" is no size, wanted one as in 64m`);
  return Number(digits) * 1024 ** ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());
}

/** Whether several commands may write at once. A `private` cache waits like a `locked` one. */
function readSharing(text: string | undefined, fail: (state: string) => DodaiError): boolean {
  if (text === undefined || text === "shared") return true;
  if (text === "locked" || text === "private") return false;
  throw fail(`it is shared as "${text}", wanted shared, private or locked`);
}

/** Fields as comma-separated values have them; a double quote holds commas together (RFC 4180). */
function readFields({ text }: Word, fail: (state: string) => DodaiError): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, quoted, plain] of text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    const field = quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"');
    if (field === "") throw fail("a field is empty");
    const equals = field.indexOf("=");
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    fields.set(key, equals < 0 ? "" : field.slice(equals + 1));
  }
  return fields;
}
