// Build arguments: those that every Dockerfile has without saying so, those in front of the first FROM, and those of a stage
// (BuildKit's reference, "ARG").
import { formatPlatform, type Platform } from "../../core/platform.ts";
import type { Dockerfile } from "./dockerfile.ts";
import { expandWord, type Scope } from "./expand.ts";
import type { ArgInstruction } from "./instruction.ts";

export type Variables = ReadonlyMap<string, string>;

export interface GlobalArguments {
  readonly buildPlatform: Platform;
  readonly targetPlatform: Platform;
  /** Name of the stage that is wanted. */
  readonly targetStage: string;
  /** What the caller gives. */
  readonly buildArgs: Variables;
}

/** Arguments that RUN sees without any ARG, and that are no part of what a step is kept under ("Predefined ARGs"). */
export const proxyArguments: readonly string[] = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "FTP_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
].flatMap((name) => [name, name.toLowerCase()]);

/** What FROM sees, and what a stage's ARG without a value takes. Throws DOCKERFILE_SYNTAX. */
export function globalVariables({ globalArgs, directives }: Dockerfile, options: GlobalArguments): Variables {
  const variables = new Map(platformVariables(options));
  for (const [name] of variables) {
    const given = options.buildArgs.get(name);
    if (given !== undefined) variables.set(name, given);
  }
  for (const instruction of globalArgs) {
    const scope: Scope = { escape: directives.escape, lookUp: (name) => variables.get(name) };
    for (const { name, value } of readArgs(instruction, scope, options.buildArgs)) {
      if (value !== undefined) variables.set(name, value);
    }
  }
  return variables;
}

/** Automatic platform arguments ("Automatic platform ARGs in the global scope"). */
function platformVariables({ buildPlatform, targetPlatform, targetStage }: GlobalArguments): Variables {
  const of = (prefix: string, platform: Platform): readonly (readonly [string, string])[] => [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, ""],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ""],
  ];
  return new Map([...of("BUILD", buildPlatform), ...of("TARGET", targetPlatform), ["TARGETSTAGE", targetStage]]);
}

export interface ReadArg {
  readonly name: string;
  /** `undefined` for one that has neither a default nor a given value. */
  readonly value: string | undefined;
  readonly isDefault: boolean;
}

/** Names and values of one ARG, the caller's before the defaults. Throws DOCKERFILE_SYNTAX. */
export function readArgs({ args, source }: ArgInstruction, scope: Scope, buildArgs: Variables): readonly ReadArg[] {
  return args.map((one) => {
    const name = expandWord(one.name, source, scope);
    const given = buildArgs.get(name);
    if (given !== undefined) return { name, value: given, isDefault: false };
    return { name, value: one.value && expandWord(one.value, source, scope), isDefault: true };
  });
}
