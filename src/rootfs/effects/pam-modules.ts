import type { Effect, EffectContext } from "./contract.ts";
import { scriptText, textFile } from "./text-file.ts";

export const pamModules: Effect = {
  name: "pam-modules",
  summary: "makes the files that PAM's modules keep passwords and the environment in",
  covers: [{ package: "libpam-modules", scripts: ["preinst", "postinst"] }],
  apply: (context) => ({
    files: [textFile("etc/security/opasswd", "", 0o600), textFile("etc/environment", environmentOf(context))].filter(
      ({ path }) => !context.tree.has(path),
    ),
    removed: [],
  }),
};

/** Empty in Debian; Ubuntu's script writes the search path for programs. */
function environmentOf(context: EffectContext): string {
  const text = scriptText(context, "libpam-modules", "postinst") ?? "";
  const [, line] = /^\s*echo '(PATH=[^'\n]*)' >> "\$DPKG_ROOT"\/etc\/environment$/m.exec(text) ?? [];
  return line === undefined ? "" : `${line}\n`;
}
