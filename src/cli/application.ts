// Every command with its flags, for the parser, for help and for completion. What a command does is loaded when it runs.
import {
  type Application,
  type ApplicationText,
  buildApplication,
  buildCommand,
  buildRouteMap,
  type Command,
  help,
  type RouteMap,
  text_en,
  version as versionFlag,
} from "@stricli/core";
import { parsePlatform } from "../core/platform.ts";
import { version } from "../core/version.ts";
import type { BuildFlags } from "./commands/build.ts";
import type { CacheFlags, PruneFlags } from "./commands/cache.ts";
import type { InitFlags } from "./commands/init.ts";
import type { LockFlags } from "./commands/lock.ts";
import type { RecipesFlags } from "./commands/recipes.ts";
import type { ResolveFlags } from "./commands/resolve.ts";
import type { WhyFlags } from "./commands/why.ts";
import type { Context } from "./context.ts";
import { outputKinds, parseDuration, parseOutput, parseSize } from "./flags.ts";
import { describeCommand, recipeHelp, rootHelp } from "./help.ts";

/** Names of the commands at the top. */
export const commandNames: readonly string[] = [
  "build",
  "lock",
  "resolve",
  "why",
  "recipes",
  "init",
  "cache",
  "completion",
];

export type ErrorTexts = Pick<
  ApplicationText,
  | "commandErrorResult"
  | "exceptionWhileLoadingCommandContext"
  | "exceptionWhileLoadingCommandFunction"
  | "exceptionWhileParsingArguments"
  | "exceptionWhileRunningCommand"
  | "noCommandRegisteredForInput"
>;

export function makeApplication(errorTexts: ErrorTexts = text_en): Application<Context> {
  const formatting = {
    useAliasInUsageLine: false,
    onlyRequiredInUsageLine: true,
    caseStyle: "convert-camel-to-kebab",
  } as const;
  return buildApplication(
    makeRoutes(),
    {
      name: "dodai",
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      documentation: { ...formatting, disableAnsiColor: true },
      localization: { text: { ...text_en, ...errorTexts } },
    },
    {
      help: help({ brief: "Show this help", defaultForRouteMap: true, formatting }),
      version: versionFlag({ brief: "Show the version", alias: "V", info: { currentVersion: version } }),
    },
  );
}

function makeRoutes(): RouteMap<Context> {
  return buildRouteMap<string, Context>({
    routes: {
      build: buildCommandRoute(),
      lock: lockRoute(),
      resolve: resolveRoute(),
      why: whyRoute(),
      recipes: recipesRoute(),
      init: initRoute(),
      cache: cacheRoutes(),
      completion: completionRoute(),
    },
    docs: { brief: "Builds base container images from signed packages", fullDescription: rootHelp },
  });
}

const asText = (text: string): string => text;

const commonFlags = {
  platform: {
    kind: "parsed",
    parse: parsePlatform,
    variadic: ",",
    optional: true,
    placeholder: "linux/amd64",
    brief: "Platforms; the recipe's or this machine's by default",
  },
  offline: { kind: "boolean", optional: true, withNegated: false, brief: "Fetch nothing" },
  insecureUnsigned: {
    kind: "parsed",
    parse: asText,
    variadic: true,
    optional: true,
    placeholder: "repository",
    brief: "Take repositories (or =REPOSITORY alone) without a signature",
  },
  progress: {
    kind: "enum",
    values: ["auto", "tty", "plain", "quiet"],
    default: "auto",
    brief: "How progress is shown",
  },
  cacheDir: { kind: "parsed", parse: asText, optional: true, placeholder: "folder", brief: "Folder of the cache" },
} as const;

const json = { kind: "boolean", optional: true, withNegated: false, brief: "JSON on standard output" } as const;

const recipeArgument = { brief: "Built-in name, or file", parse: asText, placeholder: "RECIPE" } as const;

