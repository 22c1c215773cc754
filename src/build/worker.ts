// Entry of the worker threads.
import { serveJobs } from "../io/worker-thread.ts";
import { compressRanges } from "./compress.ts";
import type { Job, JobResult } from "./jobs.ts";
import { unpackPackage } from "./unpack.ts";

serveJobs<Job, JobResult>(async (job) => (job.kind === "unpack" ? unpackPackage(job) : compressRanges(job)));
