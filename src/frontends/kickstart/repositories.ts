// Where packages come from: url and repo. Keys are the distribution's whatever a kickstart says.
import type { Recipe, RecipeRepository } from "../../core/recipe.ts";
import { vaultAddress } from "../../distros/centos/vault.ts";
import type { Faults } from "./faults.ts";
import { has, lastOf, listOf, type Value } from "./options.ts";
import type { Command } from "./statements.ts";

/** A repository's address as it is written. */
export type Address = Value;

export interface FoundRepositories {
  readonly repositories: readonly RecipeRepository[];
  readonly addresses: readonly Address[];
  /** What `--install` leaves in the image. */
  readonly files: Recipe["files"];
}

/** What each command says of itself, before repositories of the same address become one. */
interface Source extends Value {
  /** Of repo; absent for url. */
  readonly name?: string;
  readonly command: Command;
}

export function readRepositories(commands: readonly Command[], faults: Faults): FoundRepositories {
  const own = commands.filter(({ name }) => name === "url" || name === "method" || name === "repo");
  // The last url counts; every repo does, and of one name the last.
  const url = own.findLast(({ name }) => name !== "repo");
  const repos = new Map(
    own.filter(({ name }) => name === "repo").map((one) => [lastOf(one.options, "name")?.text, one]),
  );
  const all = [...(url ? [url] : []), ...repos.values()];
  const sources = all.flatMap((command) => sourceOf(command, faults));
  // A repo that has a name alone is one that the installer knows: one of the distribution's own.
  const isOnly = !all.some((command) => command.name === "repo" && addressOf(command) === undefined);
  const byPlace = Map.groupBy(sources, placeOf);
  const repositories = [...byPlace].map(([place, same], index): RecipeRepository => {
    const [{ position }] = same as [Source];
    tellOfVault(same, faults);
    return {
      urls: [place],
      suites: [],
      components: [],
      flat: "./",
      keys: [],
      only: isOnly && index === 0,
      insecureUnsigned: false,
      ...choicesOf(same),
      position,
    };
  });
  return { repositories, addresses: sources, files: all.flatMap((command) => installedFile(command)) };
}

const addressKinds = ["url", "baseurl", "mirrorlist", "metalink"] as const;

function addressOf({ options }: Command): Value | undefined {
  return lastOf(options, ...addressKinds);
}

function sourceOf(command: Command, faults: Faults): readonly Source[] {
  const { options, name, position } = command;
  const kinds = addressKinds.filter((kind) => has(options, kind));
  const address = addressOf(command);
  if (kinds.length > 1) {
    faults.broken(position, `Cannot read ${name}: it has --${kinds.join(" and --")}, and takes one of them`);
    return [];
  }
  if (!address) {
    if (name === "repo") return [];
    faults.broken(position, `Cannot read ${name}: it has no --url, --mirrorlist or --metalink`);
    return [];
  }
  for (const one of ["noverifyssl", "proxy", "sslcacert", "sslclientcert", "sslclientkey", "ignoregroups"]) {
    const why =
      one === "noverifyssl" ? "TLS is always verified" : "see the variables of the environment in docs/cli.md";
    if (has(options, one))
      faults.warn(position, `--${one} of ${name} has no effect${one === "ignoregroups" ? "" : `: ${why}`}`);
  }
  if (!isAddress(address.text)) {
    refuseAddress(address, faults);
    return [];
  }
  const cost = lastOf(options, "cost");
  if (cost && !(Number(cost.text) >= 0 && Number(cost.text) <= maxCost))
    faults.broken(cost.position, `Cannot use cost "${cost.text}": it is not from 0 to ${maxCost}`);
  const named = lastOf(options, "name")?.text;
  return [{ ...address, command, ...(named === undefined ? {} : { name: named }) }];
}

/** As recipes have it. */
const maxCost = 1_000_000;

const isAddress = (text: string): boolean => /^(?:https?|file):\/\/[^\s\p{Cc}]+$/u.test(text) && URL.canParse(text);

function refuseAddress({ text, position }: Address, faults: Faults): void {
  const [scheme] = /^[a-z]+(?=:)/i.exec(text) ?? [];
  if (scheme !== undefined && !/^(?:https?|file)$/i.test(scheme)) {
    faults.unsupported(position, `Cannot use "${text}": packages come by https, http or from a folder (file://)`);
    return;
  }
  const fix = /^[\w.-]+\.[a-z]+\//i.test(text)
    ? `Did you mean "http://${text}"?`
    : 'Write it as in "https://mirror.example/9/os".';
  faults.broken(position, `Cannot read "${text}": it is no address of a repository`, fix);
}

function placeOf({ text, command }: Source): string {
  const place = (vaultAddress(text) ?? text).replace(/(?<=[^/])\/+$/, "");
  if (has(command.options, "metalink")) return `metalink+${place}`;
  return has(command.options, "mirrorlist") ? `mirrorlist+${place}` : place;
}

function tellOfVault(same: readonly Source[], faults: Faults): void {
  const moved = same.find(({ text }) => vaultAddress(text) !== undefined);
  if (moved)
    faults.warn(moved.position, `"${moved.text}" is gone since CentOS 7 ended: packages come from ${placeOf(moved)}`);
}

/** What the commands of one address say of its packages; of the cost the last. */
function choicesOf(same: readonly Source[]): Pick<RecipeRepository, "cost" | "excludes" | "includes"> {
  const cost = same.map(({ command }) => lastOf(command.options, "cost")).findLast((one) => one !== undefined);
  const names = (option: string): readonly string[] => [
    ...new Set(same.flatMap(({ command }) => listOf(command.options, option).map(({ text }) => text))),
  ];
  const [excludes, includes] = [names("excludepkgs"), names("includepkgs")];
  return {
    ...(cost ? { cost: Number(cost.text) } : {}),
    ...(excludes.length > 0 ? { excludes } : {}),
    ...(includes.length > 0 ? { includes } : {}),
  };
}

/** Anaconda's pyanaconda writes such a file for every repo with --install. */
function installedFile(command: Command): Recipe["files"] {
  const name = lastOf(command.options, "name")?.text;
  const address = addressOf(command);
  if (command.name !== "repo" || !has(command.options, "install") || name === undefined || !address) return [];
  const id = name.replaceAll(/[^\w.:-]/g, "_");
  const kind = has(command.options, "metalink")
    ? "metalink"
    : has(command.options, "mirrorlist")
      ? "mirrorlist"
      : "baseurl";
  const cost = lastOf(command.options, "cost")?.text;
  const lists = (["includepkgs", "excludepkgs"] as const).flatMap((key) => {
    const names = listOf(command.options, key).map(({ text }) => text);
    return names.length === 0 ? [] : [`${key}=${names.join(", ")}`];
  });
  const lines = [
    `[${id}]`,
    `name=${name}`,
    `${kind}=${address.text}`,
    "enabled=1",
    ...(cost === undefined ? [] : [`cost=${cost}`]),
    ...lists,
  ];
  return [
    { kind: "file", path: `etc/yum.repos.d/${id}.repo`, mode: 0o644, uid: 0, gid: 0, content: `${lines.join("\n")}\n` },
  ];
}

/** The architecture that an address names in rpm's words; `undefined` where all leave it open. */
export function architectureOf(addresses: readonly Address[]): string | undefined {
  return addresses
    .map(({ text }) => /\/(x86_64|aarch64|ppc64le|s390x|i386|i686|armhfp)(?:\/|-|$)/.exec(text)?.[1])
    .find((name) => name !== undefined);
}
