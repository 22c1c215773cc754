// Which mirrors the machine itself uses for its own distribution: what its apt sources name (sources.list(5)).
// Other vendors' sources stand in the same files; they are told apart by what they are signed with and by their path.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { compareBytes } from "../core/byte-order.ts";
import { fieldOf, parseStanzas, type Stanza } from "../packages/deb/deb822.ts";

export interface HostMirrors {
  readonly archive?: readonly string[];
  readonly security?: readonly string[];
  /** Ubuntu: of the architectures that its archive has not. */
  readonly ports?: readonly string[];
}

/** One source of packages as either syntax states it. */
interface Source {
  readonly uri: string;
  readonly suite: string;
}

/**
 * Roots from which this machine takes packages of `distribution`, in the order of its files; empty when it runs another
 * one. Never throws: sources that cannot be read or understood are left out.
 */
export async function readHostMirrors(hostRoot: string, distribution: string): Promise<HostMirrors> {
  if (hostRoot === "" || (await osIdOf(hostRoot)) !== distribution) return {};
  const sources = (await sourceFiles(hostRoot)).flatMap(({ name, text }) =>
    name.endsWith(".sources") ? parseDeb822Sources(text) : parseListSources(text),
  );
  const own = sources.filter(({ uri }) => isOwn(uri, distribution));
  const ports = rootsOf(
    sources.filter(({ uri, suite }) => isArchiveSuite(suite) && lastOf(uri) === `${distribution}-ports`),
  );
  const archive = rootsOf(own.filter(({ suite }) => isArchiveSuite(suite)));
  const security = rootsOf(own.filter(({ suite }) => isSecuritySuite(suite)));
  return {
    ...(archive.length > 0 ? { archive } : {}),
    ...(security.length > 0 ? { security } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

/** `ID` of os-release(5). */
async function osIdOf(hostRoot: string): Promise<string | undefined> {
  for (const path of ["etc/os-release", "usr/lib/os-release"]) {
    const text = await readFile(join(hostRoot, path), "utf8").catch(() => "");
    const id = /^ID=(["']?)([a-z0-9._-]+)\1[ \t]*$/m.exec(text)?.[2];
    if (id !== undefined) return id;
  }
  return undefined;
}

async function sourceFiles(hostRoot: string): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const folder = join(hostRoot, "etc/apt/sources.list.d");
  const names = (await readdir(folder).catch(() => []))
    // apt.conf(5): only names of these characters and endings count.
    .filter((name) => /^[A-Za-z0-9_.-]+\.(?:list|sources)$/.test(name))
    .sort(compareBytes);
  const paths = [join(hostRoot, "etc/apt/sources.list"), ...names.map((name) => join(folder, name))];
  return Promise.all(paths.map(async (path) => ({ name: path, text: await readFile(path, "utf8").catch(() => "") })));
}

/** `deb [ option=value ... ] URI SUITE COMPONENT...`, one a line. */
function parseListSources(text: string): readonly Source[] {
  return text.split("\n").flatMap((line) => {
    const form = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line.replace(/#.*/, ""));
    return form === null ? [] : [{ uri: form[1] ?? "", suite: form[2] ?? "" }];
  });
}

/** Stanzas with Types, URIs and Suites (deb822 style). */
function parseDeb822Sources(text: string): readonly Source[] {
  try {
    return [...parseStanzas(text, { what: "apt sources", comments: true })].flatMap(sourcesOf);
  } catch {
    return [];
  }
}

function sourcesOf(stanza: Stanza): readonly Source[] {
  const words = (name: string): readonly string[] =>
    (fieldOf(stanza, name) ?? "").split(/\s+/).filter((one) => one !== "");
  const isOff = /^(?:no|false|without|off|disable|0)$/i.test(fieldOf(stanza, "Enabled") ?? "yes");
  if (isOff || !words("Types").includes("deb")) return [];
  return words("URIs").flatMap((uri) => words("Suites").map((suite) => ({ uri, suite })));
}

/** The distribution's own path on any mirror: `/debian`, `/debian-security`; old names of mirrors too: `/pub/debian`. */
function isOwn(uri: string, distribution: string): boolean {
  const last = lastOf(uri);
  if (last === undefined) return false;
  const url = new URL(uri);
  return last === distribution || last === `${distribution}-security` || isSecurityHostRoot(url);
}

/** The last folder of a URL that we can read; `undefined` for other URLs. */
function lastOf(uri: string): string | undefined {
  const url = URL.parse(uri);
  if (url === null || !["http:", "https:", "file:"].includes(url.protocol)) return undefined;
  return url.pathname.replace(/\/+$/, "").split("/").at(-1);
}

/** `http://security.HOST/` has had no path at its root. */
function isSecurityHostRoot(url: URL): boolean {
  return url.hostname.startsWith("security.") && url.pathname === "/";
}

const isSecuritySuite = (suite: string): boolean => suite.endsWith("-security") || suite.endsWith("/updates");
const isArchiveSuite = (suite: string): boolean => /^[a-z]+(?:-updates)?$/.test(suite);

function rootsOf(sources: readonly Source[]): readonly string[] {
  return [...new Set(sources.map(({ uri }) => uri.replace(/\/+$/, "")))];
}
