// One stage from its FROM to its last instruction.
import { type Platform, parsePlatform } from "../../core/platform.ts";
import { readArgs } from "../../frontends/dockerfile/arguments.ts";
import { configure } from "../../frontends/dockerfile/configure.ts";
import { parseTriggers } from "../../frontends/dockerfile/dockerfile.ts";
import { expandWord, type Scope } from "../../frontends/dockerfile/expand.ts";
import type { ArgInstruction, CopyInstruction, Instruction, Stage } from "../../frontends/dockerfile/instruction.ts";
import { formatLintWarning } from "../../frontends/dockerfile/lint.ts";
import { positionAt } from "../../frontends/dockerfile/source.ts";
import { baseOf } from "../../frontends/dockerfile/stage-graph.ts";
import { nearest } from "../../frontends/suggest.ts";
import { emptyContainerConfig, variablesOf } from "../../image/container-config.ts";
import { addStep } from "./add-step.ts";
import { copyStep, readWishes } from "./copy-step.ts";
import { runStep } from "./run-step.ts";
import { startStageRoot } from "./stage-root.ts";
import { type Building, lazyTree, type StageState, type StepContext } from "./state.ts";
import { doStep, historyStep, type Step } from "./step.ts";
import { workdirStep } from "./workdir-step.ts";

/** Throws what instructions throw, with the place of the one that failed. */
export async function buildStage(stage: Stage, building: Building): Promise<StageState> {
  let state = await startStage(stage, building);
  const triggers = parseTriggers(state.config.onbuild, `ONBUILD of ${stage.base.text}`);
  if (triggers.length > 0) state = { ...state, config: { ...state.config, onbuild: [] } };
  const instructions = [...triggers, ...stage.instructions];
  const lastRun = instructions.findLastIndex(({ kind }) => kind === "run");
  const root = startStageRoot();
  try {
    for (const [index, instruction] of instructions.entries()) {
      state = await doInstruction(instruction, { building, stage, state, root });
      if (index === lastRun) await root.close();
    }
    return state;
  } finally {
    await root.close();
  }
}

async function startStage(stage: Stage, building: Building): Promise<StageState> {
  const { dockerfile, globals } = building;
  const platform = platformOf(stage, building);
  const base = baseOf(stage, dockerfile, globals);
  switch (base.kind) {
    case "scratch":
      return scratchState(platform, building);
    case "stage":
      return { ...(await building.stage(base.index)), hasOwnCmd: false };
    case "context":
      return building.named(base.name, platform);
    case "image":
      return building.image(base.name, platform);
  }
}

function platformOf({ platform: word, source }: Stage, { platform, globals, dockerfile }: Building): Platform {
  if (word === undefined) return platform;
  const scope: Scope = { escape: dockerfile.directives.escape, lookUp: (name) => globals.get(name) };
  const text = expandWord(word, source, scope);
  return text === "" ? platform : parsePlatform(text);
}

function scratchState(platform: Platform, { options, session }: Building): StageState {
  return {
    platform,
    layers: [],
    config: { ...emptyContainerConfig, env: [`PATH=${usualPath}`], workdir: "/" },
    history: [],
    author: "",
    variables: new Map([["PATH", usualPath]]),
    args: new Set(),
    declared: new Set(),
    epoch: options.sourceDateEpoch ?? 0,
    hasOwnCmd: false,
    tree: lazyTree([], session),
  };
}

/** What Docker gives an image without PATH. */
export const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

async function doInstruction(instruction: Instruction, context: StepContext): Promise<StageState> {
  const { state } = context;
  const scope = scopeOf(context);
  switch (instruction.kind) {
    case "arg":
      return declare(instruction, scope, context);
    case "maintainer": {
      const author = expandWord(instruction.value, instruction.source, scope);
      return { ...state, author, history: [...state.history, historyStep(`MAINTAINER ${author}`, state.epoch, true)] };
    }
    case "add":
    case "copy":
      return doStep(await fileStep(instruction, scope, context), context);
    case "run":
      return doStep(await runStep(instruction, scope, context), context);
    case "workdir": {
      const { config, createdBy } = configure(state.config, instruction, scope);
      const { workdir, user } = config;
      const next = { ...state, config };
      const step = workdirStep(
        instruction as typeof instruction & { kind: "workdir" },
        { createdBy, workdir, user },
        context,
      );
      return doStep(step, { ...context, state: next });
    }
    default:
      return reconfigure(instruction, scope, context);
  }
}

function scopeOf({ building, state }: StepContext): Scope {
  const { directives } = building.dockerfile;
  return {
    escape: directives.escape,
    lookUp: (name) => state.variables.get(name),
    onUnset: (name, word, source) => {
      const skip = directives.check.skip.map((one) => one.toLowerCase());
      if (state.declared.has(name) || skip.includes("all") || skip.includes("undefinedvar")) return;
      const meant = nearest(name, state.variables.keys());
      const hint = meant === undefined ? "" : `, did you mean "${meant}"?`;
      const text = `nothing sets "${name}" before it is used${hint}`;
      building.warn(formatLintWarning({ rule: "UndefinedVar", text, where: positionAt(source, word.at) }));
    },
  };
}

function fileStep(instruction: CopyInstruction, scope: Scope, context: StepContext): Promise<Step> {
  const wishes = readWishes(instruction, scope, context.state.config.workdir);
  return instruction.kind === "add" ? addStep(instruction, wishes, context) : copyStep(instruction, wishes, context);
}

function reconfigure(instruction: Parameters<typeof configure>[1], scope: Scope, { state }: StepContext): StageState {
  const { config, createdBy } = configure(state.config, instruction, scope);
  const history = [...state.history, historyStep(createdBy, state.epoch, true)];
  const next = { ...state, config, history };
  switch (instruction.kind) {
    case "cmd":
      return { ...next, hasOwnCmd: true };
    case "entrypoint":
      // The base's CMD was for the base's ENTRYPOINT.
      return state.hasOwnCmd ? next : { ...next, config: { ...config, cmd: undefined } };
    case "env":
      return withEnvironment(next);
    default:
      return next;
  }
}

function withEnvironment(state: StageState): StageState {
  const pairs = variablesOf(state.config.env);
  const args = new Set([...state.args].filter((name) => !pairs.some(([own]) => own === name)));
  return { ...state, args, variables: new Map([...state.variables, ...pairs]) };
}

function declare(instruction: ArgInstruction, scope: Scope, { building, state }: StepContext): StageState {
  const { globals, buildArgs } = building;
  const variables = new Map(state.variables);
  const args = new Set(state.args);
  const declared = new Set(state.declared);
  const shown: string[] = [];
  for (const { name, value } of readArgs(instruction, scope, buildArgs)) {
    const known = value ?? globals.get(name);
    declared.add(name);
    shown.push(known === undefined ? name : `${name}=${known}`);
    if (known === undefined) continue;
    variables.set(name, known);
    args.add(name);
  }
  const history = [...state.history, historyStep(`ARG ${shown.join(" ")}`, state.epoch, true)];
  return { ...state, variables, args, declared, history };
}
