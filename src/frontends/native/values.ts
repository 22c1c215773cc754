// The small languages inside a recipe's strings. Each parser throws RECIPE_SYNTAX without a place; who calls adds it.
import { posix } from "node:path";
import { DodaiError } from "../../core/dodai-error.ts";
import { parseImageName } from "../../core/image-name.ts";

function refusal(what: string, state: string, fix?: string): DodaiError {
  return new DodaiError("RECIPE_SYNTAX", `Cannot read ${what}: ${state}`, fix === undefined ? {} : { fix });
}

/** `debian:trixie`, or `scratch` for none. */
export function parseDistribution(text: string): { readonly name: string; readonly release: string } {
  if (text === "scratch") return { name: text, release: "" };
  const [, name, release] = /^([a-z][a-z0-9-]*):([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(text) ?? [];
  if (name !== undefined && release !== undefined) return { name, release };
  throw refusal(
    `distribution "${text}"`,
    "it is not NAME:RELEASE",
    'Write the name, a colon and the release, as in "debian:trixie".',
  );
}

/** `20261101T000000Z`, `20261101` or `2026-11-01`, as the first form. */
export function parseSnapshot(text: string): string {
  const found = /^(\d{4})-?(\d{2})-?(\d{2})(?:T(\d{2}):?(\d{2}):?(\d{2})Z)?$/.exec(text);
  if (found) {
    const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00"] = found;
    const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    const stamp = `${year}${month}${day}T${hour}${minute}${second}Z`;
    if (!Number.isNaN(date.getTime()) && date.toISOString().replace(/[-:]|\.000/g, "") === stamp) return stamp;
  }
  throw refusal(`snapshot "${text}"`, "it is not a date", 'Write it as "2026-11-01" or "20261101T000000Z".');
}

/** What is asked for, apart from the version it must have. */
export interface ParsedRequest {
  readonly name: string;
  readonly request: string;
  readonly exclude: boolean;
}

/** Of rpm also `@group`, `@^environment`, `/usr/bin/file`, `font(:lang=de)`, and globs. */
const packageName = "(?:[A-Za-z0-9_*?[/]|@\\^?[A-Za-z0-9])[A-Za-z0-9+._:@/*?()[\\]-]*";
/** rpm's boolean relations. */
const richForm = /^\([^\p{Cc}]+\)$/u;
const requestForm = new RegExp(`^(${packageName})\\s*(?:(>=|<=|>>|<<|>|<|=|~)\\s*([A-Za-z0-9][A-Za-z0-9.+:~_^-]*))?$`);
const excludeForm = new RegExp(`^!\\s*(${packageName})$`);

/** `name`, `name>=1`, `!name`. White space around the parts is dropped. */
export function parsePackageRequest(text: string): ParsedRequest {
  if (richForm.test(text)) return { name: text, request: text, exclude: false };
  const [, excluded] = excludeForm.exec(text) ?? [];
  if (excluded !== undefined) return { name: excluded, request: excluded, exclude: true };
  const [, name, operator = "", version = ""] = requestForm.exec(text) ?? [];
  if (name !== undefined) return { name, request: `${name}${operator}${version}`, exclude: false };
  throw refusal(
    `package request "${text}"`,
    "it is not a package with or without a version",
    'Write "NAME", "NAME>=VERSION", "NAME=VERSION", or "!NAME" for a package that must stay out.',
  );
}

/** Octal digits of a file mode: `"0644"`, `"1777"`. */
export function parseMode(text: string): number {
  if (/^[0-7]{3,5}$/.test(text) && Number.parseInt(text, 8) <= 0o7777) return Number.parseInt(text, 8);
  throw refusal(`mode "${text}"`, "it is not three or four octal digits", 'Write it as "0644" or "0755".');
}

/** A path in the image, `/etc/motd`, as `etc/motd`. */
export function parseImagePath(text: string): string {
  const path = text.slice(1);
  if (!text.startsWith("/")) {
    throw refusal(`path "${text}"`, "it is relative, and paths in the image are absolute", `Write "/${text}".`);
  }
  if (path === "" || hasControls(path) || posix.normalize(path) !== path || /^\.\.?(?:\/|$)|\/$/.test(path)) {
    throw refusal(
      `path "${text}"`,
      'it is not a plain absolute path without ".", "..", "//" or a "/" at its end',
      'Write the whole path, as in "/etc/motd".',
    );
  }
  return path;
}

/** Globs of absolute paths: `/usr/share/doc/**`. */
export function parseGlob(text: string): string {
  if (/^\/[^/]/.test(text) && !hasControls(text) && !/(?:^|\/)\.\.?(?:\/|$)|\/\/|\/$/.test(text)) return text;
  throw refusal(
    `glob "${text}"`,
    'it is not an absolute path, with or without "*", "?" and "**"',
    'Write it as in "/usr/share/doc/**".',
  );
}

/** `8080`, `8080/tcp`, `53/udp` (OCI image-spec config.md, ExposedPorts). */
export function parsePort(text: string): string {
  const [, port] = /^([1-9]\d{0,4})(?:\/(?:tcp|udp|sctp))?$/.exec(text) ?? [];
  if (port !== undefined && Number(port) <= 65535) return text;
  throw refusal(`port "${text}"`, "it is not a port with or without a protocol", 'Write it as "8080" or "53/udp".');
}

/** `SIGTERM`, `SIGRTMIN+3`, `15` (OCI image-spec config.md, StopSignal). */
export function parseStopSignal(text: string): string {
  if (/^(?:SIG[A-Z][A-Z0-9]*(?:[+-]\d{1,2})?|[1-9]\d?)$/.test(text)) return text;
  throw refusal(`stop signal "${text}"`, "it is not the name of a signal", 'Write it as "SIGTERM".');
}

/** An absolute path that need not be clean: a home directory, a working directory, a volume, a shell. */
export function parseAbsolutePath(text: string): string {
  if (text.startsWith("/") && !hasControls(text) && !text.includes(":")) return text;
  throw refusal(`path "${text}"`, "it is not an absolute path", "Write the whole path, beginning with a slash.");
}

/** A user or group name as useradd(8) takes it. */
export function parseAccountName(text: string): string {
  if (/^[a-z_][a-z0-9_-]{0,30}\$?$/.test(text)) return text;
  throw refusal(
    `account name "${text}"`,
    "it is not a name that useradd(8) takes",
    'Use small letters, digits, "_" and "-"; the first is a letter or "_".',
  );
}

/** The name of a certificate, which becomes part of a file name. */
export function parseCertificateName(text: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(text)) return text;
  throw refusal(`name "${text}"`, 'it is not made of letters, digits, "_", "." and "-", or begins with a dot');
}

/** Where a repository lies: a URL, or a folder, absolute or relative to the recipe. */
export function parseRepositoryUrl(text: string): string {
  if (/^(?:\/|\.\.?(?:\/|$))/.test(text) && !hasControls(text)) return text;
  // rpm's lists of mirrors: metalink+https://...
  const url = URL.parse(text.replace(/^(?:metalink|mirrorlist)\+(?=https?:)/, ""));
  if (url && ["http:", "https:", "file:"].includes(url.protocol) && !hasControls(text)) return text;
  throw refusal(
    `repository URL "${text}"`,
    "it is not a URL that starts with https://, http:// or file://, and no path",
    'Write a URL, or a folder as in "./packages" or "/srv/packages".',
  );
}

/** An image: a path, absolute or relative to the recipe, maybe with a tag or digest behind it; or a name. */
export function parseBaseImage(text: string): string {
  if (/^(?:\/|\.\.?\/)/.test(text) && !hasControls(text)) return text;
  parseImageName(text);
  return text;
}

/** A file beside a root tarball: a URL, a path as in `parseRepositoryUrl`, or a name relative to the tarball's folder. */
export function parseSourcePlace(text: string): string {
  const isName = /^[A-Za-z0-9_{]/.test(text) && !/^[a-z][a-z0-9+.-]*:/i.test(text);
  const isPlain = !hasControls(text) && !text.split("/").some((part) => part === "" || part === "." || part === "..");
  return isName && isPlain ? text : parseRepositoryUrl(text);
}

/** Of an OpenPGP key: 40 or 64 hex digits, maybe with blanks between them. */
export const isFingerprint = (text: string): boolean =>
  /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/i.test(text.replaceAll(" ", ""));

/** Hex digits of a sum, in lower case. */
export function parseSum(text: string, digits: number): string {
  if (text.length === digits && /^[0-9a-fA-F]*$/.test(text)) return text.toLowerCase();
  throw refusal(`sum "${text}"`, `it has not ${digits} hex digits`, "Write the sum as sha256sum(1) tells it.");
}

/** A regular expression, as JavaScript has them. */
export function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, "m");
  } catch (cause) {
    throw refusal(`pattern "${text}"`, `it is no regular expression (${(cause as Error).message})`);
  }
}

