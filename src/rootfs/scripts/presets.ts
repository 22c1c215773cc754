// `systemctl preset`: units are enabled as files of presets say (systemd.preset(5)), by links where their [Install] section says
// (systemd.unit(5)).
import { compareBytes } from "../../core/byte-order.ts";
import { compileGlob } from "../glob.ts";
import type { RootFiles } from "./root-files.ts";
import { notUnderstood } from "./syntax.ts";

type Manager = "system" | "user";

/** The highest first: of files with one name only its file is read. */
const above = ["etc", "run", "usr/local/lib", "usr/lib"] as const;

/** Enables or disables a unit. One that is not there is left alone. */
export function enableByPreset(files: RootFiles, unit: string, manager: Manager): void {
  const path = unitPath(files, unit, manager);
  if (path === undefined) return;
  const isWanted = isEnabled(files, unit, manager);
  for (const { link, target } of linksOf(files, unit, { path, manager })) {
    const there = files.stat(link, "link");
    if (!isWanted && there?.kind === "symlink") files.remove(link);
    if (!isWanted || there !== undefined) continue;
    const folder = link.replace(/\/[^/]*$/, "");
    if (files.stat(folder) === undefined) files.makeFolder(folder);
    files.makeLink(link, target);
  }
}

function unitPath(files: RootFiles, unit: string, manager: Manager): string | undefined {
  if (!/^[\w:.\\-]+\.[a-z]+$/.test(unit)) throw notUnderstood(`the unit ${unit}`);
  const path = above.map((one) => `/${one}/systemd/${manager}/${unit}`).find((one) => files.stat(one, "link"));
  if (path !== undefined && files.stat(path, "link")?.kind !== "file") throw notUnderstood(`the unit ${unit}`);
  return path;
}

/** The first line that speaks of the unit counts, in the order of the files' names; all that none speaks of is enabled. */
function isEnabled(files: RootFiles, unit: string, manager: Manager): boolean {
  const byName = new Map<string, string>();
  for (const one of above) {
    const folder = `/${one}/systemd/${manager}-preset`;
    for (const name of files.names(folder))
      if (name.endsWith(".preset") && !byName.has(name)) byName.set(name, `${folder}/${name}`);
  }
  for (const [, path] of [...byName].sort(([a], [b]) => compareBytes(a, b))) {
    for (const line of textOf(files, path).split("\n")) {
      const [, verb, pattern = "", more] = /^\s*(enable|disable|ignore)\s+(\S+)\s*(\S.*)?$/.exec(line) ?? [];
      if (verb === undefined || !compileGlob(`/${pattern}`)(unit)) continue;
      if (verb === "ignore" || more !== undefined) throw notUnderstood(`the preset of ${unit}`);
      return verb === "enable";
    }
  }
  return true;
}

function linksOf(
  files: RootFiles,
  unit: string,
  { path, manager }: { readonly path: string; readonly manager: Manager },
): readonly { readonly link: string; readonly target: string }[] {
  const folder = `/etc/systemd/${manager}`;
  const [, section = ""] = /^\[Install\][ \t]*$([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(textOf(files, path)) ?? [];
  const links: { link: string; target: string }[] = [];
  for (const [, key = "", value = ""] of section.matchAll(/^[ \t]*(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$/gm)) {
    const names = value.split(/\s+/).filter((one) => one !== "");
    // Other units, instances and what is written over several lines.
    if (!["WantedBy", "RequiredBy", "Alias", "UpheldBy"].includes(key) || names.some((one) => /[%@/\\]/.test(one)))
      throw notUnderstood(`how ${unit} is enabled`);
    if (unit.includes("@")) throw notUnderstood(`how ${unit} is enabled`);
    for (const name of names) links.push({ link: linkFor(folder, key, { name, unit }), target: path });
  }
  return links;
}

function linkFor(
  folder: string,
  key: string,
  { name, unit }: { readonly name: string; readonly unit: string },
): string {
  if (key === "Alias") return `${folder}/${name}`;
  const kind = { WantedBy: "wants", RequiredBy: "requires" }[key] ?? "upholds";
  return `${folder}/${name}.${kind}/${unit}`;
}

const textOf = (files: RootFiles, path: string): string =>
  Buffer.from(files.read(path) ?? new Uint8Array()).toString("latin1");
