// A database that rpm in an image has written to, as dodai writes one: the same packages give the same bytes, whatever was
// done to come to them, and in which second.
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseAccess, DatabaseOptions, GeneratedFile } from "../contract.ts";
import { databaseFiles, placeOf } from "./database.ts";
import { databaseNames, readForm } from "./database-read.ts";
import { databaseHeader, mergedRows } from "./database-rows.ts";
import { ENTRY_BYTES, type Header } from "./header.ts";
import { tags } from "./tags.ts";

/** `undefined` where there is no database in the form that the release has. Throws DATABASE_BROKEN. */
export function restoreDatabase(
  { read }: DatabaseAccess,
  options: DatabaseOptions,
): readonly GeneratedFile[] | undefined {
  const { folder, backend } = placeOf(options);
  const name = databaseNames[backend];
  if (!read(`${folder}/${name}`)) return undefined;
  const has = (path: string): boolean => read(path) !== undefined;
  const files = { has, read: (path: string) => read(path) ?? new Uint8Array() };
  const { headers } = readForm(files, { folder, name, backend });
  const packages = headers.map(({ bytes }) =>
    packageOf(bytes, { what: `"/${folder}"`, epoch: options.epoch ?? 0, own: options.architecture }),
  );
  packages.sort((a, b) => compareBytes(a.order, b.order) || Buffer.compare(a.bytes, b.bytes));
  const added = packages.map((one) => one.bytes);
  return databaseFiles(mergedRows(undefined, { added, installed: [] }), options);
}

interface Package {
  /** Imported keys first, then by name, the platform's own before its like. */
  readonly order: string;
  readonly bytes: Uint8Array;
}

interface Reading {
  readonly what: string;
  readonly epoch: number;
  /** The platform's architecture. */
  readonly own: string;
}

function packageOf(blob: Uint8Array, { what, epoch, own }: Reading): Package {
  const bytes = Buffer.from(blob);
  const header = databaseHeader(bytes, `a header of the database in ${what}`);
  for (const tag of [tags.installTime, tags.installTransaction]) clampNumber(bytes, header, { tag, most: epoch });
  const name = header.text(tags.name) ?? "";
  const rest = [tags.version, tags.release].map((tag) => header.text(tag) ?? "");
  const isOther = header.text(tags.arch) === own ? 0 : 1;
  return { order: [name === "gpg-pubkey" ? 0 : 1, name, isOther, ...rest].join("\0"), bytes };
}

function clampNumber(
  bytes: Buffer,
  { entries, numbers }: Header,
  { tag, most }: { readonly tag: number; readonly most: number },
): void {
  const entry = entries.find((one) => one.tag === tag);
  const [value = 0] = numbers(tag);
  if (entry?.length === 4 && value > most) {
    bytes.writeUInt32BE(most, 8 + ENTRY_BYTES * bytes.readUInt32BE(0) + entry.offset);
  }
}
