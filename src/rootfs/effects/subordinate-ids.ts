// /etc/subuid and /etc/subgid (subuid(5)): login made them until Debian 12, base-passwd does since.
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { scriptText, textFile } from "./text-file.ts";

export const subordinateIds: Effect = {
  name: "subordinate-ids",
  summary: "makes the empty lists of subordinate ids, and of failed logins",
  covers: [
    { package: "base-passwd", scripts: ["postinst"] },
    { package: "login", scripts: ["preinst", "postinst"] },
  ],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const scripts = subordinateIds.covers
    .map(({ package: name }) => scriptText(context, name, "postinst") ?? "")
    .join("\n");
  const files = ["etc/subuid", "etc/subgid", "var/log/faillog"]
    .filter((path) => scripts.includes(`$DPKG_ROOT/${path}`) && !context.tree.has(path))
    .map((path) => textFile(path, ""));
  return { files, removed: [] };
}
