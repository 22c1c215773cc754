import { renameSync, rmSync, writeFileSync } from "node:fs";
import { createDeflater, type Deflater } from "../archive/deflate.ts";
import { gzipMember } from "../archive/gzip-member.ts";
import { zstdFrame } from "../archive/zstd-frame.ts";
import type { CompressJob, JobResult } from "./jobs.ts";
import { readRanges } from "./ranges.ts";

/** What a thread keeps from job to job: tables that are worth keeping, and room that would otherwise wait to be collected. */
export interface Compressor {
  readonly deflater: Deflater;
  memory: Uint8Array;
}

export const startCompressor = (): Compressor => ({ deflater: createDeflater(), memory: new Uint8Array(0) });

export function compressRanges(job: CompressJob, compressor: Compressor): JobResult {
  const { deflater } = compressor;
  const bytes = readRanges(job.recordsPath, job.ranges, (length) => {
    if (compressor.memory.length < length) compressor.memory = new Uint8Array(length);
    return compressor.memory.subarray(0, length);
  });
  const compressed = job.compression === "gzip" ? gzipMember(bytes, deflater) : zstdFrame(bytes);
  try {
    writeFileSync(job.temporary, compressed, { flag: "wx" });
    renameSync(job.temporary, job.targetPath);
  } finally {
    rmSync(job.temporary, { force: true });
  }
  return { writtenBytes: compressed.byteLength };
}
