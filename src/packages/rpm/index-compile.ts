// Rows of packages become a compiled index (../index-layout.ts, its header at the end): each row as JSON, found by name and by what it provides. One
// row more, the last, has what is said of all packages together: groups, modules, files that only filelists.xml lists.
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageGroup } from "../contract.ts";
import { buildHashTable, formatTables, hashName } from "../index-layout.ts";
import { NumberList } from "../number-list.ts";
import { IndexRows } from "./index-rows.ts";
import type { Modules } from "./modules.ts";
import type { PackageRow } from "./record.ts";

/** What is said of all packages together. */
export interface IndexExtras {
  readonly groups: readonly PackageGroup[];
  readonly modules: Modules;
  /** Files by the number of the package, where somebody asks for them and primary.xml does not have them. */
  readonly files: Readonly<Record<number, readonly string[]>>;
}

export interface IndexCompiler {
  /** `id` is how filelists.xml calls the package. */
  add(row: PackageRow, id: string): void;
  /** Paths that packages or people ask for and that no package is known to have. */
  missingFiles(asked: readonly string[]): ReadonlySet<string>;
  /** The package by its id has these files. */
  addFiles(id: string, files: readonly string[]): void;
  /** The start of the index, or what follows on the call before. */
  takeRows(): readonly Uint8Array[];
  /** The rest of the index. */
  finish(extras: Omit<IndexExtras, "files">): readonly Uint8Array[];
}

/** Relations by which packages are looked up, beside names and provides, under their letter and a space. */
export const lookedUp: readonly ("o" | "p" | "e")[] = ["o", "p", "e"];

/** Throws INDEX_SYNTAX for a package that is there twice with different files. */
export function startIndex(what: string): IndexCompiler {
  const rows = new IndexRows();
  let used = 0;
  const offsets = new NumberList();
  const checks = new NumberList();
  const nameHashes = new NumberList();
  const hashes = new NumberList();
  const items = new NumberList();
  const known = new Map<string, string>();
  const byId = new Map<string, number>();
  const wanted = new Set<string>();
  const more: Record<number, readonly string[]> = {};

  function append(value: unknown): void {
    const { length, check } = rows.append(JSON.stringify(value));
    offsets.push(used);
    checks.push(check);
    used += length;
  }

  function provide(name: string, item: number): void {
    hashes.push(hashName(name));
    items.push(item);
  }

  return {
    add(row, id) {
      const [name, version, architecture, , , , checksum, , , provides, relations, files] = row;
      const key = `${name} ${version} ${architecture}`;
      const before = known.get(key);
      if (before === checksum) return;
      if (before !== undefined) {
        throw new DodaiError(
          "INDEX_SYNTAX",
          `Cannot read ${what}: package "${name}" has version "${version}" twice, with different files`,
        );
      }
      known.set(copied(key), copied(checksum));
      const item = offsets.length;
      byId.set(copied(id), item);
      append(row);
      nameHashes.push(hashName(name));
      for (const provided of new Set(provides.map(nameIn))) provide(provided, item);
      for (const file of files) provide(file, item);
      for (const letter of lookedUp) {
        for (const text of relations[letter] ?? []) for (const one of namesIn(text)) provide(`${letter} ${one}`, item);
      }
      for (const text of relations.r ?? [])
        for (const one of namesIn(text)) if (one.startsWith("/")) wanted.add(copied(one));
    },
    missingFiles(asked) {
      if (wanted.size + asked.length === 0) return wanted;
      const missing = new Set([...wanted, ...asked]);
      const byHash = Map.groupBy(missing, hashName);
      for (const hash of hashes.all) for (const file of byHash.get(hash) ?? []) missing.delete(file);
      return missing;
    },
    addFiles(id, files) {
      const item = byId.get(id);
      if (item === undefined || files.length === 0) return;
      more[item] = files.map(copied);
      for (const file of files) provide(file, item);
    },
    takeRows: () => rows.takeFull(),
    finish(extras) {
      append({ ...extras, files: more } satisfies IndexExtras);
      offsets.push(used);
      const numbers = Uint32Array.from({ length: nameHashes.length }, (_, at) => at);
      const names = buildHashTable(nameHashes.all, numbers);
      const provides = buildHashTable(hashes.all, items.all);
      const { header, tables } = formatTables(
        {
          offsets: offsets.all,
          checks: checks.all,
          mentions: new Uint32Array(checks.length),
          names,
          provides,
          flags: new Uint8Array(checks.length),
        },
        used,
      );
      return [...rows.takeRest(), tables, header];
    },
  };
}

/** A string of its own: a part of a text would keep all of the text in memory. */
const copied = (text: string): string => Buffer.from(text).toString();

/** `name >= version` */
export const nameIn = (text: string): string => (text.startsWith("(") ? text : (text.split(" ", 1)[0] ?? text));

/** The words of a boolean relation: more than the names in it, which does no harm. */
const namesIn = (text: string): readonly string[] =>
  text.startsWith("(") ? [...new Set(text.split(/[\s()]+/))].filter((one) => one !== "") : [nameIn(text)];
