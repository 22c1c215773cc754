// An image of 120 MB that does not compress, into a registry on this machine and back; skopeo does the same.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundleImages } from "../../src/image/bundle.ts";
import { writeOciLayout } from "../../src/io/output-oci.ts";
import { file, makeBundle, makeLayer, tarOfDrawn } from "../../test/kit/image.ts";
import { findProgram } from "../kit/child.ts";
import { type Case, commandsOf, emptyFolder, type Lab, race, seriesOf } from "../kit/lab.ts";
import { plainEnv } from "../kit/peers.ts";
import { type Aim, atMost, compare, type Row, ratioAtMost, wallOf } from "../kit/report.ts";
import type { AllSeries, Contender } from "../kit/rounds.ts";

const contentBytes = 120_000_000;

export const registry: Case = {
  name: "registry",
  run: async (lab) => {
    const folder = emptyFolder(join(lab.workspace.folder, "registry"));
    const missing = ["docker-registry", "skopeo"].filter((program) => !findProgram(program));
    if (missing.length > 0) {
      const rows = [compare({ what: "push", ours: [], unit: " s", peer: { missing: `no ${missing.join(", ")}` } })];
      return { name: "registry", title: "Registry", rows, notes: [], commands: [] };
    }
    await writeLayout(join(folder, "image"));
    const server = await startServer(folder);
    try {
      const all = race(lab, contendersFor(lab, folder, server.port), 7);
      return {
        name: "registry",
        title: "Registry: an image of 120 MB",
        rows: rowsOf(all),
        notes: [
          "Both write a layout. dodai keeps what it pulls in its store as well, which is emptied before each pull; skopeo has none.",
        ],
        commands: commandsOf(all, lab),
      };
    } finally {
      server.child.kill();
    }
  },
};

/** Bytes of a linear congruential generator: nobody's compressor makes anything of them. */
async function writeLayout(destination: string): Promise<void> {
  const words = new Uint32Array(contentBytes / 4);
  for (let at = 0, state = 1; at < words.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[at] = state ^ (state >>> 16);
  }
  const small = tarOfDrawn([file("content", "")]);
  const layer = makeLayer("content", Buffer.concat([Buffer.from(words.buffer), small]), "gzip");
  const { images } = makeBundle({ layers: [layer] });
  await writeOciLayout({ bundle: bundleImages(images), destination, baseName: "image" });
}

interface Server {
  readonly port: string;
  readonly child: ChildProcess;
}

async function startServer(folder: string): Promise<Server> {
  const config = join(folder, "config.yml");
  const log = join(folder, "log");
  writeFileSync(
    config,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: "0.0.0.0:0", secret: bench}\n`,
  );
  // Into a file: nobody reads a pipe while programs are measured.
  const descriptor = openSync(log, "w");
  const child = spawn("docker-registry", ["serve", config], { stdio: ["ignore", descriptor, descriptor] });
  closeSync(descriptor);
  for (let tries = 0; tries < 100; tries++) {
    const [, port] = /listening on \S*:(\d+)/.exec(readFileSync(log, "utf8")) ?? [];
    if (port !== undefined) return { port, child };
    await sleep(50);
  }
  child.kill();
  throw new Error(`docker-registry did not start:\n${readFileSync(log, "utf8")}`);
}

function contendersFor(lab: Lab, folder: string, port: string): readonly Contender[] {
  const image = join(folder, "image");
  const cache = join(folder, "cache");
  const dodai = (words: readonly string[]): ReturnType<Contender["command"]> =>
    lab.product.command([...words, "--progress", "quiet"], { cwd: folder, cache });
  const skopeo = (words: readonly string[]): ReturnType<Contender["command"]> => {
    const flags = ["copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"];
    return { program: "skopeo", args: [...flags, ...words], cwd: folder, env: plainEnv(folder) };
  };
  // A repository and a host of its own for each push: both remember which repositories of a host have a blob.
  const fresh = (who: string, round: number): string => `127.0.0.${round + 3}:${port}/${who}-${round + 1}/app:1`;
  // The warm-up round pushed it.
  const pulled = fresh("dodai", -1);
  const empty = (): void => void [emptyFolder(cache), emptyFolder(join(folder, "pulled"))];
  return [
    { name: "dodai push", command: (round) => dodai(["push", image, fresh("dodai", round)]) },
    { name: "skopeo push", command: (round) => skopeo([`oci:${image}`, `docker://${fresh("skopeo", round)}`]) },
    { name: "dodai push again", command: (round) => dodai(["push", image, fresh("dodai", round)]) },
    { name: "skopeo push again", command: (round) => skopeo([`oci:${image}`, `docker://${fresh("skopeo", round)}`]) },
    {
      name: "dodai pull",
      prepare: empty,
      command: () => dodai(["pull", pulled, "-o", `type=oci-layout,dest=${folder}/pulled/dodai`]),
    },
    {
      name: "skopeo pull",
      prepare: empty,
      command: () => skopeo([`docker://${pulled}`, `oci:${folder}/pulled/skopeo:1`]),
    },
  ];
}

function rowsOf(all: AllSeries): readonly Row[] {
  const row = (what: string, name: string, aim: Aim): Row =>
    compare({
      what,
      ours: wallOf(seriesOf(all, `dodai ${name}`)),
      unit: " s",
      peer: { name: `skopeo copy`, values: wallOf(seriesOf(all, `skopeo ${name}`)) },
      aim,
    });
  return [
    row("push, nothing there", "push", ratioAtMost(1.5)),
    row("push, nothing changed", "push again", atMost(0.3, " s")),
    row("pull into a layout, nothing in the store", "pull", ratioAtMost(2)),
  ];
}
