// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
// Dockerfiles: everything that is read of one before anything is built, and patterns of .dockerignore.
import { parsePlatform } from "../src/core/platform.ts";
import { globalVariables } from "../src/frontends/dockerfile/arguments.ts";
import { type ConfigInstruction, configure } from "../src/frontends/dockerfile/configure.ts";
import { type Dockerfile, parseDockerfile } from "../src/frontends/dockerfile/dockerfile.ts";
import { parseIgnore } from "../src/frontends/dockerfile/ignore.ts";
import { lintDockerfile } from "../src/frontends/dockerfile/lint.ts";
import { readMount } from "../src/frontends/dockerfile/mount.ts";
import { findTarget, neededStages } from "../src/frontends/dockerfile/stage-graph.ts";
import { emptyContainerConfig } from "../src/image/container-config.ts";
import { Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { mutateStanzas } from "./mutate-text.ts";

const platform = parsePlatform("amd64");

const words: readonly string[] = [
  ..."FROM RUN COPY ADD ENV ARG LABEL CMD ONBUILD HEALTHCHECK EXPOSE VOLUME SHELL WORKDIR"
    .split(" ")
    .map((one) => `${one} `),
  ...[
    "--mount=type=cache,target=",
    "--from=0 ",
    "--chown=",
    "<<EOF\n",
    "\nEOF\n",
    " \\\n",
    "# escape=`\n",
    "# check=skip=all\n",
  ],
  ...["${", "}", ":-", "##", "//", "$x", "'", '"', '["', "=", "scratch", " AS a\n", "\\"],
];

function readAll(dockerfile: Dockerfile): void {
  const { stages, directives } = dockerfile;
  const buildArgs = new Map([["X", "1"]]);
  const shared = { buildPlatform: platform, targetPlatform: platform, targetStage: "default", buildArgs };
  const globals = globalVariables(dockerfile, shared);
  neededStages(findTarget(dockerfile, undefined), dockerfile, globals);
  const scope = { escape: directives.escape, lookUp: (name: string) => (name.length % 2 === 0 ? name : undefined) };
  for (const one of stages.flatMap(({ instructions }) => instructions)) {
    switch (one.kind) {
      case "run":
        for (const word of one.mounts) readMount(word, { source: one.source, scope, workdir: "/", index: 0 });
        break;
      case "add":
      case "copy":
      case "arg":
      case "maintainer":
        break;
      default:
        configure(emptyContainerConfig, one as ConfigInstruction, scope);
    }
  }
}

const dockerfile: Target = {
  name: "dockerfile",
  codes: ["DOCKERFILE_SYNTAX", "DOCKERFILE_UNSUPPORTED"],
  open: () => ({
    corpus: [
      Buffer.from("FROM scratch\nENV a=${b:-c}\nRUN <<EOF\nx\nEOF\nCOPY --from=0 a b /c/\n"),
      ...fixtures("dockerfile/**/Dockerfile", 60),
    ],
    mutate: (input, random) => mutateStanzas(input, random, words),
    words,
    run(input) {
      const read = parseDockerfile(Buffer.from(input).toString("utf8"), "Dockerfile");
      for (const { where } of lintDockerfile(read))
        if (where.line < 1 || where.column < 1) throw new Fault("no such place");
      readAll(read);
    },
  }),
};

const dockerignore: Target = {
  name: "dockerignore",
  codes: [],
  open: () => ({
    corpus: ["**/*.js\n!keep\n", "# x\na/**/b\n[a-z]?\n\\*\n", "*".repeat(100)].map((text) => Buffer.from(text)),
    words: ["**/", "*", "?", "[^a-", "]", "!", "\\", "/", "\n"],
    run(input) {
      const ignore = parseIgnore(Buffer.from(input).toString("utf8"));
      for (const path of ["a", "a/b/c.js", "keep", "a".repeat(200)]) ignore.has(path);
    },
  }),
};

export const dockerfileTargets: readonly Target[] = [dockerfile, dockerignore];
