// The commands beside images: recipes to start from, the cache, completion.
import { buildCommand, buildRouteMap, type Command, type FlagParametersForType, type RouteMap } from "@stricli/core";
import type { CacheFlags, PruneFlags } from "./commands/cache.ts";
import type { ImportFlags } from "./commands/import.ts";
import type { InitFlags } from "./commands/init.ts";
import type { RecipesFlags } from "./commands/recipes.ts";
import type { CommandTree } from "./completion/vocabulary.ts";
import type { Context } from "./context.ts";
import { parseDuration, parseSize } from "./flags.ts";
import { describeCommand } from "./help.ts";
import { asText, commonFlags, json, kickstartFlags } from "./shared-flags.ts";

export function recipesRoute(): Command<Context> {
  return buildCommand<RecipesFlags, [], Context>({
    loader: async () => (await import("./commands/recipes.ts")).recipes,
    parameters: { flags: { json } },
    docs: {
      brief: "List the recipes that are built in",
      fullDescription: describeCommand("Lists the recipes that are built in.", { examples: ["dodai recipes"] }),
    },
  });
}

export function initRoute(): Command<Context> {
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

export function importRoute(): Command<Context> {
  return buildCommand<ImportFlags, [string], Context>({
    loader: async () => (await import("./commands/import.ts")).importRecipe,
    parameters: {
      flags: {
        output: {
          kind: "parsed",
          parse: asText,
          optional: true,
          placeholder: "file",
          brief: "Recipe to write; standard output by default",
        },
        ...kickstartFlags,
      },
      aliases: { o: "output" },
      positional: {
        kind: "tuple",
        parameters: [{ brief: "Kickstart to read", parse: asText, placeholder: "FILE" }],
      },
    },
    docs: {
      brief: "Write a kickstart as a recipe",
      customUsage: ["FILE [-o RECIPE] [flags]"],
      fullDescription: describeCommand("Writes the recipe that a kickstart is: both give the same image.", {
        more: "It is written to standard output, or with -o to a file, and never over one that is there.",
        examples: ["dodai import centos-7-x86_64.ks", "dodai import base.ks --distro rockylinux:9 -o base.yaml"],
      }),
    },
  });
}

export function cacheRoutes(): RouteMap<Context> {
  const cacheFlags: FlagParametersForType<CacheFlags, Context> = { cacheDir: commonFlags.cacheDir, json };
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

function pruneRoute(cacheFlags: FlagParametersForType<CacheFlags, Context>): Command<Context> {
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

/** `commands` gives what is completed: the tree that this route is a part of. */
export function completionRoute(commands: () => CommandTree): Command<Context> {
  return buildCommand<Readonly<Record<never, never>>, ["bash" | "zsh" | "fish"], Context>({
    loader: async () => {
      const { printCompletion } = await import("./completion/completion.ts");
      return function (_flags, shell) {
        return printCompletion(shell, commands(), this);
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
