// What has to run in an image whose packages are all unpacked, so that dpkg in it calls them installed: the steps of
// Debian Policy 6.6 that unpacking left out (preinst), then one `dpkg --configure -a`, which orders the rest by itself.
// Decides only; the sandbox runs it. `configure-output.ts` reads what the commands say.
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { GeneratedFile, InstalledPackage, ScriptCommand, ScriptPlan, ScriptPlanOptions } from "../contract.ts";
import { nameInDatabase } from "./database.ts";
import { fieldOf } from "./deb822.ts";
import { parseProvides, parseRelations } from "./relation.ts";
import { controlOf, textOf } from "./status.ts";

/** Throws SCRIPT_UNKNOWN when no dpkg is there to do it; CONTROL_SYNTAX, RELATION_SYNTAX, PACKAGE_BROKEN. */
export function configurePlan(installed: readonly InstalledPackage[], options: ScriptPlanOptions): ScriptPlan {
  if (installed.length === 0) return { temporary: [], commands: [], scripts: [], needless: [] };
  const dpkg = [...installed, ...(options.below?.packages ?? [])].find(({ name }) => name === "dpkg");
  if (!dpkg) {
    throw new DodaiError(
      "SCRIPT_UNKNOWN",
      "Cannot run maintainer scripts: dpkg, which runs them, is not among the packages",
      { fix: 'Add "dpkg" to packages, or use "scripts: emulate" or "scripts: skip".' },
    );
  }
  const common = environmentOf(options.epoch);
  const preinsts = preinstOrder(installed);
  const command = (one: InstalledPackage): ScriptCommand => preinstCommand(one, installed, { dpkg, common });
  const base = baseOf(installed);
  const late = preinsts.filter((one) => !base.has(one));
  // What is outside the base may rely on a base that is configured (Debian Policy 3.8); inside it scripts may not.
  const baseFirst = late.length > 0 ? [configureCommand([...base].map(nameInDatabase), common)] : [];
  return {
    temporary: temporaryFiles(options.has),
    commands: [
      ...preinsts.filter((one) => base.has(one)).map(command),
      ...baseFirst,
      ...late.map(command),
      configureCommand(["-a"], common),
    ],
    scripts: [
      ...preinsts.map((one) => scriptOf(one, "preinst")),
      ...installed.filter(({ control }) => hasScript(control, "postinst")).map((one) => scriptOf(one, "postinst")),
    ],
    needless: installed
      .filter((one) => hasScript(one.control, "preinst") && isForUpgrades(one))
      .map(({ name }) => ({ package: name, script: "preinst" })),
  };
}

/** Nothing of the machine that builds: no locale, no proxy, no terminal, nobody to ask. Hash tables keep one order. */
function environmentOf(epoch: number): Readonly<Record<string, string>> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C.UTF-8",
    DEBIAN_FRONTEND: "noninteractive",
    DEBCONF_NONINTERACTIVE_SEEN: "true",
    SOURCE_DATE_EPOCH: String(epoch),
    PERL_HASH_SEED: "0",
    PYTHONHASHSEED: "0",
  };
}

/**
 * On file descriptor 3, which leads where standard output does, dpkg says what it is at, package by package. It closes that
 * descriptor for scripts, so that standard output itself would be lost to them. Syncing to disk would be for nothing, and so
 * would what comes after the first failure.
 */
function configureCommand(which: readonly string[], environment: ScriptCommand["environment"]): ScriptCommand {
  const options = ["--force-unsafe-io", "--abort-after=1", "--status-fd", "3", "--configure"];
  return { argv: ["/bin/sh", "-c", 'exec /usr/bin/dpkg "$@" 3>&1', "dpkg", ...options, ...which], environment };
}

/** The environment that dpkg gives scripts: dpkg(1), "ENVIRONMENT", "Internal environment". */
function preinstCommand(
  one: InstalledPackage,
  installed: readonly InstalledPackage[],
  {
    dpkg,
    common,
  }: { readonly dpkg: Pick<InstalledPackage, "version">; readonly common: Readonly<Record<string, string>> },
): ScriptCommand {
  return {
    argv: [`/var/lib/dpkg/info/${nameInDatabase(one)}.preinst`, "install"],
    environment: {
      ...common,
      DPKG_ADMINDIR: "/var/lib/dpkg",
      DPKG_ROOT: "",
      DPKG_RUNNING_VERSION: upstreamVersion(dpkg.version),
      DPKG_MAINTSCRIPT_PACKAGE: one.name,
      DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT: String(installed.filter((other) => other.name === one.name).length),
      DPKG_MAINTSCRIPT_ARCH: one.architecture,
      DPKG_MAINTSCRIPT_NAME: "preinst",
      DPKG_MAINTSCRIPT_DEBUG: "0",
      // dpkg wants symbols resolved at once, since a preinst may replace libraries; debconf learns here whose script it is.
      PERL_DL_NONLAZY: "1",
      DEBCONF_PACKAGE: one.name,
    },
    script: { package: one.name, script: "preinst" },
  };
}

