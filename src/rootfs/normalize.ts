// What programs leave behind that differs from run to run, or that belongs to one machine: taken back after scripts ran, so
// that the same packages give the same bits. Each rule has its reason; what no rule names stays as the scripts left it.
//
// The measure is what mmdebstrap and debuerreotype take back too. Like them it keeps what is the same every time: empty
// lock files of dpkg and passwd(5), and the passwd(5) tools' copies `passwd-` and `group-`.
import type { Entry } from "../archive/entry.ts";
import { unreachable } from "../core/unreachable.ts";
import type { MadeEntry } from "./change.ts";
import { compileGlob } from "./glob.ts";
import { clampKeystoreDates } from "./java-keystore.ts";

/** One thing that is not kept as it was left. */
export interface NormalizeRule {
  readonly name: string;
  readonly reason: string;
  /** Globs of absolute paths. */
  readonly paths: readonly string[];
  /** `drop`: the change is forgotten, and what packages hold there stays. Directories are never dropped. */
  readonly action:
    | { readonly kind: "drop" }
    | { readonly kind: "empty" }
    | { readonly kind: "rewrite"; readonly rewrite: (bytes: Uint8Array, epoch: number) => Uint8Array };
}

export const normalizeRules: readonly NormalizeRule[] = [
  {
    name: "logs",
    reason: "they say when, and by what, the image was made",
    paths: [
      ...["/var/log/dpkg.log", "/var/log/alternatives.log", "/var/log/bootstrap.log", "/var/log/apt/*"],
      ...["/var/log/yum.log", "/var/log/dnf*.log*", "/var/log/hawkey.log*"],
      ...["/var/lib/yum/history/*", "/var/lib/dnf/history.sqlite*"],
      "/usr/lib/sysimage/libdnf5/transaction_history.sqlite*",
    ],
    action: { kind: "drop" },
  },
  {
    name: "linker-aux-cache",
    reason: "it holds inode numbers and times of libraries; ldconfig makes it anew",
    paths: ["/var/cache/ldconfig/aux-cache"],
    action: { kind: "drop" },
  },
  {
    name: "previous-databases",
    reason: "the state before the last write tells in which steps the image was made, not what it is",
    paths: ["/var/cache/debconf/*-old", "/var/lib/dpkg/*-old"],
    action: { kind: "drop" },
  },
  {
    name: "machine-id",
    reason: "an image that many machines start from has none, and an empty file asks for one at boot (machine-id(5))",
    paths: ["/etc/machine-id"],
    action: { kind: "empty" },
  },
  {
    name: "machine-secrets",
    reason: "made from chance for one machine; in an image that many start from they would be no secret",
    paths: [
      // OpenLDAP's database of its own certificates, and the password of it.
      ...["/etc/openldap/certs/*.db", "/etc/openldap/certs/password"],
      "/etc/ssh/ssh_host_*_key",
      "/etc/ssh/ssh_host_*_key.pub",
      "/etc/ssl/certs/ssl-cert-snakeoil.pem",
      "/etc/ssl/private/ssl-cert-snakeoil.key",
      "/var/lib/dbus/machine-id",
      "/var/lib/systemd/credential.secret",
      "/var/lib/systemd/random-seed",
      "/var/lib/yum/uuid",
    ],
    action: { kind: "drop" },
  },
  {
    name: "rebuilt-caches",
    reason: "they hold times or inode numbers, and their programs make them anew",
    paths: [
      "/var/cache/apt/*.bin",
      "/var/cache/dnf/**",
      "/var/cache/libdnf5/**",
      "/var/cache/yum/**",
      "/var/lib/yum/rpmdb-indexes/*",
      "/var/cache/fontconfig/*",
      "/var/cache/man/**",
      "/var/lib/systemd/catalog/database",
      "/etc/.updated",
      "/var/.updated",
    ],
    action: { kind: "drop" },
  },
  {
    name: "short-lived",
    reason: "what is there is gone after a boot, and tells of the scripts' own run",
    paths: ["/run/**", "/tmp/**", "/var/tmp/**"],
    action: { kind: "drop" },
  },
  {
    name: "password-dates",
    reason: "the day of a password's last change would be the day of the build (shadow(5), third field)",
    paths: ["/etc/shadow", "/etc/shadow-"],
    action: { kind: "rewrite", rewrite: clampPasswordDates },
  },
  {
    name: "java-keystore",
    reason: "each certificate would have the moment at which it was added",
    paths: ["/etc/ssl/certs/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts"],
    action: { kind: "rewrite", rewrite: clampKeystoreDates },
  },
];

