// Where and when the system is: locale, time zone, keyboard, name.
import { DodaiError } from "../../core/dodai-error.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { textFile } from "../effects/text-file.ts";
import { nodeAt, resolvePath } from "../resolve.ts";
import { noSettings, type SettingsContext, type SettingsResult } from "./contract.ts";

/** locale.conf(5); Debian's pam_env and update-locale(8) know /etc/default/locale, which may be a link to the former. */
export function localeFile(locale: string, { format, tree }: SettingsContext): GeneratedFile {
  if (format !== "deb") return textFile("etc/locale.conf", `LANG="${locale}"\n`);
  return textFile(throughLink("etc/default/locale", tree), `LANG=${locale}\n`);
}

/** vconsole.conf(5); Debian's console-setup reads keyboard(5). */
export function keymapFile(keymap: string, { format, tree }: SettingsContext): GeneratedFile {
  if (format !== "deb") return textFile("etc/vconsole.conf", `KEYMAP="${keymap}"\n`);
  const lines = [
    'XKBMODEL="pc105"',
    `XKBLAYOUT="${keymap}"`,
    'XKBVARIANT=""',
    'XKBOPTIONS=""',
    "",
    'BACKSPACE="guess"',
  ];
  return textFile(throughLink("etc/default/keyboard", tree), `${lines.join("\n")}\n`);
}

export const hostnameFile = (hostname: string): GeneratedFile => textFile("etc/hostname", `${hostname}\n`);

/** localtime(5), and timezone(5) as Debian's tzdata keeps it. Throws PATH_MISSING for a zone that tzdata has not. */
export function timezoneFiles(zone: string, { tree, format }: SettingsContext): SettingsResult {
  const place = `usr/share/zoneinfo/${zone}`;
  const hasZones =
    nodeAt(tree, "usr/share/zoneinfo")?.entry.kind === "directory" &&
    nodeAt(tree, "usr/share/zoneinfo/UTC") !== undefined;
  const isThere = nodeAt(tree, place)?.entry.kind === "file";
  if (hasZones && !isThere) {
    throw new DodaiError(
      "PATH_MISSING",
      `Cannot use time zone "${zone}": the image has no such zone in /usr/share/zoneinfo`,
      {
        fix: 'Write it as in "Europe/Berlin". Old names are in the package tzdata-legacy of Debian and Ubuntu.',
      },
    );
  }
  const isUtc = /^(?:Etc\/)?(?:UTC|UCT|Universal|Zulu|GMT)$/.test(zone);
  const target = format === "deb" ? `/${place}` : `../${place}`;
  return {
    ...noSettings,
    files: [
      { kind: "symlink", path: "etc/localtime", target },
      ...(format === "deb" ? [textFile("etc/timezone", `${zone}\n`)] : []),
    ],
    // Without zones every program takes the time as UTC.
    warnings:
      isThere || isUtc
        ? []
        : [`time zone ${zone} has no effect: the image has no /usr/share/zoneinfo; add tzdata to packages`],
  };
}

/** A link stays, and what it leads to is written. */
function throughLink(path: string, tree: SettingsContext["tree"]): string {
  return tree.get(path)?.entry.kind === "symlink" ? (resolvePath(tree, path, { last: true }) ?? path) : path;
}
