// The command that runs an image.
import { buildCommand, type Command } from "@stricli/core";
import { parsePlatform } from "../core/platform.ts";
import type { RunFlags } from "./commands/run.ts";
import type { Context } from "./context.ts";
import { describeCommand } from "./help.ts";
import { parseVariable, parseVolume } from "./run-flags.ts";
import { asText, commonFlags } from "./shared-flags.ts";

const more = `IMAGE is what was built or pulled last under a name ("debian:trixie"), or a file or folder: an OCI archive or layout
(also PATH:TAG and PATH@sha256:...), a Docker archive, a tar of a root file system; archives also compressed.
Without COMMAND it runs what the image says; with it, the image's entrypoint gets COMMAND as its arguments.
The command sees nothing of this machine but what -v and --network give it. What it writes into the image is lost when it ends.
The exit code is the command's: 128 + N when signal N ended it, 127 when it is not in the image, 126 when it cannot be
run. When dodai itself fails, it is dodai's, as below.`;

export function runRoute(): Command<Context> {
  const optional = { kind: "parsed", parse: asText, optional: true } as const;
  const yes = { kind: "boolean", optional: true, withNegated: false } as const;
  return buildCommand<RunFlags, string[], Context>({
    loader: async () => (await import("./commands/run.ts")).run,
    parameters: {
      flags: {
        interactive: { ...yes, brief: "Let the command read standard input" },
        tty: { ...yes, brief: "Give the command this terminal, with -i as -it" },
        env: {
          kind: "parsed",
          parse: parseVariable,
          variadic: true,
          optional: true,
          placeholder: "NAME=VALUE",
          brief: "Set a variable, or take NAME from here; may be repeated",
        },
        workdir: { ...optional, placeholder: "folder", brief: "Folder to start in; the image's by default" },
        volume: {
          kind: "parsed",
          parse: parseVolume,
          variadic: true,
          optional: true,
          placeholder: "SOURCE:TARGET[:ro]",
          brief: "Show a file or folder of this machine; may be repeated",
        },
        user: { ...optional, placeholder: "USER[:GROUP]", brief: "Name or number; the image's by default" },
        entrypoint: { ...optional, placeholder: "program", brief: 'In place of the image\'s; "" for none' },
        network: { ...yes, brief: "Give the command this machine's network; it has none by default" },
        platform: {
          kind: "parsed",
          parse: parsePlatform,
          optional: true,
          placeholder: "linux/amd64",
          brief: "Which of the image's platforms; this machine's by default",
        },
        cacheDir: commonFlags.cacheDir,
      },
      aliases: { e: "env", i: "interactive", t: "tty", u: "user", v: "volume", w: "workdir" },
      positional: {
        kind: "array",
        minimum: 1,
        parameter: { brief: "Image, and the command to run in it", parse: asText, placeholder: "IMAGE" },
      },
    },
    docs: {
      brief: "Run a command in an image",
      customUsage: ["[flags] IMAGE [-- COMMAND [ARGUMENT...]]"],
      fullDescription: describeCommand("Runs a command in an image, without Docker, and ends as it ends.", {
        more,
        examples: [
          "dodai run debian:trixie -- cat /etc/os-release",
          "dodai run -it debian:trixie",
          "dodai run --network ./debian-trixie.tar -- sh -c 'apt-get update && apt-get install -y hello'",
          "dodai run -v .:/src:ro -w /src --user 1000 app:latest -- make test",
        ],
      }),
    },
  });
}
