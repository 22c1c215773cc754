// Entry of the worker threads.
import { createDeflater } from "../archive/deflate.ts";
import { describeFullDisk } from "../io/atomic.ts";
import { serveJobs } from "../io/worker-thread.ts";
import { compressRanges } from "./compress.ts";
import type { Job, JobResult } from "./jobs.ts";
import { unpackPackage } from "./unpack.ts";

const deflater = createDeflater();

serveJobs<Job, JobResult>(async (job) => {
  try {
    return job.kind === "unpack" ? await unpackPackage(job) : compressRanges(job, deflater);
  } catch (error) {
    throw describeFullDisk(error, job.kind === "unpack" ? job.recordsPath : job.targetPath);
  }
});
