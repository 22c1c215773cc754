// A whole apko recipe, its includes laid together and what it names read, as the recipe that dodai builds.
import { compareBytes } from "../../core/byte-order.ts";
import type { Platform } from "../../core/platform.ts";
import type {
  PackageRequest,
  PinnedPackage,
  Recipe,
  RecipeBase,
  RecipeConfig,
  RecipeFile,
  RecipeRepository,
} from "../../core/recipe.ts";
import { certificateOf, publicKeyOf } from "../pem.ts";
import { formatApkoJson, serviceCommand } from "./apko-json.ts";
import type { ApkoAccounts, ApkoInput } from "./input.ts";
import { filesOfPath } from "./paths.ts";
import { parseArchitecture, parseId, parseNumber, splitWords } from "./values.ts";

/** What the loader found outside the recipe's own text. */
export interface ApkoSurroundings {
  readonly name: string;
  readonly hostPlatform: Platform;
  readonly requests: readonly PackageRequest[];
  /** Those that packages are taken from. */
  readonly repositories: readonly RecipeRepository[];
  /** Texts of the keyring, by the file names that they have in the image. */
  readonly keys: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  readonly base: RecipeBase | undefined;
  /** Of apko's lock, when it fits. */
  readonly pinned: readonly PinnedPackage[] | undefined;
  /** Place on this machine of a file that the recipe names. */
  absolute(path: string): string;
}

/** What apko sets when the recipe does not. */
const defaultEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/bin:/usr/sbin:/sbin:/bin",
  SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
};

export function apkoRecipe(input: ApkoInput, around: ApkoSurroundings): Recipe {
  const { certificates, layering } = input;
  const platforms = uniquePlatforms((input.archs ?? []).map(parseArchitecture));
  return {
    name: around.name,
    distribution: { name: "apko", release: "v1" },
    variant: "apko",
    packages: around.requests,
    recommends: false,
    repositories: around.repositories,
    scripts: "emulate",
    allowUnknownScripts: [],
    platforms: platforms.length > 0 ? platforms : [around.hostPlatform],
    accounts: accountsOf(input.accounts ?? {}),
    files: [
      ...ownFiles(input, around),
      ...(input.paths ?? []).flatMap((one) => filesOfPath(one, around.absolute)),
      ...laterFiles(input),
    ],
    ...(certificates
      ? {
          certificates: {
            additional: (certificates.additional ?? []).map(({ name, content }) => ({
              name,
              pem: certificateOf(content) ?? "",
            })),
            providers: certificates.providers ?? [],
          },
        }
      : {}),
    remove: input.remove ?? [],
    config: configOf(input),
    layers:
      layering?.strategy === undefined
        ? { kind: "single" }
        : { kind: "origin", budget: layering.budget === undefined ? 0 : parseNumber(layering.budget) },
    ...(around.base ? { base: around.base } : {}),
    ...(around.warnings.length > 0 ? { warnings: around.warnings } : {}),
    ...(around.pinned ? { pinned: around.pinned } : {}),
  };
}

function uniquePlatforms(platforms: readonly Platform[]): readonly Platform[] {
  return [...new Map(platforms.map((one) => [`${one.architecture}/${one.variant ?? ""}`, one])).values()];
}

function accountsOf({ users = [], groups = [] }: ApkoAccounts): Recipe["accounts"] {
  return {
    users: users.map(({ username, uid, gid, shell, homedir }) => ({
      name: username,
      uid: parseId(uid),
      gid: parseId(gid ?? uid),
      home: homedir || `/home/${username}`,
      shell: shell || "/bin/sh",
      comment: "Account created by apko",
    })),
    groups: groups.map(({ groupname, gid, members = [] }) => ({ name: groupname, gid: parseId(gid), members })),
  };
}

function configOf(input: ApkoInput): RecipeConfig {
  const { entrypoint = {}, cmd, volumes, ports } = input;
  const annotations = annotationsOf(input);
  const user = userOf(input.accounts ?? {});
  const words = entrypointOf(entrypoint);
  const [workdir, stopSignal] = [input["work-dir"], input["stop-signal"]];
  return {
    env: { ...defaultEnvironment, ...input.environment },
    labels: { ...annotations, ...input.labels },
    annotations,
    ...(words ? { entrypoint: words } : {}),
    ...(cmd ? { cmd: splitWords(cmd) } : {}),
    ...(user ? { user } : {}),
    ...(workdir ? { workdir } : {}),
    ...(stopSignal ? { stopSignal } : {}),
    ...(volumes ? { volumes } : {}),
    ...(ports ? { ports } : {}),
  };
}

function entrypointOf({
  type,
  command,
  ...entrypoint
}: NonNullable<ApkoInput["entrypoint"]>): readonly string[] | undefined {
  const fragment = entrypoint["shell-fragment"];
  if (fragment) return ["/bin/sh", "-c", fragment];
  if (type === "service-bundle") return splitWords(serviceCommand);
  return command ? splitWords(command) : undefined;
}

/** The number of a user whom the recipe makes, as apko writes it; those of packages are known once the tree is there. */
function userOf({ "run-as": name, users = [] }: ApkoAccounts): string | undefined {
  const made = users.find(({ username }) => username === name);
  return made ? String(parseId(made.uid)) : name;
}

function annotationsOf({ annotations, "vcs-url": vcs = "" }: ApkoInput): Readonly<Record<string, string>> {
  const at = vcs.indexOf("@");
  const source: Readonly<Record<string, string>> =
    at < 0
      ? {}
      : {
          "org.opencontainers.image.source": vcs.slice(0, at),
          "org.opencontainers.image.revision": vcs.slice(at + 1),
        };
  return { ...annotations, ...source };
}

/** What apko writes before the recipe's paths are done: keys, repositories, and the recipe itself. */
function ownFiles(input: ApkoInput, { keys }: ApkoSurroundings): readonly RecipeFile[] {
  const { repositories = [], runtime_repositories: runtime = [] } = input.contents ?? {};
  const lines = [...new Set([...repositories, ...runtime].map((one) => one.trim().replace(/\/+$/, "")))].sort(
    compareBytes,
  );
  return [
    ...[...keys]
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([name, text]) => fileOf(`etc/apk/keys/${name}`, 0o644, text)),
    ...(lines.length > 0 ? [fileOf("etc/apk/repositories", 0o644, lines.map((line) => `${line}\n`).join(""))] : []),
    fileOf("etc/apko.json", 0o444, formatApkoJson(input, userOf(input.accounts ?? {}))),
  ];
}

/** What it writes after them: keys for apk in the image, and s6's services. */
function laterFiles({ contents, entrypoint }: ApkoInput): readonly RecipeFile[] {
  const services = Object.entries(entrypoint?.services ?? {}).sort(([a], [b]) => compareBytes(a, b));
  return [
    ...(contents?.runtime_keyring ?? []).map(({ name, content }) =>
      fileOf(`etc/apk/keys/${name}`, 0o644, publicKeyOf(content) ?? ""),
    ),
    ...(services.length > 0 ? [folderOf("sv")] : []),
    ...services.flatMap(([name, command]) => [
      folderOf(`sv/${name}`),
      fileOf(`sv/${name}/run`, 0o755, `#!/bin/execlineb\n${command}\n`),
    ]),
  ];
}

function fileOf(path: string, mode: number, content: string): RecipeFile {
  return { kind: "file", path, mode, uid: 0, gid: 0, content };
}

/** s6 writes into the folders of its services, whoever it runs as. */
const folderOf = (path: string): RecipeFile => ({ kind: "directory", path, mode: 0o777 });
