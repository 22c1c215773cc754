// Rules between fields of one file, which a shape cannot say. They run on a recipe whose shape is right.
import { DodaiError } from "../../core/dodai-error.ts";
import { describePath, type Path, type RecipeDocument } from "./document.ts";
import type { RecipeInput } from "./input.ts";
import { fileKinds } from "./schema.ts";

export function checkRules(input: RecipeInput, document: RecipeDocument): readonly DodaiError[] {
  const faults: DodaiError[] = [];
  const refuse = (path: Path, state: string, fix?: string): void => {
    faults.push(
      new DodaiError("RECIPE_SYNTAX", `Cannot use "${describePath(path)}": ${state}`, {
        where: document.positionOf(path),
        ...(fix === undefined ? {} : { fix }),
      }),
    );
  };
  checkRepositories(input, refuse);
  checkFiles(input, refuse);
  checkAccounts(input, refuse);
  checkSource(input, refuse);
  if (input.upgrade !== undefined && input.base === undefined) {
    refuse(["upgrade"], 'it is about packages of a "base", and there is none');
  }
  if (input.layers?.strategy === "single" && input.layers.max !== undefined) {
    refuse(["layers", "max"], 'strategy "single" makes one layer', 'Leave "max" out, or write strategy "grouped".');
  }
  return faults;
}

type Refuse = (path: Path, state: string, fix?: string) => void;

function checkRepositories({ distro, base, repositories = [] }: RecipeInput, refuse: Refuse): void {
  // The URL of an apk repository is the whole of it; a base says later what it is.
  const mayBeBare = apkDistributions.test(distro ?? "") || (distro === undefined && base !== undefined);
  for (const [index, repository] of repositories.entries()) {
    const path = ["repositories", index];
    if ((repository.url === undefined) === (repository.urls === undefined)) {
      refuse(path, repository.url === undefined ? 'it has no "url"' : 'it has "url" and "urls", and needs one of them');
    }
    const suites = repository.suites ?? [];
    if (repository.flat === undefined ? suites.length === 0 && !mayBeBare : suites.length > 0) {
      refuse(
        path,
        suites.length > 0 ? 'it has "suites" and "flat"' : 'it has neither "suites" nor "flat"',
        'Write "suites: [trixie]", or "flat: ./" for a repository without suites.',
      );
    }
    if (repository.flat !== undefined && (repository.components ?? []).length > 0) {
      refuse([...path, "components"], "a flat repository has no components");
    }
  }
}

const apkDistributions = /^(?:alpine|wolfi)(?::|$)/;

function checkSource({ source, base, packages = [], repositories = [] }: RecipeInput, refuse: Refuse): void {
  if (!source) return;
  if (base !== undefined) refuse(["base"], 'it has "source" too, and an image starts from one of them');
  const { key, keys = [], platforms = {} } = source;
  const all = [source, ...Object.values(platforms)];
  if (!all.some(({ rootfs }) => rootfs !== undefined)) {
    refuse(["source"], 'it has no "rootfs"', 'Write where the tarball is, as in "rootfs: ./root.tar.gz".');
  }
  if (all.some(({ signature }) => signature !== undefined) && key === undefined && keys.length === 0) {
    refuse(["source"], 'it has "signature" and no "key" that may have made it');
  }
  for (const name of ["packages", "repositories"] as const) {
    if ((name === "packages" ? packages : repositories).length === 0) continue;
    refuse([name], "a ready root file system takes no packages", 'Leave it out, or build without "source".');
  }
}

function checkFiles({ files = [] }: RecipeInput, refuse: Refuse): void {
  const seen = new Set<string>();
  for (const [index, file] of files.entries()) {
    const path = ["files", index];
    const kinds = fileKinds.filter((kind) => file[kind] !== undefined);
    if (kinds.length !== 1) {
      const state = kinds.length === 0 ? "it does not say what it is" : `it has ${quoted(kinds, "and")}`;
      refuse(path, state, `Write one of ${quoted(fileKinds, "or")}.`);
    }
    if (!file.existing && seen.has(file.path)) refuse([...path, "path"], "an earlier entry has the same path");
    seen.add(file.path);
    if (file.recursive !== undefined && kinds[0] !== "directory" && kinds[0] !== "existing") {
      refuse([...path, "recursive"], 'only "directory" and "existing" have something below them');
    }
    if (kinds[0] === "existing" && file.mode === undefined && file.uid === undefined && file.gid === undefined) {
      refuse(path, "it changes nothing", 'Write "mode", "uid" or "gid".');
    }
    if (kinds[0] !== "target" && kinds[0] !== "hardlink") continue;
    const what = kinds[0] === "target" ? "a symbolic link" : "a further name of a file";
    for (const key of ["mode", "uid", "gid"] as const) {
      if (file[key] !== undefined) refuse([...path, key], `${what} has none of its own`);
    }
  }
}

function checkAccounts({ accounts }: RecipeInput, refuse: Refuse): void {
  for (const kind of ["users", "groups"] as const) {
    const names = new Set<string>();
    const ids = new Set<number>();
    for (const [index, account] of (accounts?.[kind] ?? []).entries()) {
      const path = ["accounts", kind, index];
      const number = "uid" in account ? account.uid : account.gid;
      if (names.has(account.name)) refuse([...path, "name"], "an earlier entry has the same name");
      if (ids.has(number as number)) {
        refuse([...path, "uid" in account ? "uid" : "gid"], "an earlier entry has the same number");
      }
      names.add(account.name);
      ids.add(number as number);
    }
  }
}

function quoted(words: readonly string[], last: "and" | "or"): string {
  const all = words.map((word) => `"${word}"`);
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} ${last} ${all.at(-1)}`;
}
