// Scripts that were read and change nothing in a fresh image: they look after upgrades, running services or questions.
import type { Effect } from "./contract.ts";

export const nothingToDo: Effect = {
  name: "nothing-to-do",
  summary: "stands for scripts that change nothing in a fresh image",
  covers: [
    // Usr-merge is checked there; dodai has made it so.
    { package: "base-files", scripts: ["preinst"] },
    // Asks which certificates to trust; unanswered, it is all of them.
    { package: "ca-certificates", scripts: ["config"] },
    // Upgrades, running services, the age of the kernel.
    { package: "libc6", scripts: ["preinst", "postinst"] },
    // Asks for the time zone; unanswered, it is UTC. The preinst turns old folders into links on upgrades.
    { package: "tzdata", scripts: ["config", "preinst"] },
  ],
  apply: () => ({ files: [], removed: [] }),
};
