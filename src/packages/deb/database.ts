// dpkg's database as files, as `dpkg --unpack` and `dpkg --configure` leave it: compared with dpkg's own byte for byte in the
// tests. What dpkg makes anew at each run is left to it (lock, lock-frontend, triggers/Lock, status-old).
import { encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseOptions, GeneratedFile, InstalledDatabase, InstalledPackage } from "../contract.ts";
import { hasStanzaFiles, identityOf, readStatus, statusForm } from "./installed.ts";
import { controlOf, formatStatus, textOf } from "./status.ts";

const root = "var/lib/dpkg";

/** The database files for these packages, sorted by path. */
export function formatDatabase(
  installed: readonly InstalledPackage[],
  options: DatabaseOptions,
): readonly GeneratedFile[] {
  const packages = [...installed].sort(
    (a, b) => compareBytes(a.name, b.name) || compareBytes(a.architecture, b.architecture),
  );
  const below = options.below?.files;
  const isFull = below === undefined || statusForm(below) === "status";
  const perPackage = options.perPackageStatus || (below !== undefined && hasStanzaFiles(below));
  const files = [...(isFull ? wholeDatabase(packages, options) : []), ...(perPackage ? perPackageFiles(packages) : [])];
  return files.sort((a, b) => compareBytes(a.path, b.path));
}

/** What the image below has of it stays, but for stanzas and triggers, which are put together. */
function wholeDatabase(
  packages: readonly InstalledPackage[],
  { state, architecture, below }: DatabaseOptions,
): readonly GeneratedFile[] {
  const empty = [
    ...["", "/alternatives", "/info", "/triggers", "/updates"].map((path) => directory(`${root}${path}`)),
    file("arch", `${architecture}\n`),
    // apt and `dpkg --audit` take them for empty when they are missing; dpkg's own postinst makes them.
    ...["available", "diversions", "statoverride"].map((name) => file(name, "")),
    file("info/format", "1\n"),
  ];
  return [
    ...(below === undefined ? empty : []),
    file("status", statusOf(packages, { state, below })),
    ...packages.flatMap(infoFiles),
    ...triggerFiles(packages, below),
    ...(below && state === "unpacked" ? activated(packages, below) : []),
  ];
}

/** Stanzas by name and architecture, as dpkg sorts them; those of the image below as they are. */
function statusOf(
  packages: readonly InstalledPackage[],
  { state, below }: Pick<DatabaseOptions, "state"> & { readonly below: InstalledDatabase | undefined },
): Uint8Array {
  const made = packages.map((one) => ({ ...one, bytes: formatStatus(one, state) }));
  const replaced = new Set(packages.map(({ name, architecture }) => `${name} ${architecture}`));
  const kept = (below ? readStatus(below.files) : [])
    .map(({ text, fields }) => ({ ...identityOf(fields), bytes: Buffer.from(text, "latin1") }))
    .filter(({ name, architecture }) => !replaced.has(`${name} ${architecture}`));
  const all = [...kept, ...made];
  if (kept.length > 0) {
    all.sort((a, b) => compareBytes(a.name, b.name) || compareBytes(a.architecture, b.architecture));
  }
  return Buffer.concat(all.flatMap(({ bytes }) => [bytes, Buffer.from("\n")]));
}

function infoFiles(installed: InstalledPackage): readonly GeneratedFile[] {
  const { control, paths, name } = installed;
  const stem = `info/${nameInDatabase(installed)}`;
  const rest = paths.filter((path) => path !== "/" && path !== "/.");
  const list = Buffer.concat(["/.", ...rest].map((path) => encodeName(`${path}\n`)));
  const members = control
    .filter((member) => member.name !== "control" && member.name !== "list")
    .map((member) => file(`${stem}.${member.name}`, member.bytes, { mode: member.mode, about: name }));
  return [file(`${stem}.list`, list, { about: name }), ...members];
}

/** Packages that may be there for several architectures at once carry theirs in the name (dpkg's "pnaw_nonambig"). */
export function nameInDatabase({ control, name, architecture }: InstalledPackage): string {
  return controlOf(control, name).get("multi-arch")?.value === "same" ? `${name}:${architecture}` : name;
}

/**
 * Who waits for what (deb-triggers(5)): `triggers/File` for paths, a file each for named triggers, and the empty list of
 * those that are pending.
 */
