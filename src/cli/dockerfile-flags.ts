// Flags that only Dockerfiles have, and the values behind them.
import { posix } from "node:path";
import type { FlagParametersForType } from "@stricli/core";
import type { NamedContext, Secret, SshSocket } from "../build/dockerfile/contract.ts";
import type { Context, World } from "./context.ts";
import { usage } from "./flags.ts";
import { asText } from "./shared-flags.ts";

export interface DockerfileFlags {
  readonly file?: string;
  readonly buildArg?: readonly string[];
  readonly target?: string;
  readonly secret?: readonly string[];
  readonly ssh?: readonly string[];
  readonly label?: readonly string[];
  readonly squash?: boolean;
  readonly noCache?: boolean;
  readonly noCacheFilter?: readonly string[];
  readonly buildContext?: readonly string[];
  readonly check?: boolean;
  readonly call?: "build" | "check";
}

export const dockerfileFlags: FlagParametersForType<DockerfileFlags, Context> = {
  file: { kind: "parsed", parse: asText, optional: true, placeholder: "file", brief: "The Dockerfile" },
  buildArg: {
    kind: "parsed",
    parse: asText,
    variadic: true,
    optional: true,
    placeholder: "name=value",
    brief: "Value of an ARG; the environment's without one (Dockerfile)",
  },
  target: { kind: "parsed", parse: asText, optional: true, placeholder: "stage", brief: "Stage to build (Dockerfile)" },
  secret: {
    kind: "parsed",
    parse: asText,
    variadic: true,
    optional: true,
    placeholder: "id=ID,src=FILE",
    brief: "What RUN --mount=type=secret sees; or env=NAME (Dockerfile)",
  },
  ssh: {
    kind: "parsed",
    parse: asText,
    variadic: true,
    optional: true,
    placeholder: "id=socket",
    brief: "Agent that RUN --mount=type=ssh sees (Dockerfile)",
  },
  label: {
    kind: "parsed",
    parse: asText,
    variadic: true,
    optional: true,
    placeholder: "name=value",
    brief: "Label of the image (Dockerfile)",
  },
  squash: { kind: "boolean", optional: true, withNegated: false, brief: "All layers as one (Dockerfile)" },
  noCache: { kind: "boolean", optional: true, withNegated: false, brief: "Do every step again (Dockerfile)" },
  noCacheFilter: {
    kind: "parsed",
    parse: asText,
    variadic: ",",
    optional: true,
    placeholder: "stage",
    brief: "Stages whose steps are done again (Dockerfile)",
  },
  buildContext: {
    kind: "parsed",
    parse: asText,
    variadic: true,
    optional: true,
    placeholder: "name=folder",
    brief: "Folder or image that FROM and --from find by name (Dockerfile)",
  },
  check: { kind: "boolean", optional: true, withNegated: false, brief: "Warn, and build nothing (Dockerfile)" },
  call: { kind: "enum", values: ["build", "check"], optional: true, brief: "As --check (Dockerfile)" },
};

/** `NAME=VALUE`, or `NAME` for the environment's value, which may be missing. */
export function readBuildArgs(texts: readonly string[], { env }: Pick<World, "env">): Readonly<Record<string, string>> {
  const pairs = texts.flatMap((text) => {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    if (name === "")
      throw usage(`Cannot read build argument "${text}": it has no name`, 'Write it as in "VERSION=1.2".');
    const value = equals < 0 ? env[name] : text.slice(equals + 1);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}

export function readLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals !== 0) return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
      throw usage(`Cannot read label "${text}": it has no name`);
    }),
  );
}

/** `NAME=FOLDER`, `NAME=docker-image://IMAGE`, `NAME=oci-layout://PATH` or `NAME=recipe://RECIPE`. Throws USAGE. */
export function readNamedContexts(
  texts: readonly string[],
  { cwd }: Pick<World, "cwd">,
): Readonly<Record<string, NamedContext>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals <= 0) {
        throw usage(`Cannot read build context "${text}": it is not NAME=PLACE`, 'Write it as in "src=../source".');
      }
      return [text.slice(0, equals).toLowerCase(), readPlace(text.slice(equals + 1), cwd)];
    }),
  );
}

function readPlace(place: string, cwd: string): NamedContext {
  const [, scheme, rest = ""] = /^([a-z][a-z-]*):\/\/(.+)$/.exec(place) ?? [];
  switch (scheme) {
    case undefined:
      if (!/^git@/.test(place)) return { kind: "folder", path: posix.resolve(cwd, place) };
      break;
    case "docker-image":
    case "recipe":
      return { kind: "image", name: rest };
    case "oci-layout":
      return { kind: "image", name: `oci-layout://${posix.resolve(cwd, rest)}` };
    default:
  }
  throw usage(
    `Cannot use "${place}" as build context: dodai fetches no contexts`,
    "Wanted is a folder, docker-image://IMAGE, oci-layout://PATH or recipe://RECIPE.",
  );
}

/** `id=ID,src=FILE`, `id=ID,env=NAME`, or `id=ID` for a variable of that name. */
export function readSecret(text: string, { env, cwd }: Pick<World, "env" | "cwd">): Secret {
  const fields = new Map(
    text.split(",").map((part) => {
      const equals = part.indexOf("=");
      return [part.slice(0, Math.max(0, equals)), part.slice(equals + 1)] as const;
    }),
  );
  const how = 'Write it as in "id=token,src=token.txt" or "id=token,env=TOKEN".';
  const known = ["id", "src", "source", "env", "type"];
  const wrong = [...fields.keys()].find((key) => !known.includes(key));
  if (wrong !== undefined) throw usage(`Cannot read secret: "${wrong}" means nothing in it`, how);
  const id = fields.get("id");
  if (!id) throw usage("Cannot read secret: it has no id", how);
  const file = fields.get("src") ?? (fields.get("type") === "env" ? undefined : fields.get("source"));
  if (file) return { id, kind: "file", path: posix.resolve(cwd, file) };
  const name = fields.get("env") ?? id;
  const value = env[name];
  if (value !== undefined) return { id, kind: "value", value };
  throw usage(`Cannot use secret "${id}": the environment has no "${name}"`, how);
}

/** `default`, or `ID=SOCKET`. */
export function readSsh(text: string, { env, cwd }: Pick<World, "env" | "cwd">): SshSocket {
  const equals = text.indexOf("=");
  if (equals > 0) return { id: text.slice(0, equals), path: posix.resolve(cwd, text.slice(equals + 1)) };
  const { SSH_AUTH_SOCK: path } = env;
  if (path) return { id: text || "default", path };
  throw usage(
    `Cannot use SSH agent "${text}": SSH_AUTH_SOCK is not set`,
    'Name its socket, as in "default=/run/agent.sock".',
  );
}
