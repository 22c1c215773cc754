// What maintainer scripts did to a tree, as a value that is kept: a tar of what is new or changed, and in front of it a
// file that says what went and which script did what.
import { type Entry, noXattrs } from "../archive/entry.ts";
import { readTarBuffer, type TarLimits } from "../archive/tar.ts";
import { tarTrailer } from "../archive/tar-write.ts";
import type { MadeEntry } from "../rootfs/change.ts";
import type { NormalizedPath, ScriptRecord, StepRecord } from "./contract.ts";
import { recordsOf } from "./segments.ts";

/** The difference to a tree whose packages are unpacked, once what differs from run to run is taken back. */
export interface ScriptEffect {
  /** In tree order. Names of one file share its `bytes`. */
  readonly entries: readonly MadeEntry[];
  readonly removed: readonly string[];
  readonly scripts: readonly ScriptRecord[];
  readonly normalized: readonly NormalizedPath[];
  /** When it is that of the recipe's own steps. */
  readonly steps?: readonly StepRecord[];
}

/** Changes when the same scripts would be run or told of in another way. */
export const scriptEffectVersion = 2;

const head = "dodai.json";

export function formatScriptEffect({ entries, ...told }: ScriptEffect): Uint8Array {
  const json = Buffer.from(JSON.stringify(told));
  const first: Entry = {
    kind: "file",
    path: head,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    xattrs: noXattrs,
    sizeBytes: json.byteLength,
  };
  return Buffer.concat([...recordsOf([{ entry: first, bytes: json }, ...entries]), tarTrailer]);
}

/** The value's own seal says that it is whole. */
export function parseScriptEffect(bytes: Uint8Array): ScriptEffect {
  const [first, ...rest] = readTarBuffer(bytes, limitsFor(bytes));
  if (first?.entry.path !== head) throw new Error("A kept effect of scripts does not begin with what is said of it");
  const told = JSON.parse(Buffer.from(first.body).toString()) as Omit<ScriptEffect, "entries">;
  return { ...told, entries: joinNames(rest.map(({ entry, body }) => ({ entry, bytes: body }))) };
}

/** It comes from the store, and can hold no more than itself. */
const limitsFor = ({ byteLength }: Uint8Array): TarLimits => ({
  maxTotalBytes: byteLength,
  maxEntries: byteLength,
  maxHeaderBytes: 1 << 20,
});

/** Hard links become files that share their bytes, as everywhere in a tree; what is no file has none. */
export function joinNames(
  items: readonly { readonly entry: Entry; readonly bytes: Uint8Array }[],
): readonly MadeEntry[] {
  const files = new Map<string, Uint8Array>();
  return items.map(({ entry, bytes }): MadeEntry => {
    if (entry.kind === "file") {
      files.set(entry.path, bytes);
      return { entry, bytes };
    }
    const shared = entry.kind === "hardlink" ? files.get(entry.target) : undefined;
    if (!shared) return { entry };
    const { target: nameOf, ...metadata } = entry as Entry & { readonly kind: "hardlink" };
    return { entry: { ...metadata, kind: "file", sizeBytes: shared.byteLength }, bytes: shared, nameOf };
  });
}
