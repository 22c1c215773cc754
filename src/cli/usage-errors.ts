// What the parser of the command line refuses, as our errors.
import {
  AliasNotFoundError,
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { DodaiError } from "../core/dodai-error.ts";
import { nearest } from "../frontends/suggest.ts";
import { hintForDockerFlag } from "./docker-flags.ts";
import { usage } from "./flags.ts";
import { count } from "./quantities.ts";

const seeHelp = 'See "dodai --help", or "dodai COMMAND --help".';

const commandBehind = 'A command with flags of its own stands behind "--", as in "dodai run IMAGE -- ls -l".';

/** `error` itself when it is no fault of the command line, whose words these are. */
export function usageErrorOf(error: unknown, words: readonly string[] = []): unknown {
  if (error instanceof ArgumentParseError) return parseErrorOf(error);
  if (error instanceof FlagNotFoundError) {
    const meant = nearest(error.input.replace(/^--/, "").replace(/=.*/, ""), error.corrections) ?? error.corrections[0];
    const flag = meant === undefined ? undefined : `--${meant.replace(/^--/, "")}`;
    const hint = isBuild(words) ? hintForDockerFlag(error.input.replace(/^--/, "")) : undefined;
    const fix = hint ?? (isCommandOpen(words) && flag === undefined ? commandBehind : didYouMean(flag));
    return usage(`Cannot use flag "--${error.input.replace(/^--/, "")}": there is no such flag`, fix);
  }
  if (error instanceof AliasNotFoundError) {
    const hint = isBuild(words) ? hintForDockerFlag(error.input) : undefined;
    const fix = hint ?? (isCommandOpen(words) ? commandBehind : seeHelp);
    return usage(`Cannot use flag "-${error.input}": there is no such flag`, fix);
  }
  if (error instanceof EnumValidationError) {
    const { externalFlagName, input, values } = error;
    const meant = nearest(input, values);
    return usage(
      `Cannot use "${input}" for ${flagName(externalFlagName)}: wanted ${values.join(", ").replace(/, ([^,]*)$/, " or $1")}`,
      meant === undefined ? seeHelp : `Did you mean "${meant}"?`,
    );
  }
  if (error instanceof UnexpectedFlagError) {
    return usage(`Cannot use ${flagName(error.externalFlagName)} twice: it takes one value`, seeHelp);
  }
  if (error instanceof UnexpectedPositionalError) {
    const taken = error.expectedCount === 0 ? "none" : `${count(error.expectedCount, "argument")} at most`;
    return usage(`Cannot use argument "${error.input}": the command takes ${taken}`, seeHelp);
  }
  if (error instanceof UnsatisfiedFlagError) {
    return usage(`Cannot use ${flagName(error.externalFlagName)}: its value is missing`, seeHelp);
  }
  if (error instanceof UnsatisfiedPositionalError) {
    return usage(`Cannot run: the argument ${error.placeholder} is missing`, seeHelp);
  }
  return error;
}

const isBuild = (words: readonly string[]): boolean => words.find((word) => !word.startsWith("-")) === "build";

/** Of `dodai run`: whose flags these are is not said. */
function isCommandOpen(words: readonly string[]): boolean {
  return words.find((word) => !word.startsWith("-")) === "run" && !words.includes("--");
}

function parseErrorOf({ exception, externalFlagNameOrPlaceholder, input }: ArgumentParseError): DodaiError {
  if (exception instanceof DodaiError) return exception;
  const reason = exception instanceof Error ? exception.message : String(exception);
  return usage(`Cannot use "${input}" for ${externalFlagNameOrPlaceholder}: ${reason}`, seeHelp);
}

const flagName = (name: string): string =>
  `--${name.replace(/^--/, "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export function unknownCommand(input: string, commands: readonly string[]): DodaiError {
  const meant = nearest(input, commands);
  const known = `Commands are ${commands.join(", ")}.`;
  return usage(
    `Cannot run "${input}": there is no such command`,
    meant === undefined ? known : `Did you mean "${meant}"? ${known}`,
  );
}

function didYouMean(word: string | undefined): string {
  return word === undefined ? seeHelp : `Did you mean "${word}"?`;
}
