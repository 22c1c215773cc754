// Which stages a build needs: the wanted one, and what its FROM, COPY --from and RUN --mount=from name. Others are not built.

import { DodaiError } from "../../core/dodai-error.ts";
import { nearest } from "../suggest.ts";
import type { Variables } from "./arguments.ts";
import type { Dockerfile } from "./dockerfile.ts";
import { expandWord } from "./expand.ts";
import type { Stage } from "./instruction.ts";
import { positionAt, syntaxError, type Word } from "./source.ts";

/** Where a name in FROM or --from leads. */
export type BaseReference =
  | { readonly kind: "scratch" }
  | { readonly kind: "stage"; readonly index: number }
  /** What the caller gives under this name. */
  | { readonly kind: "context"; readonly name: string }
  | { readonly kind: "image"; readonly name: string };

/** The wanted stage: by name, by number, or the last. Throws USAGE. */
export function findTarget({ stages, file }: Dockerfile, target: string | undefined): Stage {
  const last = stages.at(-1) as Stage;
  if (target === undefined || target === "") return last;
  const name = target.toLowerCase();
  const found =
    stages.findLast((one) => one.name === name) ?? (/^\d{1,6}$/.test(name) ? stages[Number(name)] : undefined);
  if (found) return found;
  const names = stages.flatMap((one) => one.name ?? []);
  const meant = nearest(name, names);
  throw new DodaiError("USAGE", `Cannot build stage "${target}": "${file}" has no such stage`, {
    fix: meant === undefined ? `It has ${names.join(", ") || "no named stages"}.` : `Did you mean "${meant}"?`,
  });
}

/** What a stage is built on. A stage's name counts from its own FROM on. Throws DOCKERFILE_SYNTAX. */
export function baseOf(
  stage: Stage,
  { stages, directives, contexts }: Dockerfile,
  variables: Variables,
): BaseReference {
  const { base, source } = stage;
  const name = expandWord(base, source, { escape: directives.escape, lookUp: (one) => variables.get(one) });
  if (name === "") {
    throw syntaxError({
      what: `FROM ${base.text}`,
      state: "it names no image",
      where: positionAt(source, base.at),
      fix: "Give the argument a default in front of the first FROM, or a value with --build-arg.",
    });
  }
  const given = contextNamed(name, contexts);
  if (given) return given;
  const earlier = stages.slice(0, stage.index).findLast((one) => one.name === name.toLowerCase());
  if (earlier) return { kind: "stage", index: earlier.index };
  return name === "scratch" ? { kind: "scratch" } : { kind: "image", name };
}

/** It comes before a stage or an image of the same name; a name without a tag is one with `latest`. */
function contextNamed(name: string, contexts: Dockerfile["contexts"]): BaseReference | undefined {
  const lower = name.toLowerCase();
  const found = [lower, lower.replace(/:latest$/, "")].find((one) => contexts?.has(one));
  return found === undefined ? undefined : { kind: "context", name: found };
}

export interface FromContext {
  readonly stage: Stage;
  readonly dockerfile: Dockerfile;
}

/** What `--from` names: a stage before this one, by name or number, or an image. Throws DOCKERFILE_SYNTAX. */
export function fromOf(
  word: Word,
  { source }: Pick<Stage, "source">,
  { stage, dockerfile: { stages, contexts } }: FromContext,
): BaseReference {
  const name = word.text.toLowerCase();
  const fault = { what: `--from=${word.text}`, where: positionAt(source, word.at) };
  if (name === "") throw syntaxError({ ...fault, state: "it names nothing" });
  const given = contextNamed(name, contexts);
  if (given) return given;
  const before = stages.slice(0, stage.index);
  const named = before.findLast((one) => one.name === name);
  if (named) return { kind: "stage", index: named.index };
  if (/^\d{1,6}$/.test(name)) {
    if (Number(name) < before.length) return { kind: "stage", index: Number(name) };
    throw syntaxError({ ...fault, state: "no earlier stage has this number" });
  }
  if (name === stage.name) throw syntaxError({ ...fault, state: "it is this stage itself" });
  return name === "scratch" ? { kind: "scratch" } : { kind: "image", name: word.text };
}

/** Every stage that a stage needs, the first ones first, itself last. What only its own instructions can tell is left out. */
export function neededStages(target: Stage, dockerfile: Dockerfile, variables: Variables): readonly number[] {
  const needed = new Set<number>();
  const visit = (stage: Stage): void => {
    if (needed.has(stage.index)) return;
    needed.add(stage.index);
    for (const one of referencesOf(stage, dockerfile, variables)) {
      const next = one.kind === "stage" ? dockerfile.stages[one.index] : undefined;
      if (next) visit(next);
    }
  };
  visit(target);
  return [...needed].sort((a, b) => a - b);
}

/** A stage and those that its FROM leads to. */
export function stagesBelow(target: Stage, dockerfile: Dockerfile, variables: Variables): ReadonlySet<number> {
  const all = new Set<number>();
  for (let stage: Stage | undefined = target; stage && !all.has(stage.index); ) {
    all.add(stage.index);
    const base = baseOf(stage, dockerfile, variables);
    stage = base.kind === "stage" ? dockerfile.stages[base.index] : undefined;
  }
  return all;
}

function referencesOf(stage: Stage, dockerfile: Dockerfile, variables: Variables): readonly BaseReference[] {
  const context = { stage, dockerfile };
  const froms = stage.instructions.flatMap((one): readonly BaseReference[] => {
    if (one.kind === "run") return one.mounts.flatMap((mount) => mountFrom(mount, one, context));
    const from = one.kind === "add" || one.kind === "copy" ? one.from : undefined;
    return from === undefined ? [] : [fromOf(from, one, context)];
  });
  return [baseOf(stage, dockerfile, variables), ...froms];
}

function mountFrom({ text, at }: Word, one: Pick<Stage, "source">, context: FromContext): readonly BaseReference[] {
  const [, name] = /(?:^|,)from=([^,$]+)(?:,|$)/.exec(text) ?? [];
  return name === undefined ? [] : [fromOf({ text: name, at }, one, context)];
}
