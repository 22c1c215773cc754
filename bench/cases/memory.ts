// The largest resident memory of a build from packages, as images grow.
import { prepareSet, type SetOptions } from "../kit/builds.ts";
import { type Case, commandsOf, race, seriesOf } from "../kit/lab.ts";
import { atMost, compare, peakOf, type Row } from "../kit/report.ts";

const sets: readonly (SetOptions & { readonly what: string })[] = [
  { name: "memory-distroless", what: "distroless/base", recipe: { builtIn: "distroless/base" } },
  {
    name: "memory-minbase",
    what: "minbase of trixie",
    recipe: { text: "distro: debian:trixie\nvariant: minbase\nscripts: skip\n" },
  },
  {
    name: "memory-huge",
    what: "large packages: LLVM with headers, CJK fonts",
    recipe: {
      text: "distro: debian:trixie\nvariant: empty\nscripts: skip\npackages: [llvm-19-dev, fonts-noto-cjk]\n",
    },
  },
];

const rounds = 3;

export const memory: Case = {
  name: "memory",
  run: async (lab) => {
    const rows: Row[] = [];
    const commands: (readonly [string, string])[] = [];
    for (const { what, ...options } of sets) {
      const set = await prepareSet(lab, options);
      const cold = set.cold("oci");
      const all = race({ ...lab, tell: (text) => lab.tell(`${what}: ${text}`) }, [cold], lab.quick ? 1 : rounds);
      const packedMb = set.packages.reduce((sum, one) => sum + one.sizeBytes, 0) / 1e6;
      const size = `${set.packages.length} packages of ${packedMb.toFixed(0)} MB`;
      rows.push(
        compare({
          what: `${what}, ${size}`,
          ours: peakOf(seriesOf(all, cold.name)),
          unit: " MiB",
          aim: atMost(350, " MiB"),
        }),
      );
      commands.push(...commandsOf(all, lab));
    }
    return {
      name: "memory",
      title: "Peak memory of a cold build",
      rows,
      notes: ["Resident memory of the one process, threads included, as GNU time tells it."],
      commands,
    };
  },
};
