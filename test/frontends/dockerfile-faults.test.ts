// What is refused, and what is warned of: the message and the place, as a picture.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
import { describe, it } from "node:test";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { globalVariables } from "../../src/frontends/dockerfile/arguments.ts";
import { type ConfigInstruction, configure } from "../../src/frontends/dockerfile/configure.ts";
import { parseDockerfile } from "../../src/frontends/dockerfile/dockerfile.ts";
import { formatLintWarning, lintDockerfile } from "../../src/frontends/dockerfile/lint.ts";
import { readMount } from "../../src/frontends/dockerfile/mount.ts";
import { baseOf, findTarget, fromOf } from "../../src/frontends/dockerfile/stage-graph.ts";
import { emptyContainerConfig } from "../../src/image/container-config.ts";

const refused: readonly string[] = [
  "",
  "# only a comment\n",
  "RUN x\n",
  "FROM\n",
  "FROM a b\n",
  "FROM a AS 1st\n",
  "FROM scratch\nRNU x\n",
  "FROM scratch\nFOO x\n",
  "FROM --platfrom=linux/arm64 a\n",
  "FROM --platform a\n",
  "FROM scratch\nCOPY --chown=1 --chown=2 a b\n",
  "FROM scratch\nCOPY --link=maybe a b\n",
  "FROM scratch\nCOPY only\n",
  "FROM scratch\nCOPY --from=scratch\n",
  "FROM scratch\nENV a\n",
  "FROM scratch\nENV a=b \\\n  # comment\n  c\n",
  "FROM scratch\nENV a=${b\n",
  "FROM scratch\nLABEL a='b\n",
  "FROM scratch\nARG =x\n",
  "FROM scratch\nARG\n",
  "FROM scratch\nSHELL sh -c\n",
  'FROM scratch\nCMD ["a", 1]\n',
  "FROM scratch\nEXPOSE 0 99999 a\n",
  "FROM scratch\nEXPOSE 80-70\n",
  'FROM scratch\nVOLUME [""]\n',
  "FROM scratch\nWORKDIR\n",
  "FROM scratch\nWORKDIR ${none}\n",
  "FROM scratch\nSTOPSIGNAL not a signal\n",
  "FROM scratch\nUSER\n",
  "FROM scratch\nHEALTHCHECK\n",
  "FROM scratch\nHEALTHCHECK TEST x\n",
  "FROM scratch\nHEALTHCHECK NONE x\n",
  "FROM scratch\nHEALTHCHECK --interval=5 CMD x\n",
  "FROM scratch\nHEALTHCHECK --retries=-1 CMD x\n",
  "FROM scratch\nONBUILD\n",
  "FROM scratch\nONBUILD FROM x\n",
  "FROM scratch\nONBUILD ONBUILD RUN x\n",
  "FROM scratch\nONBUILD COPY x\n",
  "FROM scratch\nRUN\n",
  "FROM scratch\nRUN --security=insecure x\n",
  "FROM scratch\nRUN --network=lan x\n",
  "FROM scratch\nRUN --mount=type=disk,target=/x x\n",
  "FROM scratch\nRUN --mount=target= x\n",
  "FROM scratch\nRUN --mount=type=cache x\n",
  "FROM scratch\nRUN --mount=type=tmpfs,target=/,x=y x\n",
  "FROM scratch\nRUN --mount=type=cache,target=/c,uid=me x\n",
  "FROM scratch\nRUN --mount=type=tmpfs,target=/t,size=big x\n",
  "FROM scratch\nSTOPSIGNAL SIGFOO\n",
  "FROM scratch\nRUN <<EOF\nno end\n",
  "FROM scratch\nADD --keep-git-dir x y\n",
  "# escape=x\nFROM scratch\n",
  "# syntax=a\n# syntax=b\nFROM scratch\n",
  "ARG X\nFROM $X\n",
  "FROM scratch AS a\nCOPY --from=a x y\n",
  "FROM scratch\nCOPY --from=7 x y\n",
  "FROM scratch\nLABEL a=${b:?must be there}\n",
  "FROM scratch\nLABEL a=${b:=c}\n",
  "FROM scratch\nLABEL a=${b|c}\n",
];

const warned: readonly string[] = [
  "FROM scratch as one\nCOPY a b\nrun x\nFROM scratch AS Two\nFROM scratch AS one\nFROM scratch AS scratch\n",
  'FROM scratch\nMAINTAINER me\nCMD x\nENTRYPOINT y\nCMD ["z"]\n',
  "FROM scratch\nENV a b\nLABEL c d\nENV DB_PASSWORD=x PUBLIC_KEY=y ok=1\nARG token\n",
  "FROM scratch\nRUN a \\\n\n  b\n",
  "ARG BASE\nARG VERSION=1\nFROM --platform=linux/amd64 a:$VERSON\nFROM --platform=$TARGETPLATFORM $BASE:1\nFROM b:${VERSION}\n",
  "FROM scratch\nWORKDIR x\nWORKDIR y\nEXPOSE 80/TCP 127.0.0.1:80:80\n",
  "# check=skip=JSONArgsRecommended,maintainerdeprecated\nFROM scratch\nMAINTAINER me\nCMD x\n",
  "# check=skip=all\nFROM scratch\nMAINTAINER me\nCMD x\n",
];

/** Everything that can be told without building. */
function readAll(text: string): void {
  const dockerfile = parseDockerfile(text, "Dockerfile");
  const platform = parsePlatform("amd64");
  const buildArgs = new Map<string, string>();
  const globals = globalVariables(dockerfile, {
    buildPlatform: platform,
    targetPlatform: platform,
    targetStage: findTarget(dockerfile, undefined).name ?? "default",
    buildArgs,
  });
  const scope = { escape: dockerfile.directives.escape, lookUp: () => undefined };
  for (const stage of dockerfile.stages) {
    baseOf(stage, dockerfile, globals);
    for (const one of stage.instructions) {
      const { source } = one;
      if (one.kind === "copy" && one.from) fromOf(one.from, one, { stage, dockerfile });
      if (one.kind === "run") for (const word of one.mounts) readMount(word, { source, scope, workdir: "/", index: 0 });
      if (
        one.kind === "arg" ||
        one.kind === "add" ||
        one.kind === "copy" ||
        one.kind === "run" ||
        one.kind === "maintainer"
      )
        continue;
      configure(emptyContainerConfig, one as ConfigInstruction, scope);
    }
  }
}

function refusalOf(text: string): string {
  try {
    readAll(text);
  } catch (error) {
    if (!(error instanceof DodaiError)) throw error;
    const { where, code, message, fix } = error;
    const place = typeof where === "object" ? `${where.line}:${where.column}` : "nowhere";
    return [`${place} ${code}: ${message}`, ...(fix === undefined ? [] : [`  ${fix}`])].join("\n");
  }
  return "not refused";
}

const shown = (text: string): string => text.replace(/\n$/, "").replace(/^/gm, "| ");

describe("faults of Dockerfiles", () => {
  it("are refused with their place", (t) => {
    const lines = refused.map((text) => `${shown(text)}\n${refusalOf(text)}`);
    t.assert.fileSnapshot(lines.join("\n\n"), "test/golden/frontends/dockerfile-refused.txt", {
      serializers: [String],
    });
  });

  it("that still build are warned of", (t) => {
    const lines = warned.map((text) => {
      const found = lintDockerfile(parseDockerfile(text, "Dockerfile")).map(formatLintWarning);
      return [shown(text), ...found].join("\n");
    });
    t.assert.fileSnapshot(lines.join("\n\n"), "test/golden/frontends/dockerfile-warned.txt", { serializers: [String] });
  });
});
