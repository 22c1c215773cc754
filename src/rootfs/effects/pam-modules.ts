import type { Effect } from "./contract.ts";
import { textFile } from "./text-file.ts";

export const pamModules: Effect = {
  name: "pam-modules",
  summary: "makes the empty files that PAM's modules keep passwords and the environment in",
  covers: [{ package: "libpam-modules", scripts: ["preinst", "postinst"] }],
  apply: ({ tree }) => ({
    files: [textFile("etc/security/opasswd", "", 0o600), textFile("etc/environment", "")].filter(
      ({ path }) => !tree.has(path),
    ),
    removed: [],
  }),
};
