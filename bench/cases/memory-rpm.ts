// The largest resident memory while a large repository of rpm packages is read for the first time.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, commandsOf, emptyFolder, type Lab, race, seriesOf } from "../kit/lab.ts";
import { type Ending, makeLargeRepository } from "../kit/large-repository.ts";
import { atMost, compare, cpuOf, peakOf, wallOf } from "../kit/report.ts";
import type { Contender } from "../kit/rounds.ts";

const endings: readonly Ending[] = ["gz", "zst"];
const textBytes = 62e6;
const lines = [
  "distro: centos:7",
  "variant: empty",
  "platforms: [linux/amd64]",
  "packages: [libX11-data]",
  "repositories: [{url: ./repository, flat: ./, only: true, insecure-unsigned: true}]",
];

export const memoryRpm: Case = {
  name: "memory-rpm",
  run: async (lab) => {
    const title = "The first read of a large repository of rpm packages";
    const contenders = endings.flatMap((ending) => contenderOf(lab, ending) ?? []);
    if (contenders.length === 0)
      return { name: "memory-rpm", title, rows: [], notes: ["Left out: the fixtures are not here."], commands: [] };
    const all = race(lab, contenders, 5);
    const rows = contenders.flatMap(({ name: what }) => {
      const series = seriesOf(all, what);
      return [
        compare({ what: `peak memory, ${what}`, ours: peakOf(series), unit: " MiB", aim: atMost(200, " MiB") }),
        compare({ what: `wall, ${what}`, ours: wallOf(series), unit: " s" }),
        compare({ what: `CPU, ${what}`, ours: cpuOf(series), unit: " s" }),
      ];
    });
    const notes = [
      "Resident memory of the one process, threads included, as GNU time tells it.",
      "The packages are those of a real repository again and again, under other names.",
    ];
    return { name: "memory-rpm", title, rows, notes, commands: commandsOf(all, lab) };
  },
};

/** Choosing one package with an empty store. */
function contenderOf(lab: Lab, ending: Ending): Contender | undefined {
  const folder = emptyFolder(join(lab.workspace.folder, `memory-rpm-${ending}`));
  const made = makeLargeRepository(join(folder, "repository"), ending, textBytes);
  if (made === undefined) return undefined;
  writeFileSync(join(folder, "one.yaml"), `${lines.join("\n")}\n`);
  const cache = join(folder, "cache");
  return {
    name: `primary.xml.${ending} of ${made.packages} packages, ${(made.bytes / 1e6).toFixed(0)} MB`,
    prepare: () => rmSync(cache, { recursive: true, force: true }),
    command: () => lab.product.command(["resolve", "one.yaml", "--progress", "quiet"], { cwd: folder, cache }),
  };
}
