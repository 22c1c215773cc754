import { closeSync, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { gzipMember } from "../archive/gzip-member.ts";
import { zstdFrame } from "../archive/zstd-frame.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Range } from "../image/piece.ts";
import type { CompressJob, JobResult } from "./jobs.ts";

export function compressRanges(job: CompressJob): JobResult {
  const bytes = readRanges(job.recordsPath, job.ranges);
  const compressed = job.compression === "gzip" ? gzipMember(bytes) : zstdFrame(bytes);
  try {
    writeFileSync(job.temporary, compressed, { flag: "wx" });
    renameSync(job.temporary, job.targetPath);
  } finally {
    rmSync(job.temporary, { force: true });
  }
  return { writtenBytes: compressed.byteLength };
}

/** Stretches of a file, one after the other, as one value. Throws CACHE_BROKEN when they are not there. */
export function readRanges(path: string, ranges: readonly Range[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(ranges.reduce((sum, { length }) => sum + length, 0));
  const file = openSync(path, "r");
  try {
    let at = 0;
    for (const { offset, length } of ranges) {
      for (let done = 0; done < length; ) {
        const count = readSync(file, bytes, at, length - done, offset + done);
        if (count === 0)
          throw new DodaiError("CACHE_BROKEN", `Cannot read "${path}": it is shorter than its description says`);
        done += count;
        at += count;
      }
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
