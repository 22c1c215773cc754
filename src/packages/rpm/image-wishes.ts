// Which files of packages an image's own package manager leaves out: by rpm's macros, and by the settings of dnf and yum.
import type { FileWishes, InstalledFiles } from "../contract.ts";

/** Folders and files in rpm's order: a later definition counts (rpm(8), "macrofiles"). */
const macroFolders: readonly string[] = ["usr/lib/rpm/macros.d", "etc/rpm"];
const settingFiles: readonly string[] = ["etc/dnf/dnf.conf", "etc/yum.conf"];

/** `undefined` where it leaves out nothing. */
export function readWishes(files: InstalledFiles): FileWishes | undefined {
  const macros = macroFolders.flatMap((folder) =>
    files
      .names(folder)
      .filter((name) => folder !== "etc/rpm" || name.startsWith("macros"))
      .map((name) => textOf(files, `${folder}/${name}`)),
  );
  const settings = settingFiles.map((path) => textOf(files, path)).join("\n");
  const excludes = lastMacro(macros, "_excludedocs");
  const isWithout = excludes === undefined ? hasNoDocs(settings) : Number(excludes) > 0 || hasNoDocs(settings);
  const languages = languagesOf(lastMacro(macros, "_install_langs") ?? lastSetting(settings, "override_install_langs"));
  if (!isWithout && languages === undefined) return undefined;
  return { documentation: !isWithout, ...(languages ? { languages } : {}) };
}

const textOf = (files: InstalledFiles, path: string): string =>
  files.has(path) ? Buffer.from(files.read(path)).toString("utf8") : "";

function lastMacro(texts: readonly string[], name: string): string | undefined {
  const pattern = new RegExp(`^%${name}[ \\t]+(.*?)[ \\t]*$`, "gm");
  return texts.flatMap((text) => [...text.matchAll(pattern)]).at(-1)?.[1];
}

function lastSetting(text: string, name: string): string | undefined {
  return [...text.matchAll(new RegExp(`^${name}[ \\t]*=[ \\t]*(.*?)[ \\t]*$`, "gm"))].at(-1)?.[1];
}

const hasNoDocs = (settings: string): boolean => /\bnodocs\b/.test(lastSetting(settings, "tsflags") ?? "");

/** `en_US.utf8:C`; one that is another macro is not followed. */
function languagesOf(value: string | undefined): readonly string[] | undefined {
  const languages = (value ?? "").split(/[:,\s]+/).filter((one) => one !== "");
  if (languages.length === 0 || languages.some((one) => one === "all" || one.includes("%"))) return undefined;
  return languages;
}
