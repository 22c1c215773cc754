// systemctl(1) enable, disable and mask, as links below /etc/systemd/system; on Alpine those of OpenRC's runlevels.
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { RecipeServices } from "../../core/recipe.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { nodeAt, resolvePath } from "../resolve.ts";
import { noSettings, type SettingsContext, type SettingsResult } from "./contract.ts";

const own = "etc/systemd/system";
/** systemd.unit(5), "Unit File Load Path": the first that has a unit is asked. */
const folders = [own, "usr/local/lib/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

/** Throws PATH_MISSING for units to enable that are not there. */
export function serviceLinks(services: RecipeServices, context: SettingsContext): SettingsResult {
  if (context.format === "apk") return runlevelLinks(services, context);
  const masked = services.masked.map(
    (name): GeneratedFile => ({ kind: "symlink", path: `${own}/${unitName(name)}`, target: "/dev/null" }),
  );
  const enabled = new Map<string, GeneratedFile>();
  for (const name of services.enabled) enable(unitName(name), context, enabled);
  const disabled = new Set(services.disabled.map(unitName));
  return { ...noSettings, files: [...enabled.values(), ...masked], removed: linksTo(disabled, context) };
}

/** A name without a suffix is that of a service. */
const unitName = (name: string): string =>
  /\.(?:service|socket|target|timer|mount|automount|path|slice|swap|device|scope)$/.test(name)
    ? name
    : `${name}.service`;

function enable(unit: string, context: SettingsContext, links: Map<string, GeneratedFile>): void {
  const place = placeOf(unit, context);
  // Units name one another in "Also".
  if (links.has(`#${place}`)) return;
  links.set(`#${place}`, { kind: "symlink", path: "", target: "" });
  const { read } = context;
  const name = place.slice(place.lastIndexOf("/") + 1).replace("@.", instanceOf(unit));
  for (const { key, words } of installSection(Buffer.from(read(place)).toString())) {
    for (const word of words) {
      if (key === "Also") enable(word, context, links);
      else add(key === "Alias" ? word : `${word}.${key === "WantedBy" ? "wants" : "requires"}/${name}`);
    }
  }
  links.delete(`#${place}`);

  function add(link: string): void {
    const path = `${own}/${link}`;
    links.set(path, { kind: "symlink", path, target: `/${place}` });
  }
}

/** `@tty1.` of getty@tty1.service. */
const instanceOf = (unit: string): string => /@[^.]*\./.exec(unit)?.[0] ?? "@.";

/** The unit's file; that of the template for an instance. A link is another name of it. */
function placeOf(unit: string, { tree }: SettingsContext): string {
  const names = [unit, unit.replace(/@[^.]+\./, "@.")];
  for (const name of names) {
    for (const folder of folders) {
      const place = resolvePath(tree, `${folder}/${name}`, { last: true });
      if (place !== undefined && tree.get(place)?.entry.kind === "file") return place;
    }
  }
  throw new DodaiError("PATH_MISSING", `Cannot enable "${unit}": the image has no such unit of systemd`, {
    fix: "Add the package that has it, or leave it out.",
  });
}

const keys = ["WantedBy", "RequiredBy", "Alias", "Also"] as const;

/** systemd.unit(5), "[Install] section options"; names that could lead elsewhere are left out. */
function installSection(
  text: string,
): readonly { readonly key: (typeof keys)[number]; readonly words: readonly string[] }[] {
  const [, section = ""] = /^\[Install\]\s*$([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(text) ?? [];
  return [...section.matchAll(/^(\w+)\s*=\s*(.*?)\s*$/gm)].flatMap(([, name, value = ""]) => {
    const key = keys.find((one) => one === name);
    const words = value.split(/\s+/).filter((word) => /^[\w:.@\\-]+$/.test(word));
    return key ? [{ key, words }] : [];
  });
}

/** Links of these units that somebody made: in folders of wants, and other names of them. */
function linksTo(units: ReadonlySet<string>, { tree }: SettingsContext): readonly string[] {
  if (units.size === 0) return [];
  return [...tree]
    .filter(([path, { entry }]) => {
      if (entry.kind !== "symlink" || !path.startsWith(`${own}/`) || entry.target === "/dev/null") return false;
      const nameIn = (text: string): string => text.slice(text.lastIndexOf("/") + 1);
      return units.has(nameIn(path)) || units.has(nameIn(entry.target));
    })
    .map(([path]) => path)
    .sort(compareBytes);
}

/** openrc(8): what the runlevel "default" starts. */
function runlevelLinks({ enabled, disabled, masked }: RecipeServices, { tree }: SettingsContext): SettingsResult {
  const [one] = masked;
  if (one !== undefined) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot mask "${one}": OpenRC masks nothing`, {
      fix: 'Write it under "disabled".',
    });
  }
  const missing = enabled.find((name) => nodeAt(tree, `etc/init.d/${name}`)?.entry.kind !== "file");
  if (missing !== undefined) {
    throw new DodaiError("PATH_MISSING", `Cannot enable "${missing}": the image has no /etc/init.d/${missing}`, {
      fix: "Add the package that has it, or leave it out.",
    });
  }
  const names = new Set(disabled);
  return {
    ...noSettings,
    files: enabled.map((name) => ({
      kind: "symlink",
      path: `etc/runlevels/default/${name}`,
      target: `/etc/init.d/${name}`,
    })),
    removed: [...tree.keys()].filter((path) => {
      const [, name = ""] = /^etc\/runlevels\/[^/]+\/([^/]+)$/.exec(path) ?? [];
      return names.has(name);
    }),
  };
}
