// pam-auth-update(8): profiles of packages are put into the templates of /etc/pam.d/common-*. What is on by default is
// enabled; nobody is asked, and nothing was set before.
import { compareBytes } from "../../core/byte-order.ts";
import { nodeAt } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

const folder = "usr/share/pam-configs/";
const types = ["auth", "account", "password", "session", "session-noninteractive"] as const;

export interface Profile {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
}

export const pamProfiles: Effect = {
  name: "pam-profiles",
  summary: "writes /etc/pam.d/common-*, as pam-auth-update does",
  covers: [{ package: "libpam-runtime", scripts: ["postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const sorted = profilesOf(context);
  const enabled = sorted.filter(({ fields }) => fields.get("Default") === "yes");
  const files = types.flatMap((type) => {
    const template = readText(context, `usr/share/pam/common-${type}`);
    if (template === undefined || context.tree.has(`etc/pam.d/common-${type}`)) return [];
    return [
      textFile(`etc/pam.d/common-${type}`, fillTemplate(template, enabled, type)),
      textFile(`var/lib/pam/${type}`, savedLines(enabled, type)),
    ];
  });
  if (files.length === 0) return { files: [], removed: [] };
  const seen = textFile("var/lib/pam/seen", sorted.map(({ name }) => `${name}\n`).join(""));
  return { files: [...files, seen], removed: [] };
}

/** Higher priority first, then by name from the end. */
export function profilesOf(context: EffectContext): readonly Profile[] {
  const paths = [...context.tree.keys()].filter(
    (path) => path.startsWith(folder) && nodeAt(context.tree, path)?.entry.kind === "file",
  );
  const profiles = paths.map((path) => ({
    name: path.slice(folder.length),
    fields: parseProfile(readText(context, path) ?? ""),
  }));
  const priority = ({ fields }: Profile): number => Number(fields.get("Priority") ?? 0);
  return profiles.sort((a, b) => priority(b) - priority(a) || compareBytes(b.name, a.name));
}

/** `Name: value`, or the name alone and its lines indented below it. */
function parseProfile(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  let current = "";
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^(\S+):(?:\s+(.*?))?\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      current = name.replace(/-Final$/, "");
      fields.set(current, value);
    } else if (line.trim() !== "") {
      fields.set(current, `${fields.get(current) ?? ""}\n${line.trim()}`.trim());
    }
  }
  if (fields.get("Session-Interactive-Only") !== "yes") {
    for (const end of ["-Type", "", "-Initial"]) {
      const value = fields.get(`Session${end}`);
      if (value !== undefined) fields.set(`Session-noninteractive${end}`, value);
    }
  }
  return fields;
}

type Block = "Primary" | "Additional";

/** Lines of the enabled profiles in one of the two blocks; the first of a block has no module above it. */
function blockOf(
  enabled: readonly Profile[],
  type: string,
  block: Block,
): readonly { readonly name: string; readonly lines: readonly string[] }[] {
  const field = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  return enabled
    .filter(({ fields }) => fields.get(`${field}-Type`) === block)
    .map(({ name, fields }, position) => {
      const initial = position === 0 ? fields.get(`${field}-Initial`) : undefined;
      const text = initial || fields.get(field) || "";
      return { name, lines: text.split("\n").filter((line) => line !== "") };
    });
}

const permit = "[default=1]\t\t\tpam_permit.so";

/** Lines of a template between which a block stands. */
const blocks: readonly { readonly block: Block; readonly from: string; readonly to: string }[] = [
  {
    block: "Primary",
    from: '# here are the per-package modules (the "Primary" block)',
    to: "# here's the fallback if no module succeeds",
  },
  {
    block: "Additional",
    from: '# and here are more per-package modules (the "Additional" block)',
    to: "# end of pam-auth-update config",
  },
];

function fillTemplate(template: string, enabled: readonly Profile[], type: string): string {
  const lines: string[] = [];
  const word = type.replace("-noninteractive", "");
  let end = "";
  for (const line of template.split("\n")) {
    if (!line.startsWith(end)) continue;
    end = "";
    lines.push(line);
    const found = blocks.find(({ from }) => line.startsWith(from));
    if (!found) continue;
    end = found.to;
    const modules = blockOf(enabled, type, found.block).flatMap((one) => one.lines);
    if (modules.length === 0 && found.block === "Primary") lines.push(`${word}\t${permit}`);
    // "end" jumps over the modules that follow, and after the first block over the fallback too.
    const beyond = found.block === "Primary" ? 0 : 1;
    lines.push(...modules.map((module, at) => `${word}\t${moduleLine(module, modules.length - at - beyond)}`));
  }
  return lines.join("\n");
}

/** Control and module as they are, with `end` as a number; then one space and the options. */
function moduleLine(line: string, jump: number): string {
  const [, module = line, options = ""] = /^((?:\[[^\]]+\]|\w+)\s+\S+)\s*(.*)$/.exec(line) ?? [];
  return `${module.replaceAll("end", String(jump))} ${options.split(/\s+/).join(" ")}`;
}

/** What was put in, as the profiles say it: the next run finds a person's changes by it. */
function savedLines(enabled: readonly Profile[], type: string): string {
  const primary = blockOf(enabled, type, "Primary");
  const first = primary.length > 0 ? primary : [{ name: "null", lines: [permit] }];
  return [...first, ...blockOf(enabled, type, "Additional")]
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, lines }) => `Module: ${name}\n${lines.join("\n")}\n`)
    .join("");
}
