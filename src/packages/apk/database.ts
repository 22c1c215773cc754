// apk's database as files, as `apk add --root` of apk-tools leaves it: compared with apk's own byte for byte in the tests. What
// apk makes anew at each run is left to it (exec, the cache).

import { gzipMember } from "../../archive/gzip-member.ts";
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseOptions, GeneratedFile, InstalledPackage } from "../contract.ts";
import { installOrder } from "./install-order.ts";
import { formatInstalled } from "./installed.ts";
import { packageInfoOf, wordsOf } from "./package-info.ts";
import { formatRequirement, readDependency } from "./relation.ts";
import { formatScripts } from "./scripts.ts";

/** The database files for these packages, sorted by path. */
export function formatDatabase(
  installed: readonly InstalledPackage[],
  { architecture, world = [], apkDatabase = { folder: "lib/apk", tools: 2 } }: DatabaseOptions,
): readonly GeneratedFile[] {
  const packages = [...installed].sort((a, b) => compareBytes(a.name, b.name));
  const ordered = installOrder(packages, world);
  const { folder, tools } = apkDatabase;
  const db = `${folder}/db`;
  const held = new Set(packages.flatMap(({ apk }) => (apk?.entries ?? []).map(({ path }) => path)));
  const folders = [...(tools === 2 ? initialFolders : []), directory("etc/apk"), directory(folder), directory(db)];
  return [
    ...folders.filter(({ path }) => !held.has(path)),
    file("etc/apk/arch", `${architecture}\n`),
    file(
      "etc/apk/world",
      [...new Set(world.map(spelled))]
        .sort(compareBytes)
        .map((one) => `${one}\n`)
        .join(""),
    ),
    file(`${db}/installed`, Buffer.concat(packages.map(formatInstalled))),
    // apk-tools 3 writes scripts and triggers in the order of names, 2 in that of installation.
    ...(tools === 2
      ? [
          file(`${db}/lock`, "", 0o600),
          file(`${db}/scripts.tar`, formatScripts(ordered, tools)),
          file(`${db}/triggers`, ordered.map(triggerLine).join("")),
        ]
      : [
          file(`${db}/scripts.tar.gz`, gzipMember(formatScripts(packages, tools))),
          file(`${db}/triggers`, packages.map(triggerLine).join("")),
        ]),
  ].sort((a, b) => compareBytes(a.path, b.path));
}

/** A line of the world in apk's one spelling. */
function spelled(text: string): string {
  const found = readDependency(text);
  return typeof found === "string" ? text : `${found.refused ? "!" : ""}${formatRequirement(found.requirement)}`;
}

/** What `apk add --initdb` of apk-tools 2 makes first, beside device nodes: whoever runs the root has those. */
const initialFolders: readonly GeneratedFile[] = [
  directory("dev"),
  directory("proc", 0o555),
  directory("tmp", 0o1777),
  directory("var/cache/apk"),
  directory("var/cache/misc"),
];

/** The package by its checksum, and the folders of which it wants to know. */
function triggerLine({ control, apk }: InstalledPackage): string {
  const folders = wordsOf(packageInfoOf(control), "triggers");
  return folders.length === 0 ? "" : `${[apk?.checksum ?? "", ...folders].join(" ")}\n`;
}

function file(path: string, content: string | Uint8Array, mode = 0o644): GeneratedFile {
  return { kind: "file", path, mode, bytes: typeof content === "string" ? Buffer.from(content) : content };
}

function directory(path: string, mode = 0o755): GeneratedFile {
  return { kind: "directory", path, mode };
}
