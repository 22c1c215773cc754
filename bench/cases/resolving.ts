// Choosing packages for the largest sets that people ask for; indexes are there in the form in which each keeps them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareApt } from "../kit/apt.ts";
import { type Measure, measure } from "../kit/child.ts";
import { type Case, commandsOf, emptyFolder, type Lab, race, seriesOf } from "../kit/lab.ts";
import { compare, cpuOf, type Row, ratioAtMost, wallOf } from "../kit/report.ts";
import type { AllSeries, Contender } from "../kit/rounds.ts";

/** `libc6` needs next to nothing: what both take before they begin to choose. */
const names: readonly string[] = ["gnome", "kde-full", "texlive-full", "libc6"];

interface Question {
  readonly name: string;
  readonly recommends: boolean;
}

const questions: readonly Question[] = names.flatMap((name) =>
  [true, false].map((recommends) => ({ name, recommends })),
);
const titleOf = ({ name, recommends }: Question): string => `${name}, recommends ${recommends ? "on" : "off"}`;

export const resolving: Case = {
  name: "resolve",
  run: async (lab) => {
    const counts = new Map<string, number>();
    const count = (name: string, found: number): void => void counts.set(name, found);
    const ours = prepareDodai(lab, count);
    const apt = prepareApt(lab, "resolve", lab.archive.sources("trixie"));
    const theirs = (question: Question): readonly Contender[] =>
      apt
        ? [
            {
              name: `apt-get: ${titleOf(question)}`,
              command: () =>
                apt.command("apt-get", [
                  "-qq",
                  `-oAPT::Install-Recommends=${question.recommends}`,
                  "--print-uris",
                  "install",
                  question.name,
                ]),
              check: (_round, { stdout }) => count(`apt-get: ${titleOf(question)}`, linesOf(stdout)),
            },
          ]
        : [];
    const all = race(
      lab,
      questions.flatMap((one) => [ours(one), ...theirs(one)]),
      7,
    );
    return {
      name: "resolve",
      title: "Choosing packages, indexes read before (trixie with updates and security, nothing installed)",
      rows: questions.map((one) => rowOf(one, all, counts)),
      notes: [
        "dodai resolve reads and verifies the three releases' signatures each time; apt-get --print-uris does not.",
        "apt keeps pkgcache.bin and srcpkgcache.bin, as it does by default; dodai its compiled indexes.",
        `CPU: ${questions.map((one) => `${titleOf(one)} ${compare({ what: "", ours: cpuOf(seriesOf(all, `dodai: ${titleOf(one)}`)), unit: " s" }).dodai}`).join("; ")}.`,
      ],
      // The others differ in the name and the switch alone.
      commands: commandsOf(all, lab).slice(0, 2),
    };
  },
};

function prepareDodai(lab: Lab, count: (name: string, found: number) => void): (question: Question) => Contender {
  const folder = emptyFolder(join(lab.workspace.folder, "resolve"));
  const commandOf = (question: Question) => {
    const file = `${question.name}-${question.recommends ? "on" : "off"}.yaml`;
    writeFileSync(
      join(folder, file),
      `distro: debian:trixie\nvariant: empty\npackages: [${question.name}]\nrecommends: ${question.recommends}\n`,
    );
    return lab.product.command(["resolve", file, "--progress", "quiet"], {
      cwd: folder,
      cache: join(folder, "cache"),
      env: lab.archive.env,
    });
  };
  measure(commandOf({ name: "libc6", recommends: false }), join(folder, "time"));
  return (question) => {
    const name = `dodai: ${titleOf(question)}`;
    const check = (_round: number, { stdout }: Measure): void => count(name, linesOf(stdout));
    return { name, command: () => commandOf(question), check };
  };
}

const linesOf = (text: string): number => text.split("\n").filter((line) => line !== "").length;

function rowOf(question: Question, all: AllSeries, counts: ReadonlyMap<string, number>): Row {
  const title = titleOf(question);
  const apt = all.get(`apt-get: ${title}`);
  const found = [counts.get(`dodai: ${title}`), counts.get(`apt-get: ${title}`)].filter((one) => one !== undefined);
  return compare({
    what: `${title}: ${[...new Set(found)].join(" against ")} packages`,
    ours: wallOf(seriesOf(all, `dodai: ${title}`)),
    unit: " s",
    peer: apt ? { name: "apt-get", values: wallOf(apt) } : { missing: "no apt-get" },
    aim: ratioAtMost(1),
  });
}
