// User names and passwords for hosts: ~/.netrc as ftp(1) and curl read it, with the `machine` of apt_auth.conf(5), which may
// also name a scheme, a port and a path.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import type { Environment } from "./proxy.ts";

export interface Credentials {
  readonly login: string;
  readonly password: string;
}

interface Machine extends Credentials {
  /** `undefined`: any scheme, port or path. Without a host: every host (`default`). */
  readonly scheme: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly path: string;
}

export interface Netrc {
  /** The first entry that fits, as in the file's order. */
  credentialsFor(url: URL): Credentials | undefined;
}

export const emptyNetrc: Netrc = { credentialsFor: () => undefined };

/** The file that `NETRC` names, else `.netrc` in `HOME`; nothing when it is not there. Throws USAGE. */
export async function readNetrc(environment: Environment): Promise<Netrc> {
  const { NETRC: named, HOME: home } = environment;
  const file = named || (home ? join(home, ".netrc") : undefined);
  if (file === undefined) return emptyNetrc;
  try {
    return parseNetrc(await readFile(file, "utf8"), file);
  } catch (error) {
    if (error instanceof DodaiError) throw error;
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (!named && ["ENOENT", "ENOTDIR", "EACCES"].includes(code)) return emptyNetrc;
    const fix = "Make it readable, or unset NETRC.";
    throw new DodaiError("USAGE", `Cannot read "${file}", which NETRC names: ${code}`, {
      where: file,
      fix,
      cause: error,
    });
  }
}

/** Reads the text of a netrc file. Throws USAGE that names the file and the word, never a password. */
export function parseNetrc(text: string, file: string): Netrc {
  const words = wordsOf(text);
  const machines: Machine[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at];
    if (word !== "machine" && word !== "default") throw syntax(file, "an entry does not start with machine or default");
    const name = word === "machine" ? words[at + 1] : "";
    if (name === undefined) throw syntax(file, "machine has no name");
    at += word === "machine" ? 2 : 1;
    const values = new Map<string, string>();
    while (at < words.length && words[at] !== "machine" && words[at] !== "default") {
      const [key = "", value] = words.slice(at, at + 2);
      if (!["login", "password", "account"].includes(key))
        throw syntax(file, `after "${name || word}" comes an unknown word`);
      if (value === undefined) throw syntax(file, `${key} of "${name || word}" has no value`);
      values.set(key, value);
      at += 2;
    }
    const credentials = { login: values.get("login") ?? "", password: values.get("password") ?? "" };
    machines.push({ ...parseMachine(name, file), ...credentials });
  }
  return { credentialsFor: (url) => machines.find((machine) => fits(machine, url)) };
}

/** Words between white space. A line that starts with `#` is a comment; `macdef` and what follows ends at an empty line. */
function wordsOf(text: string): readonly string[] {
  return text
    .split(/\n[ \t\r]*\n/)
    .map((paragraph) => paragraph.replace(/^[ \t]*macdef\b[\s\S]*/m, ""))
    .flatMap((paragraph) => paragraph.split("\n"))
    .flatMap((line) => (/^\s*#/.test(line) ? [] : line.split(/\s+/)))
    .filter((word) => word !== "");
}

function parseMachine(name: string, file: string): Pick<Machine, "scheme" | "host" | "port" | "path"> {
  if (name === "") return { scheme: undefined, host: undefined, port: undefined, path: "" };
  const form = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\[[^\]]+\]|[^/:]+)(?::(\d+))?(\/.*)?$/i.exec(name);
  if (form === null) throw syntax(file, "the name of a machine is not a host, host:port or host/path");
  const [, scheme, host = "", port, path = ""] = form;
  return { scheme: scheme?.toLowerCase(), host: host.toLowerCase(), port, path };
}

/** apt_auth.conf(5): a path is a prefix of the URL's; with a `/` at its end, or where a path segment ends. */
function fits({ scheme, host, port, path }: Machine, url: URL): boolean {
  if (host === undefined) return true;
  const urlPort = url.port || (url.protocol === "https:" ? "443" : "80");
  if (host !== url.hostname || (scheme !== undefined && `${scheme}:` !== url.protocol)) return false;
  if (port !== undefined && port !== urlPort) return false;
  const prefix = path.replace(/\/$/, "");
  return prefix === "" || url.pathname === prefix || url.pathname.startsWith(`${prefix}/`);
}

function syntax(file: string, state: string): DodaiError {
  return new DodaiError("USAGE", `Cannot read "${file}": ${state}`, {
    where: file,
    fix: "Write entries as: machine HOST login NAME password SECRET.",
  });
}
