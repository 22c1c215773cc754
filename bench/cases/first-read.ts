// The first sight of a distribution: a text of 50 MB becomes what questions are answered from.
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepareApt } from "../kit/apt.ts";
import { findProgram } from "../kit/child.ts";
import { type Case, commandsOf, emptyFolder, race, seriesOf } from "../kit/lab.ts";
import { compare, cpuOf, peakOf, ratioAtMost, wallOf } from "../kit/report.ts";
import type { Contender } from "../kit/rounds.ts";

const script = join(import.meta.dirname, "../compile-index.ts");

export const firstRead: Case = {
  name: "first-read",
  run: async (lab) => {
    const folder = emptyFolder(join(lab.workspace.folder, "first-read"));
    const packed = join(lab.archive.folder, `dists/trixie/main/binary-${lab.archive.architecture}/Packages.xz`);
    copyFileSync(packed, join(folder, "Packages.xz"));
    if (!findProgram("xz")) throw new Error("Cannot prepare the index: no xz");
    spawnSync("xz", ["-d", "-k", "Packages.xz"], { cwd: folder });
    const [suite = ""] = lab.archive.sources("trixie");
    const apt = prepareApt(lab, "first-read", [suite]);
    const ours = (file: string): Contender => ({
      name: `dodai, from ${file}`,
      command: () => ({
        ...lab.product.command([], { cwd: folder, cache: join(folder, "cache") }),
        args: [script, lab.product.dist, file, "compiled"],
      }),
    });
    const theirs: Contender | undefined = apt && {
      name: "apt-cache gencaches",
      prepare: () => {
        for (const file of readdirSync(apt.caches)) if (file.endsWith(".bin")) rmSync(join(apt.caches, file));
      },
      command: () => apt.command("apt-cache", ["-qq", "gencaches"]),
    };
    const contenders = [ours("Packages"), ours("Packages.xz"), ...(theirs ? [theirs] : [])];
    const all = race(lab, contenders, 9);
    const apts = theirs && seriesOf(all, theirs.name);
    const missing = { missing: "no apt-cache" };
    const rows = ["Packages", "Packages.xz"].flatMap((file) => {
      const series = seriesOf(all, `dodai, from ${file}`);
      const aim = file === "Packages" ? { aim: ratioAtMost(1) } : {};
      const name = "apt-cache gencaches, from Packages";
      return [
        compare({
          what: `from ${file}, wall`,
          ours: wallOf(series),
          unit: " s",
          peer: apts ? { name, values: wallOf(apts) } : missing,
          ...aim,
        }),
        compare({
          what: `from ${file}, CPU`,
          ours: cpuOf(series),
          unit: " s",
          peer: apts ? { name, values: cpuOf(apts) } : missing,
          ...aim,
        }),
      ];
    });
    const peak = compare({
      what: "peak memory",
      ours: peakOf(seriesOf(all, "dodai, from Packages")),
      unit: " MiB",
      peer: apts ? { name: "apt-cache gencaches", values: peakOf(apts) } : missing,
    });
    return {
      name: "first-read",
      title: "First read of an index (trixie main)",
      rows: [...rows, peak],
      notes: [
        "apt decompressed its index during its update, which is not counted. Each dodai is a new process, start of Node included, and writes its compiled index to a file.",
      ],
      commands: commandsOf(all, lab),
    };
  },
};