/** Text of one line, without control characters: a comment, a suite, a label's name. */
export function parseLine(text: string): string {
  if (!hasControls(text) && text !== "") return text;
  throw refusal("a value", "it is empty or has control characters, and must be one line of text");
}

/** The comment field of passwd(5): a line without colons. */
export function parseComment(text: string): string {
  if (!hasControls(text) && !text.includes(":")) return text;
  throw refusal(`comment "${text}"`, "it has a colon or control characters, which /etc/passwd cannot hold");
}

/** A variable's name; POSIX forbids only "=" and NUL. */
export function parseVariableName(text: string): string {
  if (text !== "" && !text.includes("=") && !hasControls(text)) return text;
  throw refusal(`variable name "${text}"`, 'it is empty, or has "=" or control characters');
}

/** `locked`, or what crypt(3) makes of a password (crypt(5)). */
export function parsePassword(text: string): string {
  if (text === "locked" || /^\$[0-9a-z]+\$[^:\s\\!*]{10,}$/.test(text)) return text;
  throw refusal(
    "password",
    "it is no hash of crypt(3), and passwords themselves are not taken",
    'Write "locked", or what "openssl passwd -6" makes of it: "$6$...".',
  );
}

/** A program by its path in the image, maybe with arguments, as behind `#!`. */
export function parseInterpreter(text: string): string {
  if (/^\/[^\s]+(?: +[^\s]+)*$/.test(text) && !hasControls(text)) return text;
  throw refusal(`interpreter "${text}"`, "it is not an absolute path", 'Write it as in "/usr/bin/python3".');
}

