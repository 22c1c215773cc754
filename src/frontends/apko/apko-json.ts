// /etc/apko.json: the recipe in the image, in the form that apko gives it: Go's JSON, fields in the order of its types.
import type { Json } from "../../core/canonical-json.ts";
import { formatPlatform } from "../../core/platform.ts";
import type { ApkoContents, ApkoInput, ApkoPath } from "./input.ts";
import { parseArchitecture, parseNumber, parsePermissions, parseTruth } from "./values.ts";

/** What supervises the services of a bundle. */
export const serviceCommand = "/bin/s6-svscan /sv";

/** `user` is what `run-as` stands for; services imply a command and a package, which apko writes down too. */
export function formatApkoJson(input: ApkoInput, user: string | undefined): string {
  const { entrypoint = {}, accounts = {}, layering, certificates } = input;
  const isBundle = entrypoint.type === "service-bundle";
  const value = present({
    contents: contentsJson(input.contents ?? {}, isBundle ? ["s6"] : []),
    entrypoint: present({
      type: entrypoint.type,
      command: isBundle ? serviceCommand : entrypoint.command,
      "shell-fragment": entrypoint["shell-fragment"],
      services: sortedMap(entrypoint.services),
    }),
    cmd: input.cmd,
    "stop-signal": input["stop-signal"],
    "work-dir": input["work-dir"],
    accounts: present({
      "run-as": user,
      users: accounts.users?.map(({ username, uid, gid, shell, homedir }) =>
        present({ username, uid: number(uid), gid: number(gid), shell, homedir: homedir ?? `/home/${username}` }),
      ),
      groups: accounts.groups?.map(({ groupname, gid, members }) => present({ groupname, gid: number(gid), members })),
    }),
    archs: input.archs?.map((one) => formatPlatform(parseArchitecture(one)).replace("linux/", "")),
    environment: sortedMap(input.environment),
    paths: input.paths?.map(pathJson),
    annotations: sortedMap(input.annotations),
    volumes: input.volumes,
    layering: layering && present({ strategy: layering.strategy, budget: number(layering.budget) }),
    format: input.format,
    certificates:
      certificates && present({ additional: entriesJson(certificates.additional), providers: certificates.providers }),
  });
  return `${escaped(JSON.stringify(value))}\n`;
}

function contentsJson(contents: ApkoContents, implied: readonly string[]): Json {
  return present({
    build_repositories: contents.build_repositories?.map(withoutSlash),
    runtime_repositories: contents.runtime_repositories?.map(withoutSlash),
    repositories: contents.repositories?.map(withoutSlash),
    keyring: contents.keyring,
    runtime_keyring: entriesJson(contents.runtime_keyring),
    packages: [...(contents.packages ?? []), ...implied],
    baseimage: contents.baseimage && { ...contents.baseimage },
  });
}

function pathJson({ path, type, uid, gid, permissions, source, recursive }: ApkoPath): Json {
  const mode = permissions === undefined ? undefined : parsePermissions(permissions) || undefined;
  const all = recursive !== undefined && parseTruth(recursive) ? true : undefined;
  return present({ path, type, uid: number(uid), gid: number(gid), permissions: mode, source, recursive: all });
}

const entriesJson = (
  entries: readonly { readonly name: string; readonly content: string }[] | undefined,
): Json | undefined => entries?.map(({ name, content }) => ({ name, content }));

const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseNumber(text));
const withoutSlash = (repository: string): string => repository.replace(/\/+$/, "");

/** Without what is empty: Go's `omitempty`. */
function present(members: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json>> {
  const kept = Object.entries(members).filter(
    ([, value]) => value !== undefined && value !== "" && !isEmptyList(value),
  );
  return Object.fromEntries(kept) as Record<string, Json>;
}

const isEmptyList = (value: Json | undefined): boolean => Array.isArray(value) && value.length === 0;

function sortedMap(map: Readonly<Record<string, string>> | undefined): Json | undefined {
  const entries = Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Go escapes what HTML would read, and two line ends of JavaScript. */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
