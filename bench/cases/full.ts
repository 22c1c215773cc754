// Full images: packages on disk become an image in which apt and dpkg work, maintainer scripts and all.
import { bootstrappers } from "../kit/bootstrap.ts";
import { prepareSet } from "../kit/builds.ts";
import { type Case, commandsOf, race, seriesOf } from "../kit/lab.ts";
import { present } from "../kit/peers.ts";
import { atMost, compare, cpuOf, type Row, timesFaster, wallOf } from "../kit/report.ts";
import { formatSpread, spreadOf } from "../kit/spread.ts";

export const fullTrixie: Case = fullCase("trixie");
export const fullBookworm: Case = fullCase("bookworm");

const rounds = 5;

function fullCase(release: string): Case {
  const name = `full-${release}`;
  const text = `distro: debian:${release}\nvariant: minbase\nscripts: run\n`;
  return {
    name,
    run: async (lab) => {
      const set = await prepareSet(lab, { name, recipe: { text } });
      const peers = bootstrappers(lab, name, { set, release });
      const known = set.known("oci");
      const [cold, plain, unchanged] = [set.cold("oci"), set.cold("tar"), set.unchanged("oci")];
      const all = race(lab, present(cold, plain, known, unchanged, ...peers), rounds);
      const ours = (one: { readonly name: string }): readonly number[] => wallOf(seriesOf(all, one.name));
      const against = (what: string, values: readonly number[]): readonly Row[] =>
        peers.map((one) => {
          if ("missing" in one) return compare({ what, ours: values, unit: " s", peer: one });
          const { name: called } = one.contender;
          const peer = { name: called, values: wallOf(seriesOf(all, called)) };
          const aim = called.startsWith("mmdebstrap") ? { aim: timesFaster(3) } : {};
          return compare({ what, ours: values, unit: " s", peer, ...aim });
        });
      const cpu = [...all.values()].map((one) => `${one.name} ${formatSpread(spreadOf(cpuOf(one)), " s")}`);
      return {
        name,
        title: `full minbase of ${release}, scripts run (${set.packages.length} packages)`,
        rows: [
          ...against("packages there, nothing made of them (cold), as oci with a gzip layer", ours(cold)),
          ...against("cold, as plain tar", ours(plain)),
          compare({ what: "what scripts do is known", ours: ours(known), unit: " s", aim: atMost(1, " s") }),
          compare({ what: "nothing changed", ours: ours(unchanged), unit: " s", aim: atMost(0.3, " s") }),
        ],
        notes: [
          `CPU of all processes: ${cpu.join("; ")}.`,
          "The peers read the same package files from a repository in a folder that holds these packages and nothing else, as root. debootstrap leaves a folder, which nobody has packed yet.",
        ],
        commands: commandsOf(all, lab),
      };
    },
  };
}
