import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { Deflater } from "../archive/deflate.ts";
import { gzipMember } from "../archive/gzip-member.ts";
import { zstdFrame } from "../archive/zstd-frame.ts";
import type { CompressJob, JobResult } from "./jobs.ts";
import { readRanges } from "./ranges.ts";

/** `deflater` is the thread's own: its tables are worth keeping. */
export function compressRanges(job: CompressJob, deflater: Deflater): JobResult {
  const bytes = readRanges(job.recordsPath, job.ranges);
  const compressed = job.compression === "gzip" ? gzipMember(bytes, deflater) : zstdFrame(bytes);
  try {
    writeFileSync(job.temporary, compressed, { flag: "wx" });
    renameSync(job.temporary, job.targetPath);
  } finally {
    rmSync(job.temporary, { force: true });
  }
  return { writtenBytes: compressed.byteLength };
}
