// Programs of the system that packages' scripts call: units, the linker's cache, labels, and what speaks to a system that runs,
// which an image is not.
import type { Platform } from "../../core/platform.ts";
import { alternatives } from "./alternatives.ts";
import { installInfo } from "./install-info.ts";
import { enableByPreset } from "./presets.ts";
import type { RootFiles } from "./root-files.ts";
import type { Call, Program } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

const done: Program = () => 0;

export const systemPrograms = (platform: Platform): ReadonlyMap<string, Program> =>
  new Map([...known, ["uname", ({ words }) => uname(words, platform)]]);

/** What they would do comes to nothing in an image, or dodai does it once after all scripts. */
const known: ReadonlyMap<string, Program> = new Map<string, Program>([
  // The effect ld.so.cache.
  ["ldconfig", ({ words }) => (words.every((word) => /^-[XnNv]$/.test(word)) ? 0 : failing("ldconfig with words"))],
  // Labels: without SELinux there are none.
  ["restorecon", done],
  ["chcon", done],
  ["fixfiles", done],
  ["selinuxenabled", () => 1],
  // A kernel and services that run.
  ["systemd-sysctl", done],
  ["udevadm", done],
  ["telinit", done],
  // Of openldap: keys and certificates from chance, which no image has (the rule machine-secrets).
  ["create-certdb.sh", done],
  // Of rpm: it looks for leftovers of another version's database, and a new one has none.
  ["rpmdb_stat", () => 1],
  ["install-info", installInfo],
  ["ginstall-info", installInfo],
  ["alternatives", alternatives],
  ["update-alternatives", alternatives],
  ["systemctl", systemctl],
  ["systemd-update-helper", updateHelper],
]);

function failing(what: string): never {
  throw notUnderstood(what);
}

function systemctl({ words, files }: Call): number {
  const { has, rest } = optionsOf(words, {
    flags: ["no-reload", "quiet", "q", "global", "user", "system", "now", "no-warn"],
    values: [],
  });
  const [verb = "", ...units] = rest;
  // Nobody runs in an image: systemctl leaves such words alone.
  if (["daemon-reload", "daemon-reexec", "try-restart", "reload-or-try-restart", "kill"].includes(verb)) return 0;
  if (verb !== "preset" || has.has("user") || has.has("now")) throw notUnderstood(`systemctl ${verb}`);
  return presetAll(files, units, has.has("global"));
}

/** systemd's own helper for the macros of spec files. */
function updateHelper({ words: [verb = "", ...units], files }: Call): number {
  switch (verb) {
    case "install-system-units":
      return presetAll(files, units, false);
    case "install-user-units":
      return presetAll(files, units, true);
    case "system-reload":
    case "user-reload":
    case "system-reload-restart":
    case "user-reload-restart":
    case "mark-restart-system-units":
    case "mark-restart-user-units":
      return 0;
    default:
      throw notUnderstood(`systemd-update-helper ${verb}`);
  }
}

function presetAll(files: RootFiles, units: readonly string[], isGlobal: boolean): number {
  for (const unit of units) enableByPreset(files, unit, isGlobal ? "user" : "system");
  return 0;
}

/** As Linux calls processors. What a kernel says of itself is that of the machine that builds. */
const machines: Readonly<Record<string, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
  ppc64le: "ppc64le",
  s390x: "s390x",
  riscv64: "riscv64",
};

function uname(
  words: readonly string[],
  { architecture }: Platform,
): { readonly status: number; readonly output: string } {
  const asked = words.join(" ");
  const output = asked === "" || asked === "-s" ? "Linux" : /^-[mip]$/.test(asked) ? machines[architecture] : undefined;
  if (output === undefined) throw notUnderstood(`uname ${asked}`);
  return { status: 0, output: `${output}\n` };
}
