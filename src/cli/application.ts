// Every command with its flags, for the parser, for help and for completion. What a command does is loaded when it runs.
import {
  type Application,
  type ApplicationText,
  buildApplication,
  buildRouteMap,
  help,
  type RouteMap,
  text_en,
  version as versionFlag,
} from "@stricli/core";
import { version } from "../core/version.ts";
import type { Context } from "./context.ts";
import { rootHelp } from "./help.ts";
import { buildRoute, lockRoute, resolveRoute, whyRoute } from "./image-routes.ts";
import { cacheRoutes, completionRoute, importRoute, initRoute, recipesRoute } from "./other-routes.ts";
import { copyRoute, inspectRoute, pullRoute, pushRoute } from "./registry-routes.ts";
import { runRoute } from "./run-route.ts";

/** Names of the commands at the top. */
export const commandNames: readonly string[] = [
  "build",
  "lock",
  "resolve",
  "why",
  "run",
  "pull",
  "push",
  "copy",
  "inspect",
  "recipes",
  "init",
  "import",
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
      build: buildRoute(),
      lock: lockRoute(),
      resolve: resolveRoute(),
      why: whyRoute(),
      run: runRoute(),
      pull: pullRoute(),
      push: pushRoute(),
      copy: copyRoute(),
      inspect: inspectRoute(),
      recipes: recipesRoute(),
      init: initRoute(),
      import: importRoute(),
      cache: cacheRoutes(),
      completion: completionRoute(makeRoutes),
    },
    docs: { brief: "Builds base container images from signed packages", fullDescription: rootHelp },
  });
}
