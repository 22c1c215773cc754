// The commands that reach registries.
import { buildCommand, type Command, type FlagParametersForType, type TypedPositionalParameter } from "@stricli/core";
import type { CopyFlags, PullFlags, PushFlags } from "./commands/copy.ts";
import type { InspectFlags } from "./commands/inspect.ts";
import type { Context } from "./context.ts";
import { parseOutput } from "./flags.ts";
import { describeCommand } from "./help.ts";
import { parseWantedPlatform, type RegistryFlags } from "./registry-flags.ts";
import { asText, commonFlags, insecureHttp, json } from "./shared-flags.ts";

const registryFlags: FlagParametersForType<RegistryFlags, Context> = {
  insecureHttp,
  offline: commonFlags.offline,
  progress: commonFlags.progress,
  cacheDir: commonFlags.cacheDir,
  json,
};

const platform = (brief: string) =>
  ({ kind: "parsed", parse: parseWantedPlatform, optional: true, placeholder: "linux/amd64", brief }) as const;

const imageArgument = (placeholder: string, brief: string): TypedPositionalParameter<string, Context> => ({
  brief,
  parse: asText,
  placeholder,
});

const nameHelp = `NAME is [REGISTRY/]PATH[:TAG][@DIGEST]; without a registry it is Docker Hub's.
Credentials are those of "docker login" and "podman login". docs/registries.md has all of it.`;

const placeHelp = `What begins with "/", "./" or "../", or ends with .tar, .tgz, .tar.gz or .oci, is a file or folder;
of several images in it, FILE:TAG or FILE@DIGEST names one. All else is a name.`;

export function pullRoute(): Command<Context> {
  return buildCommand<PullFlags, [string], Context>({
    loader: async () => (await import("./commands/copy.ts")).pull,
    parameters: {
      flags: {
        output: {
          kind: "parsed",
          parse: parseOutput,
          variadic: true,
          optional: true,
          placeholder: "type=KIND,dest=PATH",
          brief: "What to write; may be repeated",
        },
        platform: platform('One platform, or "all"; this machine\'s by default'),
        ...registryFlags,
      },
      aliases: { o: "output" },
      positional: { kind: "tuple", parameters: [imageArgument("NAME", "Image in a registry")] },
    },
    docs: {
      brief: "Fetch an image from a registry",
      customUsage: ["NAME [-o type=KIND,dest=PATH]... [flags]"],
      fullDescription: describeCommand("Fetches an image from a registry and prints its digest.", {
        more: `${nameHelp}
Without -o it writes NAME-TAG.tar in the current folder, which docker, podman and skopeo load.
KIND is oci, oci-layout, tar, dir or registry. Documents stay as they are, byte for byte; every byte is checked against
the digest that names it.`,
        examples: [
          "dodai pull debian:trixie",
          "dodai pull registry.example/team/app:1.0 --platform all -o type=oci-layout,dest=app.oci",
          "dodai pull debian:trixie-slim -o type=dir,dest=root",
        ],
      }),
    },
  });
}

export function pushRoute(): Command<Context> {
  return buildCommand<PushFlags, [string, ...string[]], Context>({
    loader: async () => (await import("./commands/copy.ts")).push,
    parameters: {
      flags: { platform: platform('One platform, or "all", which is the default'), ...registryFlags },
      positional: {
        kind: "array",
        minimum: 1,
        parameter: imageArgument("IMAGE", "Image on this machine, and names to push it to"),
      },
    },
    docs: {
      brief: "Push an image to a registry",
      customUsage: ["IMAGE NAME... [flags]"],
      fullDescription: describeCommand(
        "Pushes an image to registries and prints its digest. What is there is not sent.",
        {
          more: `IMAGE is what was built or pulled last under a name, or a file or folder: an OCI archive or layout,
or a Docker archive.
${nameHelp}`,
          examples: [
            "dodai push distroless-base.tar registry.example/team/base:1.0",
            "dodai push distroless/base localhost:5000/base",
          ],
        },
      ),
    },
  });
}

export function copyRoute(): Command<Context> {
  return buildCommand<CopyFlags, [string, ...string[]], Context>({
    loader: async () => (await import("./commands/copy.ts")).copy,
    parameters: {
      flags: {
        platform: platform('One platform, or "all", which is the default'),
        referrers: {
          kind: "boolean",
          optional: true,
          withNegated: false,
          brief: "Also what refers to it: signatures, SBOMs",
        },
        ...registryFlags,
      },
      positional: {
        kind: "array",
        minimum: 1,
        parameter: imageArgument("FROM", "Name, file or folder of the image, and where it shall be"),
      },
    },
    docs: {
      brief: "Copy an image as it is, between registries and files",
      customUsage: ["FROM TO... [flags]"],
      fullDescription: describeCommand("Copies an image as it is, with all its platforms, and prints its digest.", {
        more: `FROM and TO are names, files or folders.
${placeHelp}
A TO that ends with "/" or .oci becomes an OCI layout, another file an archive. Within one registry nothing is sent.
${nameHelp}`,
        examples: [
          "dodai copy debian:trixie registry.example/mirror/debian:trixie",
          "dodai copy registry.example/team/app:1.0 app.tar --platform linux/arm64",
          "dodai copy app.oci:1.0 localhost:5000/app:1.0",
        ],
      }),
    },
  });
}

export function inspectRoute(): Command<Context> {
  const yes = { kind: "boolean", optional: true, withNegated: false } as const;
  return buildCommand<InspectFlags, [string], Context>({
    loader: async () => (await import("./commands/inspect.ts")).inspect,
    parameters: {
      flags: {
        platform: platform("Which of the image's platforms"),
        raw: { ...yes, brief: "The index or manifest, as it is stored" },
        config: { ...yes, brief: "The config, as it is stored" },
        referrers: { ...yes, brief: "Also what refers to it: signatures, SBOMs" },
        ...registryFlags,
      },
      positional: { kind: "tuple", parameters: [imageArgument("IMAGE", "Name, file or folder of an image")] },
    },
    docs: {
      brief: "Show what an image is",
      customUsage: ["IMAGE [flags]"],
      fullDescription: describeCommand("Shows digest, platforms and layers of an image, and fetches no layer.", {
        more: placeHelp,
        examples: [
          "dodai inspect debian:trixie",
          "dodai inspect distroless-base.tar --json | jq .manifest.config.config.Env",
          "dodai inspect registry.example/team/app:1.0 --platform linux/arm64 --config",
        ],
      }),
    },
  });
}
