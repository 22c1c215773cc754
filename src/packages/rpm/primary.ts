// primary.xml as rows, one package at a time (createrepo_c's metadata format).
import { printable } from "../../archive/tar-name.ts";
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageRow, RowRelation } from "./record.ts";
import { locationOf } from "./repomd.ts";
import { formatEvr } from "./version.ts";
import { type Attributes, readingXml } from "./xml.ts";

export interface PrimaryOptions {
  readonly what: string;
  readonly maxBytes: number;
}

/** A package's name becomes part of paths and messages: as lax as rpm is. */
const nameSyntax = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
const architectureSyntax = /^[a-z0-9_]+$/;

const relationElements: ReadonlyMap<string, RowRelation | "provides"> = new Map<string, RowRelation | "provides">([
  ["rpm:provides", "provides"],
  ["rpm:requires", "r"],
  ["rpm:conflicts", "c"],
  ["rpm:obsoletes", "o"],
  ["rpm:recommends", "m"],
  ["rpm:suggests", "s"],
  ["rpm:supplements", "p"],
  ["rpm:enhances", "e"],
]);

const signs: ReadonlyMap<string, string> = new Map([
  ["LT", "<"],
  ["LE", "<="],
  ["EQ", "="],
  ["GE", ">="],
  ["GT", ">"],
]);

/** What is known of the package that is being read. */
interface Draft {
  name: string;
  architecture: string;
  version: string;
  path: string;
  sizeBytes: number;
  installedBytes: number;
  checksum: string;
  sourceRpm: string;
  summary: string;
  provides: string[];
  relations: Partial<Record<RowRelation, string[]>>;
  files: string[];
}

/** Calls `found` for each binary package, with a pause after each of the bytes' chunks. Throws INDEX_SYNTAX. */
export async function* readingPrimary(
  bytes: Bytes,
  found: (row: PackageRow, id: string) => void,
  options: PrimaryOptions,
): AsyncGenerator<void> {
  let draft: Draft | undefined;
  let list: string[] | undefined;
  let checksumType = "";
  yield* readingXml(
    bytes,
    {
      open(name, attributes) {
        if (name === "package") {
          draft = startDraft();
          return;
        }
        if (!draft) return;
        const relation = relationElements.get(name);
        if (relation === "provides") list = draft.provides;
        else if (relation !== undefined) list = draft.relations[relation] ??= [];
        else if (name === "rpm:entry") list?.push(...entryOf(attributes, draft.name, options));
        else if (name === "checksum") checksumType = attributes.type ?? "";
        else takeAttributes(draft, name, attributes, options);
      },
      close(name, text) {
        if (!draft) return;
        if (name === "checksum") draft.checksum = `${checksumType}:${text.trim()}`;
        else takeText(draft, name, text);
        if (name !== "package") return;
        const row = rowOf(draft, options);
        // Sources are in repositories of their own, but nothing forbids to mix them.
        if (draft.architecture !== "src" && draft.architecture !== "nosrc")
          found(row, draft.checksum.slice(draft.checksum.indexOf(":") + 1));
        draft = undefined;
      },
    },
    options,
  );
}

function startDraft(): Draft {
  const texts = { name: "", architecture: "", version: "", path: "", checksum: "", sourceRpm: "", summary: "" };
  return { ...texts, sizeBytes: 0, installedBytes: 0, provides: [], relations: {}, files: [] };
}

function takeAttributes(draft: Draft, name: string, attributes: Attributes, options: PrimaryOptions): void {
  switch (name) {
    case "version":
      draft.version = evrOf(attributes);
      break;
    case "size":
      draft.sizeBytes = numberOf(attributes.package, draft, options);
      draft.installedBytes = numberOf(attributes.installed ?? "0", draft, options);
      break;
    case "location":
      draft.path = locationOf(attributes);
      break;
  }
}

function takeText(draft: Draft, name: string, text: string): void {
  switch (name) {
    case "name":
      draft.name = text.trim();
      break;
    case "arch":
      draft.architecture = text.trim();
      break;
    case "summary":
      draft.summary = text.trim().split("\n", 1)[0] ?? "";
      break;
    case "rpm:sourcerpm":
      draft.sourceRpm = text.trim();
      break;
    case "file":
      draft.files.push(text);
      break;
  }
}

function entryOf(attributes: Attributes, owner: string, options: PrimaryOptions): readonly string[] {
  const { name = "", flags } = attributes;
  // What rpm itself must be able to do is not the repository's to offer.
  if (name.startsWith("rpmlib(")) return [];
  if (flags === undefined) return [name];
  const sign = signs.get(flags);
  if (sign === undefined) throw fault(owner, `has a relation with the flags "${flags}"`, options);
  return [`${name} ${sign} ${evrOf(attributes)}`];
}

/** Without a release where the relation has none. */
function evrOf({ epoch = "0", ver = "", rel }: Attributes): string {
  const number = /^\d{1,10}$/.test(epoch) ? Number(epoch) : 0;
  if (rel !== undefined) return formatEvr(number, ver, rel);
  return number > 0 ? `${number}:${ver}` : ver;
}

function numberOf(text: string | undefined, draft: Draft, options: PrimaryOptions): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw fault(draft.name, `has the size "${text ?? ""}"`, options);
  return Number(text);
}

function rowOf(draft: Draft, options: PrimaryOptions): PackageRow {
  const { name, architecture, version, path, sizeBytes, installedBytes, checksum, sourceRpm, summary } = draft;
  if (!nameSyntax.test(name) || name.length > 255) throw fault(name, "has a name that no package can have", options);
  if (!architectureSyntax.test(architecture)) throw fault(name, `has the architecture "${architecture}"`, options);
  if (version === "" || path === "" || checksum === "")
    throw fault(name, "lacks version, location or checksum", options);
  const { provides, relations, files } = draft;
  const start = [name, version, architecture, path, sizeBytes, installedBytes, checksum, sourceRpm, summary] as const;
  return [...start, unique(provides), mapped(relations), files];
}

/** Most lists are short, and a set of each would be costly. */
function unique(texts: readonly string[]): readonly string[] {
  if (texts.length > 16) return [...new Set(texts)];
  return texts.every((text, at) => texts.indexOf(text) === at) ? texts : [...new Set(texts)];
}

const mapped = (relations: Draft["relations"]): PackageRow[10] =>
  Object.fromEntries(Object.entries(relations).map(([letter, texts]) => [letter, unique(texts)]));

function fault(name: string, state: string, { what }: PrimaryOptions): DodaiError {
  return new DodaiError("INDEX_SYNTAX", `Cannot read ${what}: package "${printable(name)}" ${state}`);
}
