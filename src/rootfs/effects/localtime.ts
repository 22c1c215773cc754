import type { Effect } from "./contract.ts";
import { textFile } from "./text-file.ts";

const zone = "Etc/UTC";

export const localtime: Effect = {
  name: "localtime",
  summary: "sets the time zone to UTC, as tzdata does when nobody answers its questions",
  covers: [{ package: "tzdata", scripts: ["postinst"] }],
  apply: ({ tree, distribution: { release }, packages }) => {
    if (!packages.some(({ name }) => name === "tzdata") || tree.has("etc/localtime")) return { files: [], removed: [] };
    const link = { kind: "symlink", path: "etc/localtime", target: `/usr/share/zoneinfo/${zone}` } as const;
    // Debian 13 keeps /etc/timezone up to date where it is, and no longer makes it.
    const wantsTimezone = tree.has("etc/timezone") || release === "bookworm";
    return { files: wantsTimezone ? [link, textFile("etc/timezone", `${zone}\n`)] : [link], removed: [] };
  },
};
