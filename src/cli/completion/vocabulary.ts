// What can be typed, taken from the commands' own definitions, so that completion cannot fall behind.
import type { Application } from "@stricli/core";
import type { Context } from "../context.ts";
import { outputKinds } from "../flags.ts";

export interface CompletedFlag {
  /** `--cache-dir`. */
  readonly name: string;
  /** `-o`. */
  readonly alias: string | undefined;
  readonly brief: string;
  readonly takesValue: boolean;
  readonly values: readonly string[];
}

export interface CompletedCommand {
  /** `build`, `cache prune`. */
  readonly path: string;
  readonly brief: string;
  readonly flags: readonly CompletedFlag[];
  /** Words for its first argument. */
  readonly words: readonly string[];
  /** Whether its first argument may be a file. */
  readonly takesFile: boolean;
}

/** The part of a command's definition that completion reads. */
interface FlagDefinition {
  readonly kind: string;
  readonly brief: string;
  readonly values?: readonly string[];
}

/** A command, or commands below one word. */
export type CommandTree = Application<Context>["root"];

export function describeCommands(root: CommandTree, recipes: readonly string[]): readonly CompletedCommand[] {
  const described: CompletedCommand[] = [];
  const walk = (target: CommandTree, path: readonly string[]): void => {
    if ("getAllEntries" in target) {
      for (const { name, target: child } of target.getAllEntries()) {
        walk(child, [...path, name["convert-camel-to-kebab"]]);
      }
      return;
    }
    const { flags = {}, aliases = {} } = target.parameters;
    const letters = new Map(Object.entries(aliases).map(([letter, flag]) => [flag, `-${letter}`]));
    const command = path.join(" ");
    described.push({
      path: command,
      brief: target.brief,
      flags: [
        ...Object.entries(flags).map(([name, flag]) => describeFlag(name, flag as FlagDefinition, letters.get(name))),
        { name: "--help", alias: "-h", brief: "Show this help", takesValue: false, values: [] },
      ],
      words: wordsOf(command, recipes),
      takesFile:
        recipeCommands.has(command) || imageCommands.has(command) || command === "init" || command === "import",
    });
  };
  walk(root, []);
  return described;
}

const recipeCommands = new Set(["build", "lock", "resolve", "why"]);
/** What was built from a recipe goes by its name. */
const builtCommands = new Set(["run", "push"]);
/** Commands that take an image, which may be a file. */
const imageCommands = new Set(["run", "push", "copy", "inspect"]);

function wordsOf(command: string, recipes: readonly string[]): readonly string[] {
  if (recipeCommands.has(command) || builtCommands.has(command)) return recipes;
  return command === "completion" ? ["bash", "zsh", "fish"] : [];
}

function describeFlag(name: string, { kind, brief, values }: FlagDefinition, alias: string | undefined): CompletedFlag {
  return {
    name: `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    alias,
    brief,
    takesValue: kind !== "boolean" && name !== "insecureUnsigned",
    values: beginningsOf(name) ?? values ?? [],
  };
}

/** How values of a flag begin. */
function beginningsOf(flag: string): readonly string[] | undefined {
  if (flag === "cacheFrom" || flag === "cacheTo") return ["type=registry,ref="];
  if (flag !== "output") return undefined;
  return outputKinds.map((one) => `type=${one},${one === "registry" ? "ref" : "dest"}=`);
}
