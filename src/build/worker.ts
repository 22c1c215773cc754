// Entry of the worker threads.
import { describeFullDisk } from "../io/atomic.ts";
import { serveJobs } from "../io/worker-thread.ts";
import { compressRanges, startCompressor } from "./compress.ts";
import type { Job, JobResult } from "./jobs.ts";
import { unpackPackage } from "./unpack.ts";

const compressor = startCompressor();

serveJobs<Job, JobResult>(async (job) => {
  try {
    return job.kind === "unpack" ? await unpackPackage(job) : compressRanges(job, compressor);
  } catch (error) {
    throw describeFullDisk(error, job.kind === "unpack" ? job.recordsPath : job.targetPath);
  }
});
