// Reads a `Packages` text once, as bytes, and writes the compiled index (index-layout.ts). Fields are looked at as far as the
// tables need; the rest of a stanza is parsed when it is asked for. A 52 MB text never becomes strings.
import { crc32 } from "node:zlib";
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { buildHashTable, formatTables, HASH_START, type HashTable, HEADER_BYTES, hashByte } from "../index-layout.ts";
import {
  ALL_REQUIRED,
  codeOf,
  DROP,
  ESSENTIAL,
  FIRST_RELATION,
  PACKAGE,
  PRIORITY,
  PROVIDES,
  required,
} from "./index-fields.ts";
import { type Mentions, startMentions } from "./index-mentions.ts";

export interface CompileOptions {
  /** Whose text, for messages. */
  readonly what?: string;
  /** Refused past this many bytes of text. */
  readonly maxBytes?: number;
}

/** Compiles the decompressed text of `Packages`. Throws INDEX_SYNTAX, naming the package. */
export async function compileIndex(bytes: Bytes, options: CompileOptions = {}): Promise<Uint8Array> {
  const compiler = startCompiler(options);
  for await (const chunk of bytes) compiler.update(chunk);
  return compiler.finish();
}

/** The same for a text that is in memory. */
export function compileText(text: string, options: CompileOptions = {}): Uint8Array {
  const compiler = startCompiler(options);
  compiler.update(Buffer.from(text));
  return compiler.finish();
}

/** Codes of `flags`: the lower bits say the priority, 0 one that is not in the list. */
export const priorities: readonly string[] = ["", "required", "important", "standard", "optional", "extra"];
export const PRIORITY_MASK = 0x0f;
export const ESSENTIAL_FLAG = 0x10;

const NEWLINE = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const BAR = 0x7c;
const DELETE = 0x7f;

/** Far above the largest stanza known (a Provides of 100 kB). */
const MAX_STANZA_BYTES = 4 << 20;
const MAX_TEXT_BYTES = 1 << 30;

interface Compiler {
  update(chunk: Uint8Array): void;
  finish(): Uint8Array;
}

/** What is known of the text so far. `output` has `used` bytes of header and stanzas; the rest of it is not touched yet. */
interface State {
  readonly what: string;
  output: Buffer;
  used: number;
  readonly offsets: number[];
  readonly checks: number[];
  readonly flags: number[];
  readonly nameHashes: number[];
  readonly provideHashes: number[];
  readonly provideItems: number[];
  readonly mentions: Mentions;
  /** Of the stanza that is being read: where the values of relation fields start and end, by code. */
  readonly starts: number[];
  readonly ends: number[];
}

function startCompiler({ what = "the package index", maxBytes = MAX_TEXT_BYTES }: CompileOptions): Compiler {
  // Pages that are not written cost nothing; most indexes fit without ever growing.
  const output = Buffer.allocUnsafeSlow(64 << 20);
  const lists = { offsets: [], checks: [], flags: [], nameHashes: [], provideHashes: [], provideItems: [] };
  const spans = { starts: new Array(PROVIDES + 1).fill(0), ends: new Array(PROVIDES + 1).fill(0) };
  const state: State = { what, output, used: HEADER_BYTES, ...lists, ...spans, mentions: startMentions() };
  // One buffer for the rest of the chunk before and the chunk at hand, used again and again.
  let work = Buffer.allocUnsafeSlow(1 << 20);
  let rest = 0;
  let seen = 0;
  const scan = (chunk: Uint8Array): void => {
    const length = rest + chunk.byteLength;
    if (length > work.length) work = Buffer.concat([work.subarray(0, rest)], 2 * length);
    work.set(chunk, rest);
    const text = work.subarray(0, length);
    const blank = text.lastIndexOf("\n\n");
    const complete = blank < 0 ? 0 : blank + 2;
    scanStanzas(state, text, complete);
    rest = length - complete;
    if (rest > MAX_STANZA_BYTES) throw syntaxError(state, `a stanza is larger than ${MAX_STANZA_BYTES} bytes`);
    work.copyWithin(0, complete, length);
  };
  return {
    update(chunk) {
      seen += chunk.byteLength;
      if (seen > maxBytes) throw syntaxError(state, `it is larger than ${maxBytes} bytes`);
      scan(chunk);
    },
    finish() {
      scan(Buffer.from("\n\n"));
      return finish(state);
    },
  };
}

