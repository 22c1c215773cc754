// Whole builds: everything from packages on disk to an image on disk.
import { availableParallelism } from "node:os";
import { type BuildSet, prepareSet, type SetOptions } from "../kit/builds.ts";
import { type Case, commandsOf, type Lab, race, seriesOf } from "../kit/lab.ts";
import { floor, mmdebstrap, type Peer, present } from "../kit/peers.ts";
import {
  atMost,
  bothOf,
  type Comparison,
  compare,
  cpuOf,
  type Report,
  type Row,
  ratioAtMost,
  timesFaster,
  wallOf,
} from "../kit/report.ts";
import type { AllSeries } from "../kit/rounds.ts";

const cores = availableParallelism();

export const distroless: Case = {
  name: "distroless",
  run: async (lab) => {
    const set = await prepareSet(lab, {
      name: "distroless-base",
      recipe: { builtIn: "distroless/base" },
      changed: "libssl3t64",
    });
    const bench = startBench(lab, set, { name: "distroless-base", release: "trixie", outputs: ["oci"] });
    const all = bench.race(lab.quick ? 3 : 9);
    const rows = [
      bench.floorRow(all, 1.3),
      bench.row(all, "cold", "oci", {}),
      bench.row(all, "warm", "oci", { aim: bothOf(atMost(0.4, " s"), timesFaster(20)) }),
      bench.row(all, "warm, new piece", "oci", {}),
      bench.row(all, "unchanged", "oci", { aim: atMost(0.25, " s") }),
    ];
    return bench.report(all, "distroless/base", `distroless/base (trixie, ${set.packages.length} packages)`, rows);
  },
};

const minbaseRecipe = (release: string): string => `distro: debian:${release}\nvariant: minbase\nscripts: skip\n`;

function minbase(release: string, changed: string): Case {
  const name = `minbase-${release}`;
  return {
    name,
    run: async (lab) => {
      const options: SetOptions = { name, recipe: { text: minbaseRecipe(release) }, changed };
      const set = await prepareSet(lab, options);
      const bench = startBench(lab, set, { name, release, outputs: ["oci", "tar"] });
      const all = bench.race(5);
      const rows = [
        bench.floorRow(all, undefined),
        bench.row(all, "cold", "oci", { aim: timesFaster(3) }),
        bench.row(all, "cold", "tar", { aim: timesFaster(3) }),
        bench.row(all, "warm", "oci", { aim: bothOf(atMost(1, " s"), timesFaster(20)) }),
        bench.row(all, "warm", "tar", { aim: bothOf(atMost(1, " s"), timesFaster(20)) }),
        bench.row(all, "warm, new piece", "oci", {}),
        bench.row(all, "unchanged", "oci", {}),
      ];
      return bench.report(all, name, `minbase of ${release}, unpack only (${set.packages.length} packages)`, rows);
    },
  };
}

export const minbaseTrixie: Case = minbase("trixie", "libssl3t64");
export const minbaseBookworm: Case = minbase("bookworm", "libsystemd0");

interface Bench {
  race(rounds: number): AllSeries;
  /** Cold against the least that the same work costs. */
  floorRow(all: AllSeries, bound: number | undefined): Row;
  row(all: AllSeries, state: string, output: string, options: Pick<Comparison, "aim">): Row;
  report(all: AllSeries, name: string, title: string, rows: readonly Row[]): Report;
}

interface BenchOptions {
  readonly name: string;
  readonly release: string;
  readonly outputs: readonly string[];
}

function startBench(lab: Lab, set: BuildSet, { name, release, outputs }: BenchOptions): Bench {
  const least = floor(lab, name, set);
  const other = mmdebstrap(lab, name, { set, release });
  const peerOf = (all: AllSeries, peer: Peer): Comparison["peer"] =>
    "missing" in peer ? peer : { name: peer.contender.name, values: wallOf(seriesOf(all, peer.contender.name)) };
  return {
    race: (rounds) =>
      race(
        lab,
        present(
          least,
          ...outputs.flatMap((output) => [set.cold(output), set.warm(output)]),
          set.warmNewPiece("oci"),
          set.unchanged("oci"),
          other,
        ),
        rounds,
      ),
    floorRow: (all, bound) => {
      const ours = wallOf(seriesOf(all, "dodai cold (oci)"));
      const what = "cold, against the floor: CPU of xz -d and gzip -6, over the cores";
      if ("missing" in least) return compare({ what, ours, unit: " s", peer: least });
      const values = cpuOf(seriesOf(all, least.contender.name)).map((seconds) => seconds / cores);
      const peer = { name: "floor", values };
      const aim = bound === undefined ? {} : { aim: ratioAtMost(bound, `≤ ${bound} × floor`) };
      return compare({ what, ours, unit: " s", peer, ...aim });
    },
    row: (all, state, output, options) => {
      const found = all.get(`dodai ${state} (${output})`);
      const what = `${describeState[state] ?? state}, as ${output}`;
      if (!found)
        return {
          what,
          dodai: "no dpkg-deb to make a changed package with",
          peer: "",
          ratio: "",
          aim: options.aim?.text ?? "",
          met: "",
        };
      const peer = peerOf(all, other);
      return compare({ what, ours: wallOf(found), unit: " s", ...(peer ? { peer } : {}), ...options });
    },
    report: (all, caseName, title, rows) => ({
      name: caseName,
      title,
      rows,
      notes: [
        cpuNote(all, outputs),
        'Times are of whole processes, start of Node included. "oci" is a gzip layer in an archive, more work than the plain tar that mmdebstrap writes; "tar" is that plain tar.',
        "mmdebstrap reads the same package files from a folder of this machine that holds nothing else (copy:), as root.",
      ],
      commands: commandsOf(all, lab),
    }),
  };
}

const describeState: Readonly<Record<string, string>> = {
  cold: "packages there, no pieces (cold)",
  warm: "one package of the lock changed, all pieces there (warm)",
  "warm, new piece": "one package of the lock changed and never unpacked before",
  unchanged: "nothing changed",
};

function cpuNote(all: AllSeries, outputs: readonly string[]): string {
  const names = [
    "xz -dc of all, gzip -6",
    ...outputs.map((output) => `dodai cold (${output})`),
    "dodai warm (oci)",
    "mmdebstrap extract",
  ];
  const parts = names.flatMap((name) => {
    const series = all.get(name);
    if (!series) return [];
    const cpu = compare({ what: "", ours: cpuOf(series), unit: " s" }).dodai;
    return [`${name} ${cpu}`];
  });
  return `CPU, all processes: ${parts.join("; ")}.`;
}
