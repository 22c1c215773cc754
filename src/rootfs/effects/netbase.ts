import type { Effect } from "./contract.ts";
import { textFile } from "./text-file.ts";

const hosts = `127.0.0.1	localhost
::1		localhost ip6-localhost ip6-loopback
ff02::1		ip6-allnodes
ff02::2		ip6-allrouters

`;

const networks = `default		0.0.0.0
loopback	127.0.0.0
link-local	169.254.0.0

`;

export const netbase: Effect = {
  name: "netbase",
  summary: "writes /etc/hosts and /etc/networks where there are none",
  covers: [{ package: "netbase", scripts: ["postinst"] }],
  apply: ({ tree }) => {
    const files = [textFile("etc/hosts", hosts), textFile("etc/networks", networks)];
    return { files: files.filter(({ path }) => !tree.has(path)), removed: [] };
  },
};