function finish(state: State): Uint8Array {
  const everything = state.offsets.map((_, stanza) => stanza);
  let names = buildHashTable(Uint32Array.from(state.nameHashes), Uint32Array.from(everything));
  const dropped = duplicates(state, names);
  const isKept = (stanza = 0): boolean => !dropped.has(stanza);
  const provideHashes = state.provideHashes.filter((_, at) => isKept(state.provideItems[at]));
  const provides = buildHashTable(Uint32Array.from(provideHashes), Uint32Array.from(state.provideItems.filter(isKept)));
  if (dropped.size > 0) {
    const hashes = state.nameHashes.filter((_, stanza) => isKept(stanza));
    names = buildHashTable(Uint32Array.from(hashes), Uint32Array.from(everything.filter(isKept)));
  }
  const offsets = Uint32Array.from([...state.offsets, state.used]);
  const flags = Uint8Array.from(state.flags, (flag, stanza) => (isKept(stanza) ? flag : 0));
  const checks = Uint32Array.from(state.checks);
  const mentions = Uint32Array.from(state.nameHashes, (hash) => state.mentions.ordinalOf(hash));
  const { header, tables } = formatTables(
    { offsets, checks, mentions, names, provides, flags },
    state.used - HEADER_BYTES,
  );
  reserve(state, tables.length);
  state.output.set(header, 0);
  state.output.set(tables, state.used);
  return state.output.subarray(0, state.used + tables.length);
}

function scanStanzas(state: State, text: Buffer, end: number): void {
  let at = 0;
  while (at < end) at = text[at] === NEWLINE ? at + 1 : scanStanza(state, text, at);
}

/** Takes the stanza at `start`, which an empty line ends, and says where that line is. */
function scanStanza(state: State, text: Buffer, start: number): number {
  const outputStart = state.used;
  let seen = 0;
  let flags = 0;
  let run = start;
  let at = start;
  while (text[at] !== NEWLINE) {
    const colon = colonOf(state, text, at);
    const end = fieldEnd(text, colon);
    const code = codeOf(text, at, colon);
    if (code === DROP) {
      append(state, text, run, at);
      run = end;
    } else if (code !== 0) {
      if (seen & (1 << code))
        throw fieldError(state, text, start, `field "${text.toString("latin1", at, colon)}" twice`);
      seen |= 1 << code;
      if (code === PACKAGE) state.nameHashes.push(hashOfValue(text, colon + 1, end));
      else if (code >= FIRST_RELATION) {
        state.starts[code] = colon + 1;
        state.ends[code] = end;
      } else if (code === PRIORITY) flags |= Math.max(priorities.indexOf(valueIn(text, colon + 1, end)), 0);
      else if (code === ESSENTIAL && valueIn(text, colon + 1, end) === "yes") flags |= ESSENTIAL_FLAG;
    }
    at = end;
  }
  append(state, text, run, at);
  if ((seen & ALL_REQUIRED) !== ALL_REQUIRED) {
    const missing = required.find((_, code) => code > 0 && !(seen & (1 << code)));
    throw fieldError(state, text, start, `no field "${missing}"`);
  }
  noteRelations(state, text, seen);
  state.offsets.push(outputStart);
  state.flags.push(flags);
  state.checks.push(crc32(state.output.subarray(outputStart, state.used)));
  return at;
}

function colonOf(state: State, text: Buffer, at: number): number {
  let colon = at;
  while (text[colon] !== COLON) {
    const byte = text[colon] ?? 0;
    // deb822(5): names are ASCII. Some other letters become ASCII in lower case (U+212A), and so another field.
    if (byte <= SPACE || byte >= DELETE)
      throw syntaxError(state, `"${lineAt(text, at)}" is no field, wanted "Name: value"`);
    colon++;
  }
  return colon;
}

/** Past the newline of the field's last line: lines that start with white space continue it. */
function fieldEnd(text: Buffer, colon: number): number {
  let end = colon;
  do {
    while (text[end] !== NEWLINE) end++;
    end++;
  } while (text[end] === SPACE || text[end] === TAB);
  return end;
}

function valueIn(text: Buffer, start: number, end: number): string {
  return text.toString("latin1", start, end).trim();
}

function hashOfValue(text: Buffer, start: number, end: number): number {
  let at = start;
  while (isSpace(text[at]) && at < end) at++;
  let hash: number = HASH_START;
  for (; at < end && !isSpace(text[at]); at++) hash = hashByte(hash, text[at] ?? 0);
  return hash >>> 0;
}