/** A unit of systemd; one without a suffix is a service. */
export function parseUnit(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*$/.test(text)) return text;
  throw refusal(`unit "${text}"`, "it is not the name of a unit", 'Write it as in "sshd.service".');
}

/** Part of rpm's `%_install_langs`. */
export function parseLanguage(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9_.@-]*$/.test(text)) return text;
  throw refusal(`language "${text}"`, "it is not the name of a language", 'Write it as in "en" or "de_DE".');
}

/** `en_US.UTF-8`, `C.UTF-8`, `de_DE@euro`. */
export function parseLocale(text: string): string {
  if (/^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9-]+)?(?:@[A-Za-z0-9]+)?$/.test(text)) return text;
  throw refusal(`locale "${text}"`, "it is not the name of a locale", 'Write it as in "en_US.UTF-8".');
}

/** `Etc/UTC`: a path below /usr/share/zoneinfo. */
export function parseTimezone(text: string): string {
  if (/^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/.test(text)) return text;
  throw refusal(`time zone "${text}"`, "it is not the name of a zone", 'Write it as in "Europe/Berlin".');
}

/** `us`, `de-latin1-nodeadkeys`. */
export function parseKeymap(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.,-]*$/.test(text)) return text;
  throw refusal(`keymap "${text}"`, "it is not the name of a keymap", 'Write it as in "us".');
}

/** hostname(7): labels with dots between them. */
export function parseHostname(text: string): string {
  const isLabel = (label: string): boolean => /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label);
  if (text.length <= 64 && text.split(".").every(isLabel)) return text;
  throw refusal(
    `host name "${text}"`,
    "it is not made of labels of letters, digits and hyphens, 64 characters in all",
    'Write it as in "build.example".',
  );
}

/** What outputs are named after: parts of letters, digits, ".", "_", "-" and ":", with "/" between them. */
export function parseRecipeName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._:-]*(?:\/[A-Za-z0-9][A-Za-z0-9._:-]*)*$/.test(text)) return text;
  throw refusal(
    `name "${text}"`,
    'it is not made of letters, digits, ".", "_", "-", ":" and "/"',
    'Write it as in "team/base".',
  );
}

const hasControls = (text: string): boolean => /\p{Cc}/u.test(text);
