// Measures dodai against its peers on this machine, in turn, in one run: see docs/benchmarks.md for what and why.
//
//     npm run bench -- [CASE]... [--quick] [--write] [--profile] [--keep FOLDER]
import { parseArgs } from "node:util";
import { centos7 } from "./cases/centos7.ts";
import { dockerfile } from "./cases/dockerfile.ts";
import { firstRead } from "./cases/first-read.ts";
import { fullBookworm, fullTrixie } from "./cases/full.ts";
import { distroless, minbaseBookworm, minbaseTrixie } from "./cases/images.ts";
import { memory } from "./cases/memory.ts";
import { memoryRpm } from "./cases/memory-rpm.ts";
import { registry } from "./cases/registry.ts";
import { resolving } from "./cases/resolving.ts";
import { resolvingAlpine } from "./cases/resolving-alpine.ts";
import { start } from "./cases/start.ts";
import { openArchive } from "./kit/archive.ts";
import type { Case, Lab } from "./kit/lab.ts";
import { describeLoad, describeMachine } from "./kit/machine.ts";
import { writeMeasured } from "./kit/page.ts";
import { compileProduct } from "./kit/product.ts";
import { formatReport } from "./kit/report.ts";
import { openWorkspace } from "./kit/workspace.ts";
import { describeProfiles } from "./profile.ts";

const cases: readonly Case[] = [
  start,
  distroless,
  minbaseTrixie,
  minbaseBookworm,
  fullTrixie,
  fullBookworm,
  centos7,
  resolving,
  resolvingAlpine,
  firstRead,
  registry,
  dockerfile,
  memory,
  memoryRpm,
];

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    keep: { type: "string" },
  },
});

const chosen =
  positionals.length === 0 ? cases : cases.filter(({ name }) => positionals.some((one) => name.startsWith(one)));
if (chosen.length === 0) {
  process.stderr.write(`There is no such case; known are ${cases.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const workspace = openWorkspace(flags.keep);
const machine = describeMachine(workspace.medium, new Date());
const archive = await openArchive(workspace);
try {
  tell("fetching indexes");
  for (const release of ["trixie", "bookworm"]) await archive.mirrorIndexes(release);
  const lab: Lab = { workspace, product: compileProduct(workspace), archive, quick: flags.quick, tell };
  const sections: string[] = [];
  if (flags.profile) sections.push(await describeProfiles(lab));
  for (const one of flags.profile ? [] : chosen) {
    tell(one.name);
    sections.push(formatReport(await one.run(lab)));
  }
  const load = `Load at the end: ${describeLoad()}.${flags.quick ? " A quick run, of few rounds." : ""}`;
  const text = [...machine.map((line) => `- ${line}`), `- ${load}`, "", ...sections].join("\n");
  process.stdout.write(`${text}\n`);
  if (flags.write) writeMeasured(flags.profile ? "profile" : "measured", text);
} finally {
  archive.close();
  workspace.remove();
}