function buildCommandRoute(): Command<Context> {
  return buildCommand<BuildFlags, [string], Context>({
    loader: async () => (await import("./commands/build.ts")).build,
    parameters: {
      flags: {
        tag: {
          kind: "parsed",
          parse: asText,
          variadic: true,
          optional: true,
          placeholder: "name",
          brief: "Name of the image; may be repeated",
        },
        output: {
          kind: "parsed",
          parse: parseOutput,
          variadic: true,
          optional: true,
          placeholder: "type=KIND,dest=PATH",
          brief: "What to write; may be repeated",
        },
        locked: {
          kind: "boolean",
          optional: true,
          withNegated: false,
          brief: "Fail unless the lock is there and fits",
        },
        scripts: {
          kind: "enum",
          values: ["run", "emulate", "skip"],
          optional: true,
          brief: "Maintainer scripts; as the recipe says by default",
        },
        compression: { kind: "enum", values: ["gzip", "zstd"], optional: true, brief: "Of layers; gzip by default" },
        json,
        ...commonFlags,
      },
      aliases: { t: "tag", o: "output" },
      positional: { kind: "tuple", parameters: [recipeArgument] },
    },
    docs: {
      brief: "Build an image",
      customUsage: ["RECIPE [-t NAME]... [-o type=KIND,dest=PATH]... [flags]"],
      fullDescription: describeCommand("Builds an image and prints its digest.", {
        more: `${recipeHelp}
Without -o it writes NAME.tar in the current folder, which docker, podman and skopeo load.
A lock beside the recipe (NAME.lock.json) is used when it fits; "dodai lock" writes it.
KIND is ${outputKinds.join(", ").replace(/, ([^,]*)$/, " or $1")}.`,
        examples: [
          "dodai build distroless/base",
          "dodai build recipe.yaml -t team/base:1.0 -o type=oci,dest=out/base.tar",
          "dodai build recipe.yaml --platform linux/amd64,linux/arm64 --locked",
          "dodai build distroless/static -o type=context,dest=out --json",
        ],
      }),
    },
  });
}

function lockRoute(): Command<Context> {
  return buildCommand<LockFlags, [string], Context>({
    loader: async () => (await import("./commands/lock.ts")).lock,
    parameters: { flags: { json, ...commonFlags }, positional: { kind: "tuple", parameters: [recipeArgument] } },
    docs: {
      brief: "Write down the exact packages of a recipe",
      customUsage: ["RECIPE [flags]"],
      fullDescription: describeCommand("Chooses packages and writes NAME.lock.json beside the recipe.", {
        more: `${recipeHelp}\nThe lock of a built-in recipe is written in the current folder.`,
        examples: ["dodai lock recipe.yaml", "dodai lock distroless/base --platform linux/amd64,linux/arm64"],
      }),
    },
  });
}

function resolveRoute(): Command<Context> {
  return buildCommand<ResolveFlags, [string], Context>({
    loader: async () => (await import("./commands/resolve.ts")).resolve,
    parameters: { flags: { json, ...commonFlags }, positional: { kind: "tuple", parameters: [recipeArgument] } },
    docs: {
      brief: "List the packages that a recipe gives now",
      customUsage: ["RECIPE [flags]"],
      fullDescription: describeCommand("Lists the packages that a recipe gives now, one NAME VERSION a line.", {
        more: recipeHelp,
        examples: [
          "dodai resolve distroless/base",
          "dodai resolve recipe.yaml --json | jq '.platforms[].packages[].name'",
        ],
      }),
    },
  });
}

function whyRoute(): Command<Context> {
  return buildCommand<WhyFlags, [string, string], Context>({
    loader: async () => (await import("./commands/why.ts")).why,
    parameters: {
      flags: { json, ...commonFlags },
      positional: {
        kind: "tuple",
        parameters: [recipeArgument, { brief: "Name of a package", parse: asText, placeholder: "PACKAGE" }],
      },
    },
    docs: {
      brief: "Tell why a package is in an image, or why it is not",
      customUsage: ["RECIPE PACKAGE [flags]"],
      fullDescription: describeCommand("Tells why a package is in an image, or why it is not.", {
        more: recipeHelp,
        examples: ["dodai why distroless/base zlib1g", "dodai why recipe.yaml perl"],
      }),
    },
  });
}

function recipesRoute(): Command<Context> {
  return buildCommand<RecipesFlags, [], Context>({
    loader: async () => (await import("./commands/recipes.ts")).recipes,
    parameters: { flags: { json } },
    docs: {
      brief: "List the recipes that are built in",
      fullDescription: describeCommand("Lists the recipes that are built in.", { examples: ["dodai recipes"] }),
    },
  });
}