const upstreamVersion = (version: string): string => version.replace(/^\d+:/, "").replace(/-[^-]*$/, "");

/** Services are not to start: invoke-rc.d(8) asks this program, and 101 forbids. */
function temporaryFiles(has: (path: string) => boolean): readonly GeneratedFile[] {
  const path = "usr/sbin/policy-rc.d";
  return has(path) ? [] : [{ kind: "file", path, mode: 0o755, bytes: Buffer.from("#!/bin/sh\nexit 101\n") }];
}

const hasScript = (control: InstalledPackage["control"], script: string): boolean =>
  control.some(({ name }) => name === script);

const scriptOf = (one: InstalledPackage, script: string): ScriptPlan["scripts"][number] => ({
  package: one.name,
  script,
  path: `var/lib/dpkg/info/${nameInDatabase(one)}.${script}`,
});

/** base-passwd makes the accounts that all others name; then each after what it pre-depends on, by name. */
function preinstOrder(installed: readonly InstalledPackage[]): readonly InstalledPackage[] {
  const sorted = [...installed].sort((a, b) => firstly(a) - firstly(b) || compareBytes(a.name, b.name));
  const providers = providersOf(sorted);
  const done = new Set<InstalledPackage>();
  const order: InstalledPackage[] = [];
  const visit = (one: InstalledPackage): void => {
    if (done.has(one)) return;
    done.add(one);
    // Accounts come before all else, whatever base-passwd's own preinst may one day want.
    const needed = one.name === "base-passwd" ? [] : neededBy(one, ["Pre-Depends"]);
    for (const other of needed.flatMap((name) => providers.get(name) ?? [])) visit(other);
    if (hasScript(one.control, "preinst") && !isForUpgrades(one)) order.push(one);
  };
  for (const one of sorted) visit(one);
  return order;
}

const firstly = ({ name }: InstalledPackage): number => (name === "base-passwd" ? 0 : 1);

/** Every name that these relations of a package mention. */
function neededBy({ control, name }: InstalledPackage, fields: readonly string[]): readonly string[] {
  const stanza = controlOf(control, name);
  return fields.flatMap((field) =>
    parseRelations(fieldOf(stanza, field) ?? "", "depends", {
      what: `${field} of "${name}"`,
      architecture: "any",
    }).flatMap(({ anyOf }) => anyOf.map((wanted) => wanted.name)),
  );
}

function providersOf(installed: readonly InstalledPackage[]): ReadonlyMap<string, readonly InstalledPackage[]> {
  const providers = new Map<string, InstalledPackage[]>();
  for (const one of installed) {
    const value = fieldOf(controlOf(one.control, one.name), "Provides") ?? "";
    const provided = parseProvides(value, { what: `Provides of "${one.name}"`, architecture: "any" });
    for (const name of [one.name, ...provided.map((provide) => provide.name)]) {
      providers.set(name, [...(providers.get(name) ?? []), one]);
    }
  }
  return providers;
}

/** What any system has (Debian Policy 2.5) and scripts of the rest take for granted, with all that it depends on. */
function baseOf(installed: readonly InstalledPackage[]): ReadonlySet<InstalledPackage> {
  const providers = providersOf(installed);
  const found = new Set<InstalledPackage>();
  const todo = installed.filter(isBase);
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    todo.push(...neededBy(one, ["Pre-Depends", "Depends"]).flatMap((name) => providers.get(name) ?? []));
  }
  return new Set(installed.filter((one) => found.has(one)));
}

function isBase({ control, name }: InstalledPackage): boolean {
  const stanza = controlOf(control, name);
  return (
    fieldOf(stanza, "Essential") === "yes" || ["required", "important"].includes(fieldOf(stanza, "Priority") ?? "")
  );
}

/** Lines that do nothing unless an older version was there: dpkg-maintscript-helper(1) looks for one first. */
const upgradeLine =
  /^\s*(?:#.*|set -e[u]?|exit 0|dpkg-maintscript-helper (?:rm_conffile|mv_conffile|symlink_to_dir|dir_to_symlink) [^;&|`$]* -- "\$@")?\s*$/;

function isForUpgrades({ control }: InstalledPackage): boolean {
  return (textOf(control, "preinst") ?? "").split("\n").every((line) => upgradeLine.test(line));
}
