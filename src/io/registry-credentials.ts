// Who to be at a registry: what "docker login" and "podman login" keep (docker's config.json, containers-auth.json(5)).
//
// Files in this order, the first that knows the registry counts: REGISTRY_AUTH_FILE, config.json in DOCKER_CONFIG,
// containers/auth.json in XDG_RUNTIME_DIR and in XDG_CONFIG_HOME (~/.config), ~/.docker/config.json. In a file a helper of
// the registry comes before the helper of all, and that before what the file holds itself.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import type { Environment } from "./proxy.ts";
import { askCredentialHelper } from "./registry-credential-helper.ts";

export type Credential =
  | { readonly kind: "password"; readonly login: string; readonly password: string }
  /** A refresh token, for which the token server gives others (OAuth 2). */
  | { readonly kind: "identity-token"; readonly token: string }
  /** Sent as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

export interface Credentials {
  /** `undefined` for nobody. Throws CREDENTIALS_UNUSABLE for a file or helper that is broken. */
  find(registry: string, repository: string): Promise<Credential | undefined>;
}

/** Largest file of credentials that is read, in characters. */
const maxLength = 4 << 20;

type Fields = Readonly<Record<string, unknown>>;

interface AuthFile {
  readonly path: string;
  readonly fields: Fields;
}

/** Reads files at the first question, and asks each helper once for each registry. */
export function openCredentials(environment: Environment): Credentials {
  let files: Promise<readonly AuthFile[]> | undefined;
  const known = new Map<string, Promise<Credential | undefined>>();
  return {
    find: (registry, repository) => {
      files ??= readFiles(environment);
      const key = `${registry}/${repository}`;
      const found = known.get(key) ?? files.then((all) => findIn(all, key, environment));
      known.set(key, found);
      return found;
    },
  };
}

async function readFiles(environment: Environment): Promise<readonly AuthFile[]> {
  const { REGISTRY_AUTH_FILE: named, DOCKER_CONFIG: docker, XDG_RUNTIME_DIR: runtime, HOME: home } = environment;
  const config = environment.XDG_CONFIG_HOME || (home ? join(home, ".config") : undefined);
  const paths = [
    named || undefined,
    docker ? join(docker, "config.json") : undefined,
    runtime ? join(runtime, "containers/auth.json") : undefined,
    config ? join(config, "containers/auth.json") : undefined,
    home ? join(home, ".docker/config.json") : undefined,
  ].filter((path) => path !== undefined);
  const read = await Promise.all([...new Set(paths)].map(readAuthFile));
  return read.filter((file) => file !== undefined);
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, `it cannot be read (${code})`);
  }
  if (text.length > maxLength) throw unusable(path, `it is longer than ${maxLength} characters`);
  if (text.trim() === "") return undefined;
  try {
    const fields: unknown = JSON.parse(text);
    if (isObject(fields)) return { path, fields };
  } catch {
    // What the parser says would quote the file.
  }
  throw unusable(path, "it is not a JSON object");
}

async function findIn(
  files: readonly AuthFile[],
  wanted: string,
  environment: Environment,
): Promise<Credential | undefined> {
  for (const { path, fields } of files) {
    const names = namesFor(wanted);
    const helper = helperFor(fields, names, path);
    const kept = helper && (await askCredentialHelper(helper, serverOf(wanted), environment));
    const found = kept ?? readEntry(entryFor(fields, names), path);
    if (found) return found;
  }
  return undefined;
}

/** `a.example/b/c` may be kept for itself, for `a.example/b` or for `a.example`; the nearest counts. */
function namesFor(wanted: string): readonly string[] {
  const parts = wanted.split("/");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
}

/** Docker Hub's credentials are kept under the address of its first interface. */
function serverOf(wanted: string): string {
  const host = wanted.split("/")[0] ?? "";
  return host === "docker.io" ? "https://index.docker.io/v1/" : host;
}

function helperFor(fields: Fields, names: readonly string[], path: string): string | undefined {
  const byRegistry = membersOf(fields.credHelpers);
  const own = names.map((name) => byRegistry.get(name)).find((one) => one !== undefined);
  const helper = own ?? fields.credsStore;
  if (helper === undefined || helper === "" || helper === null) return undefined;
  // A name of a program, and never a way to one.
  if (typeof helper === "string" && /^[A-Za-z0-9][\w.-]*$/.test(helper)) return helper;
  throw unusable(path, "a credential helper's name is not letters, digits, dots, hyphens and underscores");
}

function entryFor(fields: Fields, names: readonly string[]): unknown {
  const auths = membersOf(fields.auths);
  return names.map((name) => auths.get(name)).find((one) => one !== undefined);
}

/** Members by the registry that they are for, without `https://`, `/v1/` and the like; a plain key wins over such a one. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> {
  if (!isObject(value)) return new Map();
  const entries = Object.entries(value).map(([key, member]) => [plainKey(key), member, key] as const);
  const sorted = entries.toSorted(([a, , keyA], [b, , keyB]) => Number(keyA === a) - Number(keyB === b));
  return new Map(sorted.map(([key, member]) => [key, member]));
}

function plainKey(key: string): string {
  const [, scheme, rest = ""] = /^(https?:\/\/)?(.*?)(?:\/v[12])?\/*$/.exec(key) ?? [];
  const [host = "", ...path] = rest.split("/");
  const plain = host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
  return scheme === undefined ? [plain, ...path].join("/") : plain;
}

function readEntry(entry: unknown, path: string): Credential | undefined {
  if (!isObject(entry)) return undefined;
  const text = (name: string): string => (typeof entry[name] === "string" ? entry[name] : "");
  if (text("registrytoken") !== "") return { kind: "registry-token", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identity-token", token: text("identitytoken") };
  if (text("auth") === "") {
    const [login, password] = [text("username"), text("password")];
    return login === "" ? undefined : { kind: "password", login, password };
  }
  const decoded = Buffer.from(text("auth"), "base64").toString();
  const colon = decoded.indexOf(":");
  if (colon < 1) throw unusable(path, "an auth in it is not NAME:PASSWORD in base64");
  // Docker pads what it encodes.
  const password = decoded.slice(colon + 1).replace(/\0+$/, "");
  return { kind: "password", login: decoded.slice(0, colon), password };
}

function unusable(path: string, state: string): DodaiError {
  return new DodaiError("CREDENTIALS_UNUSABLE", `Cannot read credentials from "${path}": ${state}`, {
    where: path,
    fix: 'Repair it, or write it anew with "docker login" or "podman login".',
  });
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
