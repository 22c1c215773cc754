// What a build of a Dockerfile takes beside what every build takes.

import type { Platform } from "../../core/platform.ts";
import type { Recipe } from "../../core/recipe.ts";
import type { BuildOptions } from "../contract.ts";

/** A repository to keep steps in. */
export interface CacheTarget {
  readonly name: string;
  /** `min`: steps of the wanted stage and of those that it is built on; `max`: of all stages. */
  readonly mode: "max" | "min";
}

/** What RUN sees at `/run/secrets/ID` and no layer has. */
export type Secret =
  | { readonly id: string; readonly kind: "file"; readonly path: string }
  | { readonly id: string; readonly kind: "value"; readonly value: string };

/** What FROM and --from find under a name that the caller gives. */
export type NamedContext =
  /** A folder of this machine; absolute. */
  | { readonly kind: "folder"; readonly path: string }
  /** As FROM names it. */
  | { readonly kind: "image"; readonly name: string };

/** An agent's socket that RUN sees. */
export interface SshSocket {
  readonly id: string;
  readonly path: string;
}

/** A recipe that FROM names, and where its lock is. */
export interface NamedRecipe {
  readonly recipe: Recipe;
  readonly lockFile: string;
}

export interface DockerfileBuildOptions
  extends Pick<
    BuildOptions,
    | "cacheDirectory"
    | "compression"
    | "environment"
    | "hostRoot"
    | "insecureHttp"
    | "insecureUnsigned"
    | "names"
    | "now"
    | "offline"
    | "onEvent"
    | "outputs"
    | "signal"
    | "sourceDateEpoch"
  > {
  /** Its text, and how it is called in messages. */
  readonly dockerfile: { readonly file: string; readonly text: string };
  /** What outputs without a name are called after. */
  readonly name: string;
  /** Absolute. */
  readonly contextDirectory: string;
  /** A tar that is the context, plain or compressed; paths that FROM names still count from `contextDirectory`. */
  readonly contextArchive?: string | undefined;
  /** Text of the `.dockerignore` that counts; "" for none. */
  readonly ignoreText: string;
  /** The host's when absent. */
  readonly platforms?: readonly Platform[];
  readonly hostPlatform: Platform;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly target?: string;
  /** By name in lower case. */
  readonly namedContexts?: Readonly<Record<string, NamedContext>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly secrets: readonly Secret[];
  readonly sshSockets: readonly SshSocket[];
  /** One layer for all. */
  readonly squash: boolean;
  /** Steps are done again, whatever was kept. */
  readonly noCache: boolean;
  /** Names of stages, in lower case, whose steps are done again. */
  readonly noCacheStages?: readonly string[];
  /** Repositories in registries that may have steps already. */
  readonly cacheFrom?: readonly string[];
  /** Repositories in registries to keep steps in, for `cacheFrom`. */
  readonly cacheTo?: readonly CacheTarget[];
  /** Seconds for each RUN; no limit when absent. */
  readonly runTimeoutSeconds?: number;
  /** A recipe by the name that FROM has; `undefined` when it names none. */
  findRecipe(name: string): Promise<NamedRecipe | undefined>;
}
