import type { FlagParametersForType, TypedFlagParameter, TypedPositionalParameter } from "@stricli/core";
import { parsePlatform } from "../core/platform.ts";
import type { Context } from "./context.ts";
import type { CommonFlags } from "./flags.ts";

export const asText = (text: string): string => text;

/** How a kickstart is read. */
export const kickstartFlags: FlagParametersForType<Pick<CommonFlags, "distro" | "allowUnknown">, Context> = {
  distro: {
    kind: "parsed",
    parse: asText,
    optional: true,
    placeholder: "name:release",
    brief: "Distribution of a kickstart that does not show it: centos:7",
  },
  allowUnknown: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Pass over what is unknown in a kickstart, with a warning",
  },
};

/** Of every command that takes a recipe. */
export const commonFlags: FlagParametersForType<CommonFlags, Context> = {
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
  ...kickstartFlags,
};

export const json: TypedFlagParameter<boolean | undefined, Context> = {
  kind: "boolean",
  optional: true,
  withNegated: false,
  brief: "JSON on standard output",
};

export const insecureHttp: TypedFlagParameter<boolean | undefined, Context> = {
  kind: "boolean",
  optional: true,
  withNegated: false,
  brief: "Speak to registries without TLS where they have none",
};

export const recipeArgument: TypedPositionalParameter<string, Context> = {
  brief: "Built-in name, or file",
  parse: asText,
  placeholder: "RECIPE",
};
