// The last step of every distribution's recipe: FROM scratch and ADD of a root of 120 MB. Buildah does the same.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { file, folder as folderEntry, tarOfDrawn } from "../../test/kit/image.ts";
import { findProgram } from "../kit/child.ts";
import { type Case, commandsOf, emptyFolder, type Lab, race, seriesOf } from "../kit/lab.ts";
import { plainEnv } from "../kit/peers.ts";
import { atMost, compare, cpuOf, type Row, timesFaster, wallOf } from "../kit/report.ts";
import type { AllSeries, Contender } from "../kit/rounds.ts";

const files = 6000;
const fileBytes = 20_000;

export const dockerfile: Case = {
  name: "dockerfile",
  run: async (lab) => {
    const folder = emptyFolder(join(lab.workspace.folder, "dockerfile"));
    const missing = ["buildah", "xz"].filter((program) => !findProgram(program));
    if (missing.length > 0 || process.getuid?.() !== 0) {
      const why = missing.length > 0 ? `no ${missing.join(", ")}` : "Buildah needs root here";
      const rows = [compare({ what: "ADD", ours: [], unit: " s", peer: { missing: why } })];
      return { name: "dockerfile", title: "Dockerfile", rows, notes: [], commands: [] };
    }
    writeContext(folder);
    const all = race(lab, contendersFor(lab, folder), 5);
    return {
      name: "dockerfile",
      title: "Dockerfile: FROM scratch and ADD of a root of 120 MB (tar.xz)",
      rows: rowsOf(all),
      notes: [
        "Both write an OCI archive with a layer in gzip. Buildah unpacks the root to its storage (vfs) and packs it again.",
      ],
      commands: commandsOf(all, lab),
    };
  },
};

/** Texts that compress as programs do, about 3 : 1. */
function writeContext(folder: string): void {
  const context = emptyFolder(join(folder, "context"));
  const drawn = [folderEntry("usr"), folderEntry("usr/lib")];
  let state = 1;
  for (let at = 0; at < files; at++) {
    const words: string[] = [];
    for (let size = 0; size < fileBytes; size += 8) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      words.push((state >>> 12).toString(36).padEnd(8, "abcdefgh"));
    }
    drawn.push(file(`usr/lib/f${at}`, words.join("").slice(0, fileBytes)));
  }
  spawnSync("sh", ["-c", "xz -T0 -1 >rootfs.tar.xz"], { cwd: context, input: tarOfDrawn(drawn) });
  writeFileSync(join(context, "Dockerfile"), 'FROM scratch\nADD rootfs.tar.xz /\nLABEL a=b\nCMD ["/bin/sh"]\n');
}

function contendersFor(lab: Lab, folder: string): readonly Contender[] {
  const [cache, storage] = [join(folder, "cache"), join(folder, "storage")];
  const conf = join(folder, "storage.conf");
  const context = join(folder, "context");
  writeFileSync(conf, `[storage]\ndriver = "vfs"\nrunroot = "${storage}/run"\ngraphroot = "${storage}/root"\n`);
  const ours = (): ReturnType<Contender["command"]> =>
    lab.product.command(["build", context, "-o", `type=oci,dest=${folder}/dodai.tar`, "--progress", "quiet"], {
      cwd: folder,
      cache,
    });
  const script = `buildah bud -q --isolation chroot -t bench ${context} && buildah push -q bench oci-archive:${folder}/buildah.tar`;
  const theirs = (): ReturnType<Contender["command"]> => ({
    program: "sh",
    args: ["-c", script],
    cwd: folder,
    env: { ...plainEnv(folder), CONTAINERS_STORAGE_CONF: conf },
  });
  return [
    { name: "dodai", prepare: () => void emptyFolder(cache), command: ours },
    { name: "dodai again", command: ours },
    { name: "buildah", prepare: () => void emptyFolder(storage), command: theirs },
  ];
}

function rowsOf(all: AllSeries): readonly Row[] {
  const [ours, again, theirs] = ["dodai", "dodai again", "buildah"].map((name) => seriesOf(all, name)) as [
    ReturnType<typeof seriesOf>,
    ReturnType<typeof seriesOf>,
    ReturnType<typeof seriesOf>,
  ];
  const peer = { name: "buildah bud and push", values: wallOf(theirs) };
  return [
    compare({ what: "cold, wall", ours: wallOf(ours), unit: " s", peer, aim: timesFaster(2) }),
    compare({ what: "cold, CPU", ours: cpuOf(ours), unit: " s", peer: { ...peer, values: cpuOf(theirs) } }),
    compare({ what: "nothing changed", ours: wallOf(again), unit: " s", peer, aim: atMost(0.3, " s") }),
  ];
}
