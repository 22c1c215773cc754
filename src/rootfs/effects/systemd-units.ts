// deb-systemd-helper(1): units that packages enable are linked where their [Install] section says (systemd.unit(5)), with a
// note of each link for later upgrades. No systemd has to be there.
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { nodeAt } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { scriptText, textFile } from "./text-file.ts";

const notes = "var/lib/systemd/deb-systemd-helper-enabled";

export const systemdUnits: Effect = {
  name: "systemd-units",
  summary: "enables units of systemd, as deb-systemd-helper does",
  covers: ["apt", "base-files", "dpkg", "e2fsprogs", "util-linux"].map((name) => ({
    package: name,
    scripts: ["postinst"],
  })),
  apply,
};

function apply(context: EffectContext): EffectResult {
  const units = systemdUnits.covers.flatMap(({ package: name }) =>
    [...(scriptText(context, name, "postinst") ?? "").matchAll(/^\s*deb-systemd-helper enable '([^'/]+)'/gm)].map(
      ([, unit = ""]) => unit,
    ),
  );
  const files = [...new Set(units)].sort(compareBytes).flatMap((unit) => enable(unit, context));
  return { files, removed: [] };
}

function enable(unit: string, context: EffectContext): readonly GeneratedFile[] {
  // The helper names the folder through which it looks, whether or not /lib is a link.
  const path = ["etc", "lib", "usr/lib"]
    .map((above) => `${above}/systemd/system/${unit}`)
    .find((one) => nodeAt(context.tree, one)?.entry.kind === "file");
  if (path === undefined) return [];
  const links = linksOf(Buffer.from(context.read(path)).toString(), unit);
  return [
    ...links.map(
      (link): GeneratedFile => ({ kind: "symlink", path: `etc/systemd/system/${link}`, target: `/${path}` }),
    ),
    textFile(`${notes}/${unit}.dsh-also`, links.map((link) => `/etc/systemd/system/${link}\n`).join("")),
    ...links.map((link) => textFile(`${notes}/${link}`, "")),
  ];
}

/** Below /etc/systemd/system: `multi-user.target.wants/UNIT`, and other names of the unit. */
function linksOf(text: string, unit: string): readonly string[] {
  const links: string[] = [];
  for (const [, key, value = ""] of text.matchAll(/^(WantedBy|RequiredBy|Alias)\s*=\s*(.*?)\s*$/gm)) {
    for (const word of value.split(/\s+/).filter((one) => one !== "" && !one.includes("/"))) {
      links.push(key === "Alias" ? word : `${word}.${key === "WantedBy" ? "wants" : "requires"}/${unit}`);
    }
  }
  return links;
}