const compiled = normalizeRules.map((rule) => ({ rule, globs: rule.paths.map(compileGlob) }));

/** The rule for a path without leading `/`. */
export function normalizeRuleFor(path: string): NormalizeRule | undefined {
  return compiled.find(({ globs }) => globs.some((matches) => matches(path)))?.rule;
}

export interface NormalizedChange {
  readonly kept: readonly MadeEntry[];
  /** What was forgotten, for the ledger. */
  readonly dropped: readonly { readonly path: string; readonly rule: string }[];
}

export interface NormalizeOptions {
  /** Seconds since 1970: the build's one time, which everything has that scripts made. */
  readonly epoch: number;
  /** What lay at a path before scripts ran. */
  readonly before: (path: string) => Entry | undefined;
  /** What somebody put into /run, /tmp and /var/tmp on purpose stays. */
  readonly keepsShortLived?: boolean;
}

/**
 * Takes back, in what scripts made or changed, what a rule names. Times become the build's: when a script ran, and in which
 * second, is nobody's business. Folders whose time alone is new have not changed.
 */
export function normalizeChange(
  made: readonly MadeEntry[],
  { epoch, before, keepsShortLived = false }: NormalizeOptions,
): NormalizedChange {
  const kept: MadeEntry[] = [];
  const dropped: { readonly path: string; readonly rule: string }[] = [];
  for (const one of made) {
    const { entry } = one;
    if (entry.kind === "directory") {
      if (!isSameFolder(entry, before(entry.path))) kept.push(atTime(one, epoch));
      continue;
    }
    const found = normalizeRuleFor(entry.path);
    const rule = keepsShortLived && found?.name === "short-lived" ? undefined : found;
    const result = rule ? applied(rule, one, epoch) : one;
    if (result) kept.push(atTime(result, epoch));
    else dropped.push({ path: entry.path, rule: rule?.name ?? "" });
  }
  return { kept, dropped };
}

/** Whether a folder is as it was, but for its time. */
export function isSameFolder(entry: Entry, before: Entry | undefined): boolean {
  return (
    before?.kind === "directory" &&
    before.mode === entry.mode &&
    before.uid === entry.uid &&
    before.gid === entry.gid &&
    before.xattrs.size === entry.xattrs.size &&
    [...entry.xattrs].every(
      ([name, value]) => Buffer.compare(value, before.xattrs.get(name) ?? new Uint8Array(0)) === 0,
    )
  );
}

/** `undefined` for what is dropped. Links and devices have no content to change. */
function applied({ action }: NormalizeRule, one: MadeEntry, epoch: number): MadeEntry | undefined {
  if (action.kind === "drop") return one.entry.kind === "symlink" && isKeptLink(one.entry.path) ? one : undefined;
  if (one.entry.kind !== "file" || one.bytes === undefined) return one;
  switch (action.kind) {
    case "empty":
      return withBytes(one, new Uint8Array(0));
    case "rewrite":
      return withBytes(one, action.rewrite(one.bytes, epoch));
    default:
      return unreachable(action);
  }
}

/** dbus links to /etc/machine-id: the link is the same on every machine. */
const isKeptLink = (path: string): boolean => path === "var/lib/dbus/machine-id";

function withBytes(one: MadeEntry, bytes: Uint8Array): MadeEntry {
  return one.entry.kind === "file" ? { entry: { ...one.entry, sizeBytes: bytes.byteLength }, bytes } : one;
}

const atTime = (one: MadeEntry, epoch: number): MadeEntry => ({ ...one, entry: { ...one.entry, mtime: epoch } });

const secondsPerDay = 86_400;

/** Days of last change later than the build's time become its day. */
export function clampPasswordDates(bytes: Uint8Array, epoch: number): Uint8Array {
  const today = Math.floor(epoch / secondsPerDay);
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const clamped = lines.map((line) => {
    const fields = line.split(":");
    const day = fields[2];
    if (day === undefined || !/^\d+$/.test(day) || Number(day) <= today) return line;
    return fields.with(2, String(today)).join(":");
  });
  return Buffer.from(clamped.join("\n"), "latin1");
}
