import type { Effect } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

/** Where libc-bin, which has the distribution's own, is left out: files, and DNS for hosts. */
const small = `passwd:         files
group:          files
shadow:         files
gshadow:        files

hosts:          files dns
networks:       files

protocols:      files
services:       files
ethers:         files
rpc:            files

netgroup:       files
`;

export const nsswitch: Effect = {
  name: "nsswitch",
  summary: "writes /etc/nsswitch.conf, which libc-bin copies",
  covers: [{ package: "libc-bin", scripts: ["postinst"] }],
  apply: (context) => {
    if (context.tree.has("etc/nsswitch.conf")) return { files: [], removed: [] };
    const own = readText(context, "usr/share/libc-bin/nsswitch.conf");
    return { files: [textFile("etc/nsswitch.conf", own ?? small)], removed: [] };
  },
};
