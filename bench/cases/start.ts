// What it costs to ask dodai anything at all.
import { type Case, commandsOf, emptyFolder, race, seriesOf } from "../kit/lab.ts";
import { compare, wallOf } from "../kit/report.ts";
import type { Contender } from "../kit/rounds.ts";

export const start: Case = {
  name: "start",
  run: async (lab) => {
    const cwd = emptyFolder(`${lab.workspace.folder}/start`);
    const asked = (name: string, words: readonly string[]): Contender => ({
      name,
      command: () => lab.product.command(words, { cwd, cache: `${cwd}/cache` }),
    });
    const node: Contender = {
      name: "node -e 0",
      command: () => ({ ...lab.product.command([], { cwd, cache: `${cwd}/cache` }), args: ["-e", "0"] }),
    };
    const all = race(lab, [node, asked("dodai --version", ["--version"]), asked("dodai recipes", ["recipes"])], 15);
    const peer = { name: node.name, values: wallOf(seriesOf(all, node.name)) };
    const rows = ["dodai --version", "dodai recipes"].map((what) =>
      compare({ what, ours: wallOf(seriesOf(all, what)), unit: " s", peer }),
    );
    return { name: "start", title: "Start", rows, notes: [], commands: commandsOf(all, lab) };
  },
};
