// A whole Dockerfile: arguments that all stages see, and stages.

import type { Directives } from "./directives.ts";
import type { ArgInstruction, Stage } from "./instruction.ts";
import { parseLines, type Written } from "./parse-lines.ts";
import { keywords } from "./read-arguments.ts";
import { readFlags } from "./read-flags.ts";
import { readInstruction, unknownInstruction } from "./read-instruction.ts";
import { positionAt, syntaxError, type Word } from "./source.ts";

export interface Dockerfile {
  readonly file: string;
  readonly directives: Directives;
  /** ARG in front of the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
  /** Names, in lower case, under which the caller gives something for FROM and --from. */
  readonly contexts?: ReadonlySet<string>;
  /** As they are written, for checks of style. */
  readonly written: readonly Written[];
}

/** Throws DOCKERFILE_SYNTAX, DOCKERFILE_UNSUPPORTED. */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const { directives, instructions } = parseLines(text, { file });
  const globalArgs: ArgInstruction[] = [];
  const stages: (Stage & { readonly instructions: Stage["instructions"][number][] })[] = [];
  for (const written of instructions) {
    if (written.name === "from") {
      stages.push({ ...readFrom(written, stages.length), instructions: [] });
      continue;
    }
    const instruction = readInstruction(written);
    const stage = stages.at(-1);
    if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === "arg") globalArgs.push(instruction);
    else throw beforeFrom(written);
  }
  if (stages.length === 0) {
    const where = { file, line: 1, column: 1 };
    throw syntaxError({ what: `"${file}"`, state: "there is no FROM in it", where });
  }
  return { file, directives, globalArgs, stages, written: instructions };
}

/** The triggers of a base image, as instructions of the stage that is built on it. */
export function parseTriggers(triggers: readonly string[], file: string): Stage["instructions"] {
  return triggers.flatMap((text) => parseLines(text, { file }).instructions.map(readInstruction));
}

function beforeFrom(written: Written): Error {
  if (!keywords.includes(written.name)) return unknownInstruction(written);
  return syntaxError({
    what: written.name.toUpperCase(),
    state: "it stands before the first FROM, where only ARG may",
    where: positionAt(written.source, written.keyword.at),
  });
}

function readFrom(written: Written, index: number): Omit<Stage, "instructions"> {
  const { source, words } = written;
  const position = positionAt(source, written.keyword.at);
  const [base, as, name] = words;
  if (base === undefined) throw syntaxError({ what: "FROM", state: "nothing follows it", where: position });
  if (words.length !== 1 && (words.length !== 3 || as?.text.toLowerCase() !== "as")) {
    throw syntaxError({
      what: "FROM",
      state: "it has more than an image, wanted FROM IMAGE or FROM IMAGE AS NAME",
      where: positionAt(source, words[1]?.at ?? base.at),
    });
  }
  return {
    name: name && readStageName(name, written),
    index,
    base,
    platform: readFlags(written).text("platform"),
    source,
    position,
    text: source.text.trim(),
  };
}

function readStageName(name: Word, { source }: Written): string {
  const lower = name.text.toLowerCase();
  if (/^[a-z][a-z0-9-_.]*$/.test(lower)) return lower;
  throw syntaxError({
    what: `stage "${name.text}"`,
    state: "its name has to begin with a letter and have only letters, digits and - _ . in it",
    where: positionAt(source, name.at),
  });
}
