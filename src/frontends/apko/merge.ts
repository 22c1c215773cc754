// `include`: apko lays a file over the one that it includes. Single values of the file win; lists are put together, those of
// the included file first; maps merge by key. Entrypoint, layering and certificates are taken whole from one of them.
import type { ApkoAccounts, ApkoContents, ApkoInput } from "./input.ts";

type Lists<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] };

export function mergeInputs(included: ApkoInput, { include: _, ...file }: ApkoInput): ApkoInput {
  const merged: Lists<ApkoInput> = { ...included, ...file };
  delete merged.include;
  if (isEmpty(file.entrypoint)) merged.entrypoint = included.entrypoint;
  if (isEmpty(file.archs)) merged.archs = included.archs;
  merged.contents = mergeContents(included.contents ?? {}, file.contents ?? {});
  merged.accounts = mergeAccounts(included.accounts ?? {}, file.accounts ?? {});
  for (const key of ["environment", "annotations", "labels"] as const) {
    if (included[key] || file[key]) merged[key] = { ...included[key], ...file[key] };
  }
  merged.paths = concatenated(included.paths, file.paths);
  for (const key of ["volumes", "remove", "ports"] as const) merged[key] = concatenated(included[key], file[key]);
  return merged;
}

function mergeContents(included: ApkoContents, file: ApkoContents): ApkoContents {
  const lists = ["build_repositories", "runtime_repositories", "repositories", "keyring", "packages"] as const;
  const merged: Lists<ApkoContents> = { ...included, ...file };
  for (const key of lists) merged[key] = concatenated(included[key], file[key]);
  merged.runtime_keyring = concatenated(included.runtime_keyring, file.runtime_keyring);
  const byArchitecture = { ...included.arch_packages };
  for (const [name, packages] of Object.entries(file.arch_packages ?? {})) {
    byArchitecture[name] = [...(byArchitecture[name] ?? []), ...packages];
  }
  if (Object.keys(byArchitecture).length > 0) merged.arch_packages = byArchitecture;
  return merged;
}

function mergeAccounts(included: ApkoAccounts, file: ApkoAccounts): ApkoAccounts {
  return {
    "run-as": file["run-as"] || included["run-as"],
    users: concatenated(included.users, file.users),
    groups: concatenated(included.groups, file.groups),
  };
}

function concatenated<Item>(
  included: readonly Item[] | undefined,
  file: readonly Item[] | undefined,
): readonly Item[] | undefined {
  return included || file ? [...(included ?? []), ...(file ?? [])] : undefined;
}

const isEmpty = (value: object | undefined): boolean =>
  value === undefined || Object.values(value).every((member) => member === undefined || member === "");
