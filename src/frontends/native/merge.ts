// `extends`: a child is laid over its parent. Single values replace; maps merge by key; lists append, where an entry that
// names the same thing (a user, a group, a path) replaces its parent's. The words that run a program (entrypoint, cmd)
// and the platforms belong together, so they replace as a whole.
import type {
  PackageRequest,
  Recipe,
  RecipeCertificates,
  RecipeConfig,
  RecipeFile,
  RecipeServices,
} from "../../core/recipe.ts";
import type { RecipeDraft } from "./draft.ts";
import { parsePackageRequest } from "./values.ts";

/** The parent's name is not inherited: a name says what one recipe's outputs are called. */
export function mergeDrafts({ name: _, ...parent }: RecipeDraft, child: RecipeDraft): RecipeDraft {
  const merged = {
    ...parent,
    ...child,
    packages: mergePackages(parent.packages, child.packages),
    repositories: [...(parent.repositories ?? []), ...(child.repositories ?? [])],
    allowUnknownScripts: append(parent.allowUnknownScripts, child.allowUnknownScripts),
    accounts: mergeAccounts(parent.accounts, child.accounts),
    files: mergeFiles(parent.files, child.files),
    ...mergeCertificates(parent.certificates, child.certificates),
    ...(parent.steps && child.steps ? { steps: [...parent.steps, ...child.steps] } : {}),
    ...mergeServices(parent.services, child.services),
    remove: append(parent.remove, child.remove),
    config: mergeConfig(parent.config ?? {}, child.config ?? {}),
  };
  return merged;
}

/** A package that the child keeps out is no longer asked for, and one that it asks for is no longer kept out. */
function mergePackages(
  parent: readonly PackageRequest[] = [],
  child: readonly PackageRequest[] = [],
): readonly PackageRequest[] {
  const excluded = new Set(child.filter(({ exclude }) => exclude).map(nameOf));
  const wanted = new Set(child.filter(({ exclude }) => !exclude).map(nameOf));
  const kept = parent.filter((request) => !(request.exclude ? wanted : excluded).has(nameOf(request)));
  return [...kept, ...child];
}

const nameOf = ({ request }: PackageRequest): string => parsePackageRequest(request).name;

function mergeAccounts(
  parent: Recipe["accounts"] | undefined,
  child: Recipe["accounts"] | undefined,
): Recipe["accounts"] {
  const runAs = child?.runAs ?? parent?.runAs;
  const rootPassword = child?.rootPassword ?? parent?.rootPassword;
  return {
    users: appendBy(parent?.users, child?.users, ({ name }) => name),
    groups: appendBy(parent?.groups, child?.groups, ({ name }) => name),
    ...(runAs === undefined ? {} : { runAs }),
    ...(rootPassword === undefined ? {} : { rootPassword }),
  };
}

function mergeConfig(parent: RecipeConfig, child: RecipeConfig): RecipeConfig {
  const merged: { -readonly [Key in keyof RecipeConfig]: RecipeConfig[Key] } = { ...parent, ...child };
  for (const key of ["env", "labels", "annotations"] as const) {
    if (parent[key] && child[key]) merged[key] = { ...parent[key], ...child[key] };
  }
  for (const key of ["ports", "volumes"] as const) {
    if (parent[key] && child[key]) merged[key] = append(parent[key], child[key]);
  }
  // A new program with the old program's arguments is what nobody means (as in a Dockerfile, where ENTRYPOINT resets CMD).
  if (child.entrypoint && !child.cmd) delete merged.cmd;
  return merged;
}

/** What makes a path stands in the place of what the parent makes of it; what changes one is done after all that. */
function mergeFiles(parent: readonly RecipeFile[] = [], child: readonly RecipeFile[] = []): readonly RecipeFile[] {
  const ordered = [...parent, ...child].map((file, index) => [file, index] as const);
  const key = ([file, index]: readonly [RecipeFile, number]): string =>
    file.kind === "permissions" ? `${index}` : `/${file.path}`;
  return appendBy(ordered, [], key).map(([file]) => file);
}

function mergeCertificates(
  parent: RecipeCertificates | undefined,
  child: RecipeCertificates | undefined,
): Pick<RecipeDraft, "certificates"> {
  if (!parent || !child) return {};
  return {
    certificates: {
      additional: appendBy(parent.additional, child.additional, ({ name }) => name),
      providers: append(parent.providers, child.providers),
    },
  };
}

/** What the child says of a unit counts, wherever the parent has it. */
function mergeServices(
  parent: RecipeServices | undefined,
  child: RecipeServices | undefined,
): Pick<RecipeDraft, "services"> {
  if (!parent || !child) return {};
  const said = new Set([...child.enabled, ...child.disabled, ...child.masked]);
  const both = (of: keyof RecipeServices): readonly string[] => [
    ...new Set([...parent[of].filter((unit) => !said.has(unit)), ...child[of]]),
  ];
  return { services: { enabled: both("enabled"), disabled: both("disabled"), masked: both("masked") } };
}

function append(parent: readonly string[] = [], child: readonly string[] = []): readonly string[] {
  return [...new Set([...parent, ...child])];
}

/** Both lists, where an entry of the child stands in the place of the parent's entry with the same key. */
function appendBy<Item>(
  parent: readonly Item[] = [],
  child: readonly Item[] = [],
  key: (item: Item) => string,
): readonly Item[] {
  return [...new Map([...parent, ...child].map((item) => [key(item), item])).values()];
}
