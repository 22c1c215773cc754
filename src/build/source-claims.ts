import { DodaiError } from "../core/dodai-error.ts";
import type { Piece } from "../image/piece-file.ts";
import { readRanges } from "./ranges.ts";
import type { SourceContext } from "./source.ts";

/** What says who somebody is has one short line. */
const maxClaimBytes = 1 << 10;

/** Throws SERIAL_MISMATCH when the tarball itself says that it is another than its index says. */
export function assertClaims(piece: Piece, { source, session }: SourceContext): void {
  for (const { path, pattern, wanted } of source.claims ?? []) {
    const found = piece.entries.find(({ entry }) => entry.path === path);
    if (found?.entry.kind !== "file") continue;
    const { bodyOffset: offset } = found;
    const length = Math.min(found.entry.sizeBytes, maxClaimBytes);
    const bytes = length === 0 ? [] : readRanges(session.pieces.recordsPath(piece.key), [{ offset, length }]);
    const text = Buffer.from(bytes).toString("latin1").trim();
    if (pattern.test(text)) continue;
    throw new DodaiError(
      "SERIAL_MISMATCH",
      `Cannot use ${source.rootfs.path}: its "/${path}" says ${JSON.stringify(text.slice(0, 80))}, wanted "${wanted}"`,
      { fix: "It is another tarball under this name, though a good one by its signature. Use another mirror." },
    );
  }
}
