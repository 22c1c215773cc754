// dpkg-divert(1): packages claim names of files for themselves. Read from the commands that scripts of a minimal system run
// on a fresh system; none of them moves a file.
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText, scriptText, textFile } from "./text-file.ts";

interface Diversion {
  readonly from: string;
  readonly to: string;
  readonly package: string;
}

const database = "var/lib/dpkg/diversions";

export const diversions: Effect = {
  name: "diversions",
  summary: "records the diversions that base-files, dash and libraries make",
  covers: [
    { package: "base-files", scripts: ["preinst"] },
    { package: "dash", scripts: ["preinst", "postinst"] },
    { package: "libc6", scripts: ["preinst"] },
    { package: "libext2fs2t64", scripts: ["preinst"] },
  ],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const made = [...ofTheLinker(context), ...ofFolders(context), ...ofLibraries(context), ...ofShell(context)];
  if (made.length === 0) return { files: [], removed: [] };
  const text = [...parseDiversions(readText(context, database) ?? ""), ...made]
    .sort((a, b) => placeInHash(a.from) - placeInHash(b.from))
    .map((one) => `${one.from}\n${one.to}\n${one.package}\n`)
    .join("");
  return { files: [textFile(database, text)], removed: [] };
}

function parseDiversions(text: string): readonly Diversion[] {
  const lines = text.split("\n");
  const found: Diversion[] = [];
  for (let at = 0; at + 2 < lines.length; at += 3) {
    found.push({ from: lines[at] ?? "", to: lines[at + 1] ?? "", package: lines[at + 2] ?? "" });
  }
  return found;
}

const bins = 262_139;

/** dpkg writes diversions in the order of its table of paths: by their FNV-1a hash, in so many bins. */
function placeInHash(path: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(path.slice(1))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % bins;
}

/** The linker moved within the merged /usr (DEP 17, M8). */
function ofTheLinker(context: EffectContext): readonly Diversion[] {
  const text = scriptText(context, "libc6", "preinst") ?? "";
  const commands = text.matchAll(/^\s*dpkg-divert --quiet --add --no-rename --divert "([^"$]+)" "([^"$]+)"$/gm);
  return [...commands].map(([, to = "", from = ""]) => ({ from, to, package: "libc6" }));
}

/** Folders of libraries of other architectures, in noble all merged ones, which nothing may make anew beside /usr (DEP 17, M4). */
function ofFolders(context: EffectContext): readonly Diversion[] {
  const text = scriptText(context, "base-files", "preinst") ?? "";
  const loop =
    /^\s*for d in ([a-z0-9 ]+|\$USR_MERGE); do\n(?:\s*#.*\n)*\s*dpkg-divert --quiet --package base-files --add --no-rename --divert "?\/(\.?)\$d\.usr-is-merged"? "?\/\$d"?$/m.exec(
      text,
    );
  if (!loop) return [];
  const [, words = "", dot = ""] = loop;
  const names = words.startsWith("$") ? (/^USR_MERGE="([a-z0-9 ]+)"$/m.exec(text)?.[1] ?? "") : words;
  return [...new Set(names.split(" "))].map((folder) => ({
    from: `/${folder}`,
    to: `/${dot}${folder}.usr-is-merged`,
    package: "base-files",
  }));
}

/** Libraries that moved within the merged /usr and changed their package's name at once (DEP 17, P1). */
function ofLibraries(context: EffectContext): readonly Diversion[] {
  const text = scriptText(context, "libext2fs2t64", "preinst") ?? "";
  const loop =
    /^\s*for lib in ([^;\n$]+); do\n\s*dpkg-divert --package libext2fs2t64 --no-rename --divert "(\/[^"$]+)\$lib\.usr-is-merged" --add "\2\$lib"$/m.exec(
      text,
    );
  const [, names = "", start = ""] = loop ?? [];
  return names
    .split(" ")
    .filter((name) => name !== "")
    .map((name) => ({ from: `${start}${name}`, to: `${start}${name}.usr-is-merged`, package: "libext2fs2t64" }));
}

/** Until Debian 12 dash claims the name of the shell; since then its script takes that back on upgrades only. */
function ofShell(context: EffectContext): readonly Diversion[] {
  const text = scriptText(context, "dash", "postinst") ?? "";
  if (!/^\s*dpkg-divert --package dash --no-rename --divert \$distrib --add \$dfile$/m.test(text)) return [];
  return [
    { from: "/bin/sh", to: "/bin/sh.distrib", package: "dash" },
    { from: "/usr/share/man/man1/sh.1.gz", to: "/usr/share/man/man1/sh.distrib.1.gz", package: "dash" },
  ];
}
