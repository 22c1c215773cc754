// What images of this family have beside packages, as their makers' kickstarts write it.
import type { Recipe, RecipeConfig } from "../core/recipe.ts";
import type { Supply } from "./contract.ts";

type Files = Recipe["files"];

export interface ImageConventions {
  readonly env?: RecipeConfig["env"];
  /** Of every variant but `empty`. */
  readonly all?: Files;
  /** Where a package manager is. */
  readonly managed?: Files;
  /** Of the variant `full` alone. */
  readonly full?: Files;
}

/** `variant` is not `empty`. */
export function withConventions(supply: Supply, variant: string, conventions: ImageConventions): Supply {
  const { env, all = [], managed = [], full = [] } = conventions;
  const files = [
    ...supply.files,
    ...all,
    ...(variant === "minimal" || variant === "full" ? managed : []),
    ...(variant === "full" ? full : []),
  ];
  return { ...supply, files, config: { ...supply.config, ...(env ? { env: { ...supply.config.env, ...env } } : {}) } };
}

export function conventionFile(path: string, content: string): Files[number] {
  return { kind: "file", path, mode: 0o644, uid: 0, gid: 0, content };
}

/** A variable by which mirror lists know containers. */
export const containerInfra = (manager: "dnf" | "yum"): Files => [
  conventionFile(`etc/${manager}/vars/infra`, "container\n"),
];

export const localeConf: Files = [conventionFile("etc/locale.conf", 'LANG="C.UTF-8"\n')];

/** Units that have nothing to do in a container: systemctl's `mask` makes them links to nothing. */
export const maskedUnits: Files = [
  ...["console-getty.service", "dev-hugepages.mount", "getty.target", "sys-fs-fuse-connections.mount"],
  ...["systemd-logind.service", "systemd-remount-fs.service"],
].map((unit) => ({ kind: "symlink", path: `etc/systemd/system/${unit}`, target: "/dev/null" }));
