// apk's database as files, as `apk add --root` of apk-tools leaves it: compared with apk's own byte for byte in the tests. What
// apk makes anew at each run is left to it (exec, the cache).

import { gunzipSync } from "node:zlib";
import { gzipMember } from "../../archive/gzip-member.ts";
import { compareBytes } from "../../core/byte-order.ts";
import type {
  ApkDatabase,
  DatabaseOptions,
  GeneratedFile,
  InstalledDatabase,
  InstalledFiles,
  InstalledPackage,
} from "../contract.ts";
import { installOrder } from "./install-order.ts";
import { formatInstalled } from "./installed.ts";
import { identityOf, stanzasIn } from "./installed-index.ts";
import { packageInfoOf, wordsOf } from "./package-info.ts";
import { formatRequirement, readDependency } from "./relation.ts";
import { formatScripts, scriptRecords, scriptsEnd } from "./scripts.ts";

/** The database files for these packages, sorted by path. */
export function formatDatabase(
  installed: readonly InstalledPackage[],
  { architecture, world = [], apkDatabase = { folder: "lib/apk", tools: 2 }, below }: DatabaseOptions,
): readonly GeneratedFile[] {
  const packages = [...installed].sort((a, b) => compareBytes(a.name, b.name));
  const { folder, tools } = below ? databaseBelow(below) : apkDatabase;
  const db = `${folder}/db`;
  const held = new Set(packages.flatMap(({ apk }) => (apk?.entries ?? []).map(({ path }) => path)));
  const folders = [...(tools === 2 ? initialFolders : []), directory("etc/apk"), directory(folder), directory(db)];
  const before = below ? readBelow(below, { db, packages }) : undefined;
  const asked = [...(before?.world ?? []), ...world];
  const kept = before?.packages ?? [];
  const byName = [...kept, ...packages.map((one) => told(one, tools))].sort((a, b) => compareBytes(a.name, b.name));
  // apk-tools 3 writes scripts and triggers in the order of names, 2 in that of installation.
  const ordered = tools === 3 ? byName : [...kept, ...installOrder(packages, world).map((one) => told(one, tools))];
  const scripts = Buffer.concat([...ordered.map((one) => one.scripts), scriptsEnd]);
  return [
    ...(before ? [] : folders.filter(({ path }) => !held.has(path))),
    ...(before ? [] : [file("etc/apk/arch", `${architecture}\n`)]),
    ...(before || tools === 3 ? [] : [file(`${db}/lock`, "", 0o600)]),
    file(
      "etc/apk/world",
      [...new Set(asked.map(spelled))]
        .sort(compareBytes)
        .map((one) => `${one}\n`)
        .join(""),
    ),
    file(`${db}/installed`, Buffer.concat(byName.map((one) => one.installed))),
    tools === 3 ? file(`${db}/scripts.tar.gz`, gzipMember(scripts)) : file(`${db}/scripts.tar`, scripts),
    file(`${db}/triggers`, ordered.map(({ triggers }) => triggers).join("")),
  ].sort((a, b) => compareBytes(a.path, b.path));
}

/** What the files of the database say of one package. */
interface Told {
  readonly name: string;
  readonly installed: Uint8Array;
  /** Records of an archive. */
  readonly scripts: Uint8Array;
  readonly triggers: string;
}

const told = (one: InstalledPackage, tools: ApkDatabase["tools"]): Told => ({
  name: one.name,
  installed: formatInstalled(one),
  scripts: formatScripts(one, tools),
  triggers: triggerLine(one),
});

/** The image below keeps its database where and as it has it. */
function databaseBelow({ files, apkFolder = "lib/apk" }: InstalledDatabase): ApkDatabase {
  return { folder: apkFolder, tools: files.has(`${apkFolder}/db/scripts.tar.gz`) ? 3 : 2 };
}

interface Below {
  /** By name. */
  readonly packages: readonly Told[];
  readonly world: readonly string[];
}

/** What the database below says of packages that are not installed anew. */
function readBelow(
  { files }: InstalledDatabase,
  { db, packages }: { readonly db: string; readonly packages: readonly InstalledPackage[] },
): Below {
  const text = (path: string): string => (files.has(path) ? Buffer.from(files.read(path)).toString("latin1") : "");
  const replaced = new Set(packages.map(({ name }) => name));
  const scripts = scriptsBelow(files, db);
  const triggers = Map.groupBy(text(`${db}/triggers`).split("\n"), (line) => line.split(" ")[0] ?? "");
  // Once apk has read its database, all of it is in the order of names.
  const kept = stanzasIn(text(`${db}/installed`))
    .map((lines) => ({ ...identityOf(lines), lines }))
    .filter(({ name }) => !replaced.has(name))
    .sort((a, b) => compareBytes(a.name, b.name));
  return {
    packages: kept.map(({ name, lines }): Told => {
      const sum = lines.find((line) => line.startsWith("C:"))?.slice(2) ?? "";
      return {
        name,
        installed: Buffer.from(`${lines.join("\n")}\n\n`, "latin1"),
        scripts: scripts.get(sum) ?? new Uint8Array(0),
        triggers: (triggers.get(sum) ?? []).map((line) => `${line}\n`).join(""),
      };
    }),
    world: text("etc/apk/world")
      .split(/\s+/)
      .filter((word) => word !== ""),
  };
}

/** Largest archive of scripts that is read, in bytes; one of Alpine's has some 100 kB. */
const maxScriptsBytes = 64 << 20;

/** Records of the archive, by checksum of their package. */
function scriptsBelow(files: InstalledFiles, db: string): ReadonlyMap<string, Uint8Array> {
  const [plain, packed] = [`${db}/scripts.tar`, `${db}/scripts.tar.gz`];
  const bytes = files.has(plain)
    ? files.read(plain)
    : files.has(packed)
      ? gunzipSync(files.read(packed), { maxOutputLength: maxScriptsBytes })
      : new Uint8Array(0);
  return scriptRecords(bytes);
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
