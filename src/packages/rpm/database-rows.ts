// The headers of a database with their numbers: those that an image has keep theirs, as rpm leaves them, and what is installed
// comes behind.
import { DodaiError } from "../../core/dodai-error.ts";
import type { InstalledPackage, PresentPackage, PresentRpmDatabase } from "../contract.ts";
import { broken } from "./database-fault.ts";
import { type Header, parseHeader } from "./header.ts";
import { tags } from "./tags.ts";
import { formatEvr } from "./version.ts";

export interface DatabaseRows {
  /** By ascending number. */
  readonly rows: readonly { readonly id: number; readonly bytes: Uint8Array; readonly header: Header }[];
  /** The highest number that was ever given. */
  readonly lastId: number;
  readonly generation: number;
}

export interface AddedHeaders {
  readonly added: readonly Uint8Array[];
  /** Whose older versions go. */
  readonly installed: readonly Pick<InstalledPackage, "name" | "architecture">[];
}

export function mergedRows(below: PresentRpmDatabase | undefined, { added, installed }: AddedHeaders): DatabaseRows {
  const { headers = [], lastId = 0, generation = 0 } = below ?? {};
  const kept = headers
    .map(({ id, bytes }) => ({ id, bytes, header: databaseHeader(bytes, `header ${id} of the image's database`) }))
    .filter(({ header }) => !installed.some((one) => takesPlaceOf(one, identityOf(header))));
  const rows = added.map((bytes, at) => {
    const header = parseHeader(bytes, { what: "a header", region: tags.headerSignatures });
    return { id: lastId + 1 + at, bytes, header };
  });
  return { rows: [...kept, ...rows], lastId: lastId + rows.length, generation: generation + 1 };
}

/** One of another architecture stays beside it: of a library for two word sizes. */
export function takesPlaceOf(
  one: Pick<InstalledPackage, "name" | "architecture">,
  other: Pick<PresentPackage, "name" | "architecture">,
): boolean {
  const isOfBoth = one.architecture === other.architecture || [one, other].some((of) => of.architecture === "noarch");
  return one.name === other.name && isOfBoth;
}

/** A header as it lies in a database. Throws DATABASE_BROKEN. */
export function databaseHeader(bytes: Uint8Array, what: string): Header {
  try {
    return parseHeader(bytes, { what, region: tags.headerSignatures });
  } catch (error) {
    if (!(error instanceof DodaiError) || error.code !== "PACKAGE_BROKEN") throw error;
    throw broken(what, error.message.replace(/^Cannot read .*?: /, ""));
  }
}

export function identityOf(header: Header): PresentPackage {
  const text = (tag: number): string => header.text(tag) ?? "";
  const version = formatEvr(header.numbers(tags.epoch)[0], text(tags.version), text(tags.release));
  return { name: text(tags.name), version, architecture: text(tags.arch) };
}