function triggerFiles(packages: readonly InstalledPackage[], below?: InstalledDatabase): readonly GeneratedFile[] {
  const before = linesBelow(packages, below);
  const ofPaths: string[] = [...before("File")];
  const ofNames = new Map<string, string[]>();
  for (const installed of packages) {
    for (const { trigger, awaits } of interestsOf(installed)) {
      const owner = `${nameInDatabase(installed)}${awaits ? "" : "/noawait"}`;
      if (trigger.startsWith("/")) ofPaths.push(`${trigger} ${owner}\n`);
      else ofNames.set(trigger, [...(ofNames.get(trigger) ?? before(trigger)), `${owner}\n`]);
    }
  }
  const named = [...ofNames].map(([trigger, owners]) => file(`triggers/${trigger}`, latin1(owners.join(""))));
  const paths = ofPaths.length > 0 ? [file("triggers/File", latin1(ofPaths.join("")))] : [];
  return [...named, ...paths, ...(below ? [] : [file("triggers/Unincorp", "")])];
}

/** What the image below has to look at because of these packages: dpkg takes it from there when it configures them. */
function activated(packages: readonly InstalledPackage[], { files }: InstalledDatabase): readonly GeneratedFile[] {
  const has = (name: string): boolean => files.has(`${root}/triggers/${name}`);
  const text = (name: string): string =>
    has(name) ? Buffer.from(files.read(`${root}/triggers/${name}`)).toString("latin1") : "";
  const named = packages.flatMap(({ control }) =>
    [...(textOf(control, "triggers") ?? "").matchAll(/^\s*activate(?:-noawait|-await)?\s+(\S+)/gm)].map(
      ([, name = ""]) => name,
    ),
  );
  const watched = text("File")
    .split("\n")
    .map((line) => line.replace(/ .*$/, ""))
    .filter((path) => path.startsWith("/"));
  const paths = packages.flatMap((one) => one.paths);
  const touched = watched.filter((watch) => paths.some((path) => path === watch || path.startsWith(`${watch}/`)));
  const all = [...new Set([...named.filter((name) => !name.includes("/") && has(name)), ...touched])];
  const before = text("Unincorp");
  return all.length === 0 ? [] : [file("triggers/Unincorp", latin1(before + all.map((one) => `${one} -\n`).join("")))];
}

/** Lines of a file of triggers in the image below, without those of packages that are installed anew. */
function linesBelow(
  packages: readonly InstalledPackage[],
  below: InstalledDatabase | undefined,
): (trigger: string) => readonly string[] {
  const owners = new Set(packages.map(nameInDatabase));
  return (trigger) => {
    const path = `${root}/triggers/${trigger}`;
    if (!below?.files.has(path)) return [];
    const lines = Buffer.from(below.files.read(path)).toString("latin1").split("\n");
    const ownerOf = (line: string): string => line.replace(/^.* /, "").replace(/\/noawait$/, "");
    return lines.filter((line) => line !== "" && !owners.has(ownerOf(line))).map((line) => `${line}\n`);
  };
}

function interestsOf({ control }: InstalledPackage): readonly { readonly trigger: string; readonly awaits: boolean }[] {
  const interests: { readonly trigger: string; readonly awaits: boolean }[] = [];
  for (const line of (textOf(control, "triggers") ?? "").split("\n")) {
    const [, noawait, trigger] = /^\s*interest(-noawait|-await)?\s+(\S+)/.exec(line) ?? [];
    // A named trigger becomes a file name: dpkg takes printable ASCII, and "/" only in front of a path.
    const isName = trigger !== undefined && /^(?:\/[!-~]*|[!-.0-~]+)$/.test(trigger) && !isReserved(trigger);
    if (isName) interests.push({ trigger, awaits: noawait !== "-noawait" });
  }
  return interests;
}

const isReserved = (trigger: string): boolean => [".", "..", "File", "Lock", "Unincorp"].includes(trigger);

/** Google's distroless images keep packages so, and scanners read it there: one stanza a file, without `status`. */
function perPackageFiles(packages: readonly InstalledPackage[]): readonly GeneratedFile[] {
  const files = packages.flatMap(({ name, control }) => {
    const member = (of: string, suffix: string): readonly GeneratedFile[] =>
      control
        .filter((one) => one.name === of)
        .map(({ bytes }) => file(`status.d/${name}${suffix}`, bytes, { about: name }));
    return [...member("control", ""), ...member("md5sums", ".md5sums")];
  });
  return [directory(`${root}/status.d`), ...files];
}

function file(
  path: string,
  content: string | Uint8Array,
  { mode = 0o644, about }: { readonly mode?: number; readonly about?: string } = {},
): GeneratedFile {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return { kind: "file", path: `${root}/${path}`, mode, bytes, ...(about !== undefined && { about }) };
}

const directory = (path: string): GeneratedFile => ({ kind: "directory", path, mode: 0o755 });
const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");