/** Counts the names of this stanza in apt's order, whatever the order of its fields. */
function noteRelations(state: State, text: Buffer, seen: number): void {
  state.mentions.mention(state.nameHashes[state.nameHashes.length - 1] ?? 0);
  for (let code = FIRST_RELATION; code <= PROVIDES; code++) {
    if (seen & (1 << code)) noteNames(state, text, code);
  }
}

/** Reads the names in a relation field; what follows a name up to the next `,` or `|` is left for later. */
function noteNames(state: State, text: Buffer, code: number): void {
  const end = state.ends[code] ?? 0;
  let at = state.starts[code] ?? 0;
  while (at < end) {
    while (at < end && isSpace(text[at])) at++;
    let hash: number = HASH_START;
    const start = at;
    for (; at < end && isNameByte(text[at]); at++) hash = hashByte(hash, text[at] ?? 0);
    hash >>>= 0;
    // To apt "python3:any" is another package than "python3".
    if (at > start && !isAny(text, at)) state.mentions.mention(hash);
    if (code === PROVIDES && at > start) {
      state.provideHashes.push(hash);
      state.provideItems.push(state.offsets.length);
    }
    while (at < end && text[at] !== COMMA && text[at] !== BAR) at++;
    at++;
  }
}

const isAny = (text: Buffer, at: number): boolean =>
  text[at] === COLON && text.toString("latin1", at, at + 4) === ":any";
const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || byte === NEWLINE || byte === TAB || byte === 0x0d;
/** Ends a name: white space, `(`, `,`, `:`, `<`, `[`, `|`. */
const isNameByte = (byte = 0): boolean =>
  byte > SPACE && byte !== 0x28 && byte !== COMMA && byte !== COLON && byte !== 0x3c && byte !== 0x5b && byte !== BAR;

function append(state: State, text: Buffer, start: number, end: number): void {
  if (end === start) return;
  reserve(state, end - start);
  text.copy(state.output, state.used, start, end);
  state.used += end - start;
}

function reserve(state: State, more: number): void {
  if (state.used + more <= state.output.length) return;
  const grown = Buffer.allocUnsafeSlow(2 * (state.used + more));
  state.output.copy(grown, 0, 0, state.used);
  state.output = grown;
}

/**
 * Stanzas that repeat an earlier one: some tools list a file twice. The same version with another file is refused, because
 * which of the two would be installed is nobody's decision.
 */
function duplicates(state: State, { starts, items, hashes }: HashTable): ReadonlySet<number> {
  const dropped = new Set<number>();
  const files = new Map<string, string>();
  for (let bucket = 0; bucket + 1 < starts.length; bucket++) {
    const start = starts[bucket] ?? 0;
    const end = starts[bucket + 1] ?? 0;
    if (end - start < 2) continue;
    const inBucket = hashes.subarray(start, end);
    for (let at = start; at < end; at++) {
      const hash = hashes[at] ?? 0;
      if (inBucket.indexOf(hash) !== inBucket.lastIndexOf(hash)) noteFile(state, items[at] ?? 0, files, dropped);
    }
    files.clear();
  }
  return dropped;
}

function noteFile(state: State, stanza: number, files: Map<string, string>, dropped: Set<number>): void {
  const text = state.output.toString("latin1", state.offsets[stanza], state.offsets[stanza + 1] ?? state.used);
  const [name, version, architecture, file = ""] = ["package", "version", "architecture", "sha256"].map(
    // No "^" with "m", which would find a field behind a carriage return inside another one's value.
    (field) => new RegExp(`(?:^|\\n)${field}:[ \\t\\n\\r]*([^ \\t\\n\\r]*)`, "i").exec(text)?.[1],
  );
  const key = `${name} ${version} ${architecture}`;
  const known = files.get(key);
  if (known === undefined) files.set(key, file);
  else if (known === file) dropped.add(stanza);
  else throw syntaxError(state, `package "${name}" has version "${version}" twice, with different files`);
}

const lineAt = (text: Buffer, at: number): string =>
  text.toString("latin1", at, Math.min(text.indexOf(NEWLINE, at), at + 80));

function fieldError(state: State, text: Buffer, start: number, has: string): DodaiError {
  const stanza = text.toString("latin1", start, text.indexOf("\n\n", start));
  const name = /^package:\s*(.*)/im.exec(stanza)?.[1] ?? stanza.slice(0, 40);
  return syntaxError(state, `package "${name}" has ${has}`);
}

function syntaxError({ what }: State, state: string): DodaiError {
  return new DodaiError("INDEX_SYNTAX", `Cannot read ${what}: ${state}`);
}
