// dpkg's database as files, as `dpkg --unpack` and `dpkg --configure` leave it: compared with dpkg's own byte for byte in the
// tests. What dpkg makes anew at each run is left to it (lock, lock-frontend, triggers/Lock, status-old).
import { encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseOptions, GeneratedFile, InstalledPackage } from "../contract.ts";
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
  const statuses = packages.map((one) => formatStatus(one, options.state));
  const files = [
    ...["", "/alternatives", "/info", "/triggers", "/updates"].map((path) => directory(`${root}${path}`)),
    file("arch", `${options.architecture}\n`),
    // apt and `dpkg --audit` take them for empty when they are missing; dpkg's own postinst makes them.
    ...["available", "diversions", "statoverride"].map((name) => file(name, "")),
    file("info/format", "1\n"),
    file("status", Buffer.concat(statuses.flatMap((status) => [status, Buffer.from("\n")]))),
    ...packages.flatMap(infoFiles),
    ...triggerFiles(packages),
    ...(options.perPackageStatus ? perPackageFiles(packages) : []),
  ];
  return files.sort((a, b) => compareBytes(a.path, b.path));
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
function triggerFiles(packages: readonly InstalledPackage[]): readonly GeneratedFile[] {
  const ofPaths: string[] = [];
  const ofNames = new Map<string, string[]>();
  for (const installed of packages) {
    for (const { trigger, awaits } of interestsOf(installed)) {
      const owner = `${nameInDatabase(installed)}${awaits ? "" : "/noawait"}`;
      if (trigger.startsWith("/")) ofPaths.push(`${trigger} ${owner}\n`);
      else ofNames.set(trigger, [...(ofNames.get(trigger) ?? []), `${owner}\n`]);
    }
  }
  const named = [...ofNames].map(([trigger, owners]) => file(`triggers/${trigger}`, latin1(owners.join(""))));
  const paths = ofPaths.length > 0 ? [file("triggers/File", latin1(ofPaths.join("")))] : [];
  return [...named, ...paths, file("triggers/Unincorp", "")];
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
