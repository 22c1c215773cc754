// The checks that look at a stage as a whole.
import { nearest } from "../suggest.ts";
import type { Dockerfile } from "./dockerfile.ts";
import type { Instruction, Stage } from "./instruction.ts";
import type { LintWarning } from "./lint.ts";
import { readShellWords, ShellFault } from "./shell-words.ts";
import { positionAt, type SourceText, type Word } from "./source.ts";

export function lintStages(dockerfile: Dockerfile): readonly LintWarning[] {
  return dockerfile.stages.flatMap((stage) => [
    ...lintName(stage, dockerfile),
    ...lintBase(stage, dockerfile),
    ...lintRepeats(stage),
    ...lintWorkdir(stage),
    ...lintPorts(stage),
  ]);
}

function lintName({ name, index, source, position }: Stage, { stages }: Dockerfile): readonly LintWarning[] {
  const isDuplicate = name !== undefined && stages.slice(0, index).some((one) => one.name === name);
  const at = source.text.toLowerCase().lastIndexOf(name ?? "");
  const where = isDuplicate ? positionAt(source, at) : position;
  return isDuplicate ? [{ rule: "DuplicateStageName", text: `two stages are named "${name}"`, where }] : [];
}

/** What an argument in FROM is, and what it is without a value from the caller. */
function lintBase(stage: Stage, { globalArgs, directives }: Dockerfile): readonly LintWarning[] {
  const { base, platform, source } = stage;
  const declared = new Map(
    globalArgs.flatMap(({ args }) => args.map(({ name, value }) => [name.text, value?.text] as const)),
  );
  const found: LintWarning[] = [];
  const names = [...namesIn(base, directives.escape), ...(platform ? namesIn(platform, directives.escape) : [])];
  const automatic = /^(?:BUILD|TARGET)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)$|^TARGETSTAGE$/;
  for (const name of new Set(names)) {
    if (declared.has(name) || automatic.test(name)) continue;
    const meant = nearest(name, [...declared.keys(), "BUILDPLATFORM", "TARGETPLATFORM", "TARGETARCH"]);
    const hint = meant === undefined ? "" : `, did you mean "${meant}"?`;
    const where = positionAt(source, base.at);
    found.push({
      rule: "UndefinedArgInFrom",
      text: `no ARG in front of the first FROM declares "${name}"${hint}`,
      where,
    });
  }
  const usual = expandedName(base, directives.escape, (name) => declared.get(name));
  if (
    names.length > 0 &&
    usual !== undefined &&
    !isImage(usual) &&
    [...declared.keys()].some((one) => names.includes(one))
  ) {
    const text = `without --build-arg "${base.text}" is "${usual}", which is no image's name`;
    found.push({ rule: "InvalidDefaultArgInFrom", text, where: positionAt(source, base.at) });
  }
  return [...found, ...lintPlatform(platform, source)];
}

function isImage(text: string): boolean {
  return /^[\w.:/@[\]-]*[\w\]]$/.test(text) && !text.includes("//") && !/[:@/]$|^[:@/]/.test(text);
}

function lintPlatform(platform: Word | undefined, source: SourceText): readonly LintWarning[] {
  if (platform === undefined) return [];
  const where = positionAt(source, platform.at);
  if (platform.text === "$TARGETPLATFORM" || platform.text === "${TARGETPLATFORM}") {
    return [{ rule: "RedundantTargetPlatform", text: "--platform=$TARGETPLATFORM is what FROM does anyway", where }];
  }
  if (platform.text.includes("$")) return [];
  const text = `--platform=${platform.text} is the same for every platform that is built`;
  return [{ rule: "FromPlatformFlagConstDisallowed", text, where }];
}

/** Only the last of these counts. */
function lintRepeats({ instructions }: Stage): readonly LintWarning[] {
  return (["cmd", "entrypoint", "healthcheck"] as const).flatMap((kind) => {
    const all = instructions.filter((one) => one.kind === kind);
    return all.slice(0, -1).map(({ position }) => ({
      rule: "MultipleInstructionsDisallowed",
      text: `a later ${kind.toUpperCase()} of this stage takes the place of this one`,
      where: position,
    }));
  });
}

function lintWorkdir({ instructions }: Stage): readonly LintWarning[] {
  const first = instructions.find((one): one is Instruction & { kind: "workdir" } => one.kind === "workdir");
  if (first?.kind !== "workdir" || /^(?:\/|\$|"\/|'\/)/.test(first.value.text)) return [];
  const text = `"${first.value.text}" counts from whatever folder the base image has, an absolute path is clearer`;
  return [{ rule: "WorkdirRelativePath", text, where: positionAt(first.source, first.value.at) }];
}

function lintPorts({ instructions }: Stage): readonly LintWarning[] {
  return instructions.flatMap((one) => {
    if (one.kind !== "expose") return [];
    return one.words.flatMap(({ text, at }): readonly LintWarning[] => {
      const where = positionAt(one.source, at);
      if (/^[\d.]*:|^\d+(?:-\d+)?:/.test(text)) {
        return [
          { rule: "ExposeInvalidFormat", text: `"${text}" should not have an address or a port of the host`, where },
        ];
      }
      const [, protocol = ""] = text.split("/");
      if (protocol === protocol.toLowerCase() || protocol.includes("$")) return [];
      return [{ rule: "ExposeProtoCasing", text: `"${protocol}" should be lowercase`, where }];
    });
  });
}

function namesIn(word: Word, mark: string): readonly string[] {
  const names: string[] = [];
  expandedName(word, mark, (name) => {
    names.push(name);
    return "x";
  });
  return names;
}

function expandedName(word: Word, mark: string, lookUp: (name: string) => string | undefined): string | undefined {
  try {
    return readShellWords(word.text, { escape: mark, lookUp }).text;
  } catch (error) {
    if (error instanceof ShellFault) return undefined;
    throw error;
  }
}
