// What has to run in an image whose apk packages are all unpacked, in the order and with the words that apk uses
// (apk-package(5), "Scripts"): each package's .pre-install and .post-install where it would be installed, then triggers with the
// folders that they wait for. Decides only; the sandbox runs it.
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type {
  GeneratedFile,
  InstalledPackage,
  ScriptCommand,
  ScriptPlan,
  ScriptPlanOptions,
  ScriptRunner,
} from "../contract.ts";
import { installOrder } from "./install-order.ts";
import { packageInfoOf, wordsOf } from "./package-info.ts";

/** Where apk puts scripts while they run. */
const folder = "lib/apk/exec";

export const apkRunner: ScriptRunner = {
  plan,
  // Each command is one script, whose exit code tells.
  failed: () => undefined,
  running: () => undefined,
  isOwnRecord: (path) => path.startsWith("lib/apk/") || path.startsWith("usr/lib/apk/"),
};

interface Script {
  readonly installed: InstalledPackage;
  readonly kind: string;
  readonly bytes: Uint8Array;
  /** After the script's own name. */
  readonly words: readonly string[];
}

/** Throws SCRIPT_UNKNOWN when there is no shell. */
function plan(installed: readonly InstalledPackage[], { has, epoch }: ScriptPlanOptions): ScriptPlan {
  const ordered = installOrder(installed, []);
  const folders = foldersOf(ordered);
  const scripts = [
    ...ordered.flatMap((one) => [
      ...scriptOf(one, ".pre-install", [one.version]),
      ...scriptOf(one, ".post-install", [one.version]),
    ]),
    ...ordered.flatMap((one) => {
      const wanted = matching(folders, wordsOf(packageInfoOf(one.control), "triggers"));
      return wanted.length === 0 ? [] : scriptOf(one, ".trigger", wanted);
    }),
  ];
  if (scripts.length > 0 && !has("bin/sh") && !has("usr/bin/sh")) throw shellMissing();
  const idle = ordered.flatMap((one) =>
    scriptOf(one, ".trigger", []).filter(
      ({ installed: of }) => !scripts.some((other) => other.installed === of && other.kind === ".trigger"),
    ),
  );
  const files = scripts.map(
    (one): GeneratedFile => ({ kind: "file", path: pathOf(one), mode: 0o755, bytes: one.bytes }),
  );
  return {
    temporary: files.length === 0 ? [] : [{ kind: "directory", path: folder, mode: 0o755 }, ...files],
    commands: scripts.map((one) => commandOf(one, epoch)),
    scripts: scripts.map((one) => ({ package: one.installed.name, script: one.kind, path: pathOf(one) })),
    needless: idle.map((one) => ({ package: one.installed.name, script: one.kind })),
  };
}

function scriptOf(installed: InstalledPackage, kind: string, words: readonly string[]): readonly Script[] {
  const member = installed.control.find(({ name }) => name === kind);
  return member === undefined ? [] : [{ installed, kind, bytes: member.bytes, words }];
}

const pathOf = ({ installed: { name, version }, kind }: Script): string => `${folder}/${name}-${version}${kind}`;

/** Nothing of the machine that builds. */
function commandOf(script: Script, epoch: number): ScriptCommand {
  const { installed, kind, words } = script;
  return {
    argv: [`/${pathOf(script)}`, ...words],
    environment: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      APK_PACKAGE: installed.name,
      APK_SCRIPT: kind.slice(1),
      SOURCE_DATE_EPOCH: String(epoch),
    },
    script: { package: installed.name, script: kind },
  };
}

/** Every folder of the packages, as triggers call them. */
function foldersOf(installed: readonly InstalledPackage[]): readonly string[] {
  const folders = new Set<string>();
  for (const { apk } of installed) {
    for (const { kind, path } of apk?.entries ?? []) if (kind === "directory") folders.add(`/${path}`);
  }
  return [...folders].sort(compareBytes);
}

/** `*` and `?` as fnmatch(3) has them with FNM_PATHNAME; a `+` in front is about upgrades. */
function matching(folders: readonly string[], globs: readonly string[]): readonly string[] {
  const patterns = globs.map((glob) => {
    const plain = glob.replace(/^\+/, "").replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`^${plain.replaceAll(/\*+/g, "[^/]*").replaceAll("?", "[^/]")}$`);
  });
  return folders.filter((path) => patterns.some((pattern) => pattern.test(path)));
}

function shellMissing(): DodaiError {
  return new DodaiError("SCRIPT_UNKNOWN", "Cannot run scripts of packages: no /bin/sh is among them", {
    fix: 'Add "busybox-binsh" or another shell to packages, or use "scripts: emulate" or "scripts: skip".',
  });
}
