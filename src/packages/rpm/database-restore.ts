// A database that rpm in an image has written to, as dodai writes one: the same packages give the same bytes, whatever was
// done to come to them, and in which second.
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseAccess, DatabaseOptions, GeneratedFile } from "../contract.ts";
import { readBerkeleyHash } from "./berkeley-read.ts";
import { databaseFiles } from "./database.ts";
import { ENTRY_BYTES, type Header, parseHeader } from "./header.ts";
import { tags } from "./tags.ts";

/** `undefined` where there is no database in the form that the release has. */
export function restoreDatabase(
  { read, queryBlobs }: DatabaseAccess,
  options: DatabaseOptions,
): readonly GeneratedFile[] | undefined {
  const { folder = "var/lib/rpm", backend = "sqlite" } = options.rpmDatabase ?? {};
  const path = `${folder}/${backend === "sqlite" ? "rpmdb.sqlite" : "Packages"}`;
  const bytes = read(path);
  if (!bytes) return undefined;
  const what = `"/${path}"`;
  const blobs =
    backend === "sqlite"
      ? queryBlobs({ database: bytes, log: read(`${path}-wal`), table: "Packages", column: "blob", order: "hnum" })
      : readBerkeleyHash(bytes, what)
          // Under the number 0 lies the highest that was given.
          .filter(({ key }) => !key.every((byte) => byte === 0))
          .map(({ value }) => value);
  const packages = blobs.map((blob) => packageOf(blob, { what, epoch: options.epoch ?? 0 }));
  packages.sort((a, b) => compareBytes(a.order, b.order) || Buffer.compare(a.bytes, b.bytes));
  return databaseFiles(
    packages.map((one) => one.bytes),
    options.rpmDatabase,
  );
}

interface Package {
  /** Imported keys first, then by name. */
  readonly order: string;
  readonly bytes: Uint8Array;
}

function packageOf(blob: Uint8Array, { what, epoch }: { readonly what: string; readonly epoch: number }): Package {
  const bytes = Buffer.from(blob);
  const header = parseHeader(bytes, { what: `a header in ${what}`, region: tags.headerSignatures });
  for (const tag of [tags.installTime, tags.installTransaction]) clampNumber(bytes, header, { tag, most: epoch });
  const name = header.text(tags.name) ?? "";
  const rest = [tags.version, tags.release].map((tag) => header.text(tag) ?? "");
  return { order: [name === "gpg-pubkey" ? 0 : 1, name, ...rest].join("\0"), bytes };
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
