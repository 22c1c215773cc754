// Whole builds: everything from packages on disk to an image on disk.
import { availableParallelism } from "node:os";
import { type BuildSet, prepareSet } from "../kit/builds.ts";
import { type Case, commandsOf, type Lab, race, seriesOf } from "../kit/lab.ts";
import { floor, mmdebstrap, type Peer, present } from "../kit/peers.ts";
import {
  type Aim,
  atMost,
  bothOf,
  type Comparison,
  compare,
  cpuOf,
  type Row,
  ratioAtMost,
  timesFaster,
  wallOf,
} from "../kit/report.ts";
import type { AllSeries } from "../kit/rounds.ts";
import { formatSpread, spreadOf } from "../kit/spread.ts";

export const distroless: Case = imageCase({
  name: "distroless-base",
  title: "distroless/base",
  release: "trixie",
  recipe: { builtIn: "distroless/base" },
  changed: "libssl3t64",
  outputs: ["oci"],
  rounds: 9,
  floor: ratioAtMost(1.3, "≤ 1.3 × floor"),
  aims: { warm: bothOf(atMost(0.4, " s"), timesFaster(20)), unchanged: atMost(0.25, " s") },
});

const minbaseAims: ImageCase["aims"] = { cold: timesFaster(3), warm: bothOf(atMost(1, " s"), timesFaster(20)) };

export const minbaseTrixie: Case = imageCase(minbase("trixie", "libssl3t64"));
export const minbaseBookworm: Case = imageCase(minbase("bookworm", "libsystemd0"));

function minbase(release: string, changed: string): ImageCase {
  return {
    name: `minbase-${release}`,
    title: `minbase of ${release}, unpack only`,
    release,
    recipe: { text: `distro: debian:${release}\nvariant: minbase\nscripts: skip\n` },
    changed,
    outputs: ["oci", "tar"],
    rounds: 5,
    aims: minbaseAims,
  };
}

type State = "cold" | "warm" | "warm, new piece" | "unchanged";

const describeState: Readonly<Record<State, string>> = {
  cold: "packages there, no pieces (cold)",
  warm: "one package of the lock changed, all pieces there (warm)",
  "warm, new piece": "one package of the lock changed and never unpacked before",
  unchanged: "nothing changed",
};

interface ImageCase {
  readonly name: string;
  readonly title: string;
  readonly release: string;
  readonly recipe: Parameters<typeof prepareSet>[1]["recipe"];
  /** The package that has another version in the warm builds. */
  readonly changed: string;
  readonly outputs: readonly string[];
  readonly rounds: number;
  readonly floor?: Aim;
  readonly aims: Readonly<Partial<Record<State, Aim>>>;
}

function imageCase(wanted: ImageCase): Case {
  const { name, title, rounds, outputs } = wanted;
  return {
    name,
    run: async (lab) => {
      const set = await prepareSet(lab, wanted);
      const peers = peersOf(lab, set, wanted);
      const all = race(
        lab,
        present(
          peers.least,
          ...outputs.flatMap((output) => [set.cold(output), set.warm(output)]),
          set.warmNewPiece("oci"),
          set.unchanged("oci"),
          ...peers.others,
        ),
        rounds,
      );
      const states = (["cold", "warm"] as const).flatMap((state) => outputs.map((output) => ({ state, output })));
      const more = (["warm, new piece", "unchanged"] as const).map((state) => ({ state, output: "oci" }));
      const rows = [...states, ...more].flatMap((one) => rowsOf(all, one, { wanted, peers }));
      return {
        name,
        title: `${title} (${set.packages.length} packages)`,
        rows: [floorRow(all, peers.least, wanted.floor), ...rows],
        notes: notesOf(all),
        commands: commandsOf(all, lab),
      };
    },
  };
}

interface Peers {
  readonly least: Peer;
  readonly others: readonly Peer[];
}

function peersOf(lab: Lab, set: BuildSet, { name, release }: ImageCase): Peers {
  const others = (["whole", "bare"] as const).map((index) => mmdebstrap(lab, name, { set, release, index }));
  return { least: floor(lab, name, set), others };
}

/** Cold against the least that the same work costs. */
function floorRow(all: AllSeries, least: Peer, aim: Aim | undefined): Row {
  const ours = wallOf(seriesOf(all, "dodai cold (oci)"));
  const what = "cold, against the floor: CPU of xz -d and gzip -6, over the cores";
  const values = (seconds: readonly number[]): readonly number[] => seconds.map((one) => one / availableParallelism());
  const peer =
    "missing" in least ? least : { name: "floor", values: values(cpuOf(seriesOf(all, least.contender.name))) };
  return compare({ what, ours, unit: " s", peer, ...(aim ? { aim } : {}) });
}

/** A row for each peer; one alone where no peer has such a state. */
function rowsOf(
  all: AllSeries,
  { state, output }: { readonly state: State; readonly output: string },
  { wanted, peers }: { readonly wanted: ImageCase; readonly peers: Peers },
): readonly Row[] {
  const what = `${describeState[state]}, as ${output}`;
  const aim = wanted.aims[state];
  const found = all.get(`dodai ${state} (${output})`);
  if (!found) return [{ what, dodai: "no dpkg-deb", peer: "", ratio: "", aim: aim?.text ?? "", met: "" }];
  const ours: Comparison = { what, ours: wallOf(found), unit: " s", ...(aim ? { aim } : {}) };
  if (state === "unchanged") return [compare(ours)];
  return peers.others.map((peer) => {
    if ("missing" in peer) return compare({ ...ours, peer });
    const { name } = peer.contender;
    return compare({ ...ours, peer: { name, values: wallOf(seriesOf(all, name)) } });
  });
}

function notesOf(all: AllSeries): readonly string[] {
  const cpu = [...all.values()].map((series) => `${series.name} ${formatSpread(spreadOf(cpuOf(series)), " s")}`);
  return [
    `CPU of all processes: ${cpu.join("; ")}.`,
    "Times are of whole processes, start of Node included. `oci` is a gzip layer in an archive, which is more work than the plain tar that mmdebstrap writes; `tar` is that plain tar, with `--compression none`.",
    "mmdebstrap reads the same package files from a folder of this machine, as root, told each package by name. With the whole index it chooses from all of the release, as people run it; with the bare one its repository holds these packages and nothing else, which nobody has, so that only unpacking is left.",
  ];
}
