import { writeContext } from "./output-context.ts";
import type { OutputName, WriteOutput } from "./output-contract.ts";
import { writeDirectory } from "./output-dir.ts";
import { writeDockerArchive } from "./output-docker.ts";
import { writeOciArchive, writeOciLayout } from "./output-oci.ts";
import { writeRootfsTar } from "./output-tar.ts";

/** Every output by the name that `-o type=` has for it. */
export const outputs: Readonly<Record<OutputName, WriteOutput>> = {
  context: writeContext,
  dir: writeDirectory,
  docker: writeDockerArchive,
  oci: writeOciArchive,
  "oci-layout": writeOciLayout,
  tar: writeRootfsTar,
};
