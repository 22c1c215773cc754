// A stage on its way: the layers, config and history that its instructions have made so far, and what they see.
import type { Platform } from "../../core/platform.ts";
import type { Variables } from "../../frontends/dockerfile/arguments.ts";
import type { Dockerfile } from "../../frontends/dockerfile/dockerfile.ts";
import type { Stage } from "../../frontends/dockerfile/instruction.ts";
import type { ContainerConfig, HistoryStep } from "../../image/container-config.ts";
import type { TreeNode } from "../../rootfs/tree.ts";
import type { Session } from "../session.ts";
import type { BuildContext } from "./context.ts";
import type { DockerfileBuildOptions } from "./contract.ts";
import type { LayerFile } from "./layer-file.ts";
import type { StageRoot } from "./stage-root.ts";
import { treeOfLayers } from "./stage-tree.ts";
import type { StepCache } from "./step-cache.ts";

/** What all stages of one platform share. */
export interface Building {
  readonly options: DockerfileBuildOptions;
  readonly session: Session;
  readonly dockerfile: Dockerfile;
  readonly platform: Platform;
  readonly globals: Variables;
  readonly buildArgs: Variables;
  readonly context: BuildContext;
  /** Caches elsewhere, where the caller names some. */
  readonly cache: StepCache | undefined;
  /** Stages whose layers are the image's. */
  readonly ofImage: ReadonlySet<number>;
  /** Aborts when nobody wants the result any more, or when another stage failed. */
  readonly signal: AbortSignal;
  /** Runs a task alone among those of the same name in this build. */
  alone<Result>(name: string, task: () => Promise<Result>): Promise<Result>;
  /** Warns once of each text. */
  warn(text: string): void;
  /** A stage of this Dockerfile, built once. */
  stage(index: number): Promise<StageState>;
  /** What the caller gives under a name. */
  named(name: string, platform: Platform): Promise<StageState>;
  /** An image that FROM or --from names. */
  image(name: string, platform: Platform): Promise<StageState>;
}

export interface StageState {
  readonly platform: Platform;
  readonly layers: readonly LayerFile[];
  readonly config: ContainerConfig;
  readonly history: readonly HistoryStep[];
  readonly author: string;
  /** What instructions see: ENV and ARG, in the order in which they were set. */
  readonly variables: ReadonlyMap<string, string>;
  /** Names in `variables` that only the build sees. */
  readonly args: ReadonlySet<string>;
  /** Names that an ARG said, with a value or without. */
  readonly declared: ReadonlySet<string>;
  /** Seconds since 1970: the time of what is made. */
  readonly epoch: number;
  /** Whether CMD is this stage's own, which a new ENTRYPOINT leaves. */
  readonly hasOwnCmd: boolean;
  /** What the layers hold, once somebody asked. */
  readonly tree: LazyTree;
}

/** One instruction of a stage that is being carried out. */
export interface StepContext {
  readonly building: Building;
  readonly stage: Stage;
  readonly state: StageState;
  /** What its RUNs share. */
  readonly root: StageRoot;
}

export interface LazyTree {
  get(): Promise<Map<string, TreeNode>>;
}

/** Read from the layers at the first call. */
export function lazyTree(layers: readonly LayerFile[], session: Session): LazyTree {
  let tree: Promise<Map<string, TreeNode>> | undefined;
  return {
    get: () => {
      tree ??= treeOfLayers(layers, session.pieces);
      return tree;
    },
  };
}

export const knownTree = (tree: Map<string, TreeNode>): LazyTree => ({ get: async () => tree });