function initRoute(): Command<Context> {
  return buildCommand<InitFlags, [string?], Context>({
    loader: async () => (await import("./commands/init.ts")).init,
    parameters: {
      flags: {},
      positional: {
        kind: "tuple",
        parameters: [
          { brief: "Folder, or file that ends in .yaml", parse: asText, placeholder: "PLACE", optional: true },
        ],
      },
    },
    docs: {
      brief: "Write a recipe to start from",
      fullDescription: describeCommand("Writes a recipe to start from, and never over a file that is there.", {
        more: "PLACE is a folder, the current one by default, which gets recipe.yaml; or a file.",
        examples: ["dodai init", "dodai init images/base.yaml"],
      }),
    },
  });
}

function cacheRoutes(): RouteMap<Context> {
  const cacheFlags = { cacheDir: commonFlags.cacheDir, json };
  return buildRouteMap<string, Context>({
    routes: {
      dir: buildCommand<Pick<CacheFlags, "cacheDir">, [], Context>({
        loader: async () => (await import("./commands/cache.ts")).cacheDir,
        parameters: { flags: { cacheDir: commonFlags.cacheDir } },
        docs: { brief: "Print the folder of the cache" },
      }),
      size: buildCommand<CacheFlags, [], Context>({
        loader: async () => (await import("./commands/cache.ts")).cacheSize,
        parameters: { flags: cacheFlags },
        docs: { brief: "Print how large the cache is" },
      }),
      prune: pruneRoute(cacheFlags),
    },
    docs: {
      brief: "Look after the cache",
      fullDescription: describeCommand("Shows where the cache is and how large, and removes from it.", {
        examples: ["dodai cache size", "dodai cache prune --max-size 5GB", "dodai cache prune --older-than 30d"],
      }),
    },
  });
}

function pruneRoute(cacheFlags: {
  readonly cacheDir: typeof commonFlags.cacheDir;
  readonly json: typeof json;
}): Command<Context> {
  return buildCommand<PruneFlags, [], Context>({
    loader: async () => (await import("./commands/cache.ts")).cachePrune,
    parameters: {
      flags: {
        maxSize: {
          kind: "parsed",
          parse: parseSize,
          optional: true,
          placeholder: "5GB",
          brief: "Remove what was not used for longest until no more than this is left",
        },
        olderThan: {
          kind: "parsed",
          parse: parseDuration,
          optional: true,
          placeholder: "30d",
          brief: "Remove what was not used for so long",
        },
        ...cacheFlags,
      },
    },
    docs: {
      brief: "Remove from the cache",
      customUsage: ["[--max-size SIZE] [--older-than AGE] [flags]"],
      fullDescription: describeCommand("Removes what was not used for long. What is needed again is fetched again.", {
        examples: ["dodai cache prune --max-size 5GB", "dodai cache prune --older-than 30d"],
      }),
    },
  });
}

function completionRoute(): Command<Context> {
  return buildCommand<Readonly<Record<never, never>>, ["bash" | "zsh" | "fish"], Context>({
    loader: async () => {
      const { printCompletion } = await import("./completion/completion.ts");
      return function (_flags, shell) {
        return printCompletion(shell, makeRoutes(), this);
      };
    },
    parameters: {
      flags: {},
      positional: {
        kind: "tuple",
        parameters: [{ brief: "bash, zsh or fish", parse: parseShell, placeholder: "SHELL" }],
      },
    },
    docs: {
      brief: "Print a script that completes commands in a shell",
      fullDescription: describeCommand("Prints a script for a shell that completes commands, flags and recipes.", {
        examples: [
          "source <(dodai completion bash)",
          "dodai completion zsh > ~/.zfunc/_dodai",
          "dodai completion fish > ~/.config/fish/completions/dodai.fish",
        ],
      }),
    },
  });
}

function parseShell(text: string): "bash" | "zsh" | "fish" {
  if (text === "bash" || text === "zsh" || text === "fish") return text;
  throw new Error(`"${text}" is not bash, zsh or fish`);
}
