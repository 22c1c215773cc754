// The commands that take a recipe.
import { buildCommand, type Command } from "@stricli/core";
import type { BuildFlags } from "./commands/build.ts";
import type { LockFlags } from "./commands/lock.ts";
import type { ResolveFlags } from "./commands/resolve.ts";
import type { WhyFlags } from "./commands/why.ts";
import type { Context } from "./context.ts";
import { dockerfileFlags } from "./dockerfile-flags.ts";
import { outputKinds, parseCache, parseDuration, parseOutput } from "./flags.ts";
import { describeCommand, recipeHelp } from "./help.ts";
import { asText, commonFlags, insecureHttp, json, recipeArgument } from "./shared-flags.ts";

const cache = (brief: string) =>
  ({
    kind: "parsed",
    parse: parseCache,
    variadic: true,
    optional: true,
    placeholder: "type=registry,ref=NAME",
    brief,
  }) as const;

export function buildRoute(): Command<Context> {
  return buildCommand<BuildFlags, string[], Context>({
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
        push: { kind: "boolean", optional: true, withNegated: false, brief: "Push the image under each of its names" },
        insecureHttp,
        cacheFrom: cache("Take from there what was built from the same; may be repeated"),
        cacheTo: cache("Keep there what is built, for --cache-from; may be repeated"),
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
        compression: {
          kind: "enum",
          values: ["gzip", "zstd", "none"],
          optional: true,
          brief: "Of layers; gzip by default",
        },
        ledger: {
          kind: "parsed",
          parse: asText,
          optional: true,
          placeholder: "file",
          brief: "Where to write what was done about each script",
        },
        scriptTimeout: {
          kind: "parsed",
          parse: parseDuration,
          optional: true,
          placeholder: "duration",
          brief: "For all scripts together; 10m by default",
        },
        runTimeout: {
          kind: "parsed",
          parse: parseDuration,
          optional: true,
          placeholder: "duration",
          brief: "For each RUN; no limit by default (Dockerfile)",
        },
        iidfile: {
          kind: "parsed",
          parse: asText,
          optional: true,
          placeholder: "file",
          brief: "Where to write the digest, too",
        },
        metadataFile: {
          kind: "parsed",
          parse: asText,
          optional: true,
          placeholder: "file",
          brief: "Where to write what --json prints, too",
        },
        json,
        ...dockerfileFlags,
        ...commonFlags,
      },
      aliases: { t: "tag", o: "output", f: "file" },
      positional: {
        kind: "array",
        parameter: {
          brief: "Built-in name, file, Dockerfile, or folder with a Dockerfile; behind a Dockerfile its context",
          parse: asText,
          placeholder: "RECIPE|DOCKERFILE|FOLDER",
        },
        maximum: 2,
      },
    },
    docs: {
      brief: "Build an image",
      customUsage: [
        "RECIPE [-t NAME]... [-o type=KIND,dest=PATH]... [flags]",
        "DOCKERFILE [CONTEXT] [--build-arg NAME=VALUE]... [--target STAGE] [flags]",
        "-f DOCKERFILE [CONTEXT] [flags]",
        "- < DOCKERFILE or TAR",
      ],
      fullDescription: describeCommand("Builds an image and prints its digest.", {
        more: `${recipeHelp}
Without -o it writes NAME.tar in the current folder, which docker, podman and skopeo load.
A lock beside the recipe (NAME.lock.json) is used when it fits; "dodai lock" writes it.
A Dockerfile is built in the sandbox, without a daemon; its context is its own folder unless CONTEXT says another.
With --push it goes to the registries of its names, and to a file only with -o as well.
KIND is ${outputKinds.join(", ").replace(/, ([^,]*)$/, " or $1")}.`,
        examples: [
          "dodai build distroless/base",
          "dodai build recipe.yaml -t team/base:1.0 -o type=oci,dest=out/base.tar",
          "dodai build recipe.yaml --platform linux/amd64,linux/arm64 --locked",
          "dodai build distroless/static -t registry.example/team/static:1.0 --push",
          "dodai build Dockerfile -t team/app:1.0 --build-arg VERSION=1.0",
          "dodai build distroless/static -o type=context,dest=out --json",
        ],
      }),
    },
  });
}

export function lockRoute(): Command<Context> {
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

export function resolveRoute(): Command<Context> {
  return buildCommand<ResolveFlags, [string], Context>({
    loader: async () => (await import("./commands/resolve.ts")).resolve,
    parameters: {
      flags: {
        advisories: {
          kind: "boolean",
          optional: true,
          withNegated: false,
          brief: "Also list advisories for exactly these packages (rpm)",
        },
        json,
        ...commonFlags,
      },
      positional: { kind: "tuple", parameters: [recipeArgument] },
    },
    docs: {
      brief: "List the packages that a recipe gives now",
      customUsage: ["RECIPE [flags]"],
      fullDescription: describeCommand("Lists the packages that a recipe gives now, one NAME VERSION a line.", {
        more: recipeHelp,
        examples: [
          "dodai resolve distroless/base",
          "dodai resolve fedora:44 --advisories",
          "dodai resolve recipe.yaml --json | jq '.platforms[].packages[].name'",
        ],
      }),
    },
  });
}

export function whyRoute(): Command<Context> {
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
