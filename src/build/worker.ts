// Entry of the worker threads.
import { createDeflater } from "../archive/deflate.ts";
import { serveJobs } from "../io/worker-thread.ts";
import { compressRanges } from "./compress.ts";
import type { Job, JobResult } from "./jobs.ts";
import { unpackPackage } from "./unpack.ts";

const deflater = createDeflater();

serveJobs<Job, JobResult>(async (job) => (job.kind === "unpack" ? unpackPackage(job) : compressRanges(job, deflater)));
