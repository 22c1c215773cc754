// Checks of style and of mistakes that still build: BuildKit's rules, by its names, so that `# check=skip=RULE` means the same.

import { compareBytes } from "../../core/byte-order.ts";
import type { Position } from "../../core/dodai-error.ts";
import type { Dockerfile } from "./dockerfile.ts";
import { lintStages } from "./lint-stages.ts";
import type { Written } from "./parse-lines.ts";
import { positionAt } from "./source.ts";

export interface LintWarning {
  readonly rule: string;
  readonly text: string;
  readonly where: Position;
}

/** In the order of the file, without those that the file skips. */
export function lintDockerfile(dockerfile: Dockerfile): readonly LintWarning[] {
  const { written, directives } = dockerfile;
  const all = [...lintCasing(written), ...written.flatMap(lintWritten), ...lintStages(dockerfile)];
  const skipped = directives.check.skip.map((one) => one.toLowerCase());
  return all
    .filter(({ rule }) => !skipped.includes("all") && !skipped.includes(rule.toLowerCase()))
    .sort((a, b) => a.where.line - b.where.line || a.where.column - b.where.column || compareBytes(a.rule, b.rule));
}

/** `Dockerfile:3:1: RULE: text`. */
export function formatLintWarning({ rule, text, where }: LintWarning): string {
  return `${where.file}:${where.line}:${where.column}: ${rule}: ${text}`;
}

/** The casing of most keywords is what the others should have. */
function lintCasing(written: readonly Written[]): readonly LintWarning[] {
  const isUpper = ({ keyword }: Written): boolean => keyword.text === keyword.text.toUpperCase();
  const isLower = ({ keyword }: Written): boolean => keyword.text === keyword.text.toLowerCase();
  const uppers = written.filter(isUpper).length;
  const lowers = written.filter(isLower).length;
  const wanted = lowers > uppers ? "lowercase" : "uppercase";
  const fits = wanted === "lowercase" ? isLower : isUpper;
  return written
    .filter((one) => !fits(one))
    .map(({ source, keyword }) => ({
      rule: "ConsistentInstructionCasing",
      text: `"${keyword.text}" should be as the other keywords are, ${wanted}`,
      where: positionAt(source, keyword.at),
    }));
}

function lintWritten(written: Written): readonly LintWarning[] {
  const { name, source, keyword, words, isJson } = written;
  const where = positionAt(source, keyword.at);
  const found: LintWarning[] = [];
  if (written.hasEmptyContinuation) {
    found.push({ rule: "NoEmptyContinuation", text: "an empty line follows a continued one", where });
  }
  if (name === "maintainer") {
    found.push({ rule: "MaintainerDeprecated", text: 'use a label "org.opencontainers.image.authors" instead', where });
  }
  if ((name === "cmd" || name === "entrypoint") && !isJson && words.length > 0) {
    const text = `the shell form of ${name.toUpperCase()} hides signals from the program, use a JSON list`;
    found.push({ rule: "JSONArgsRecommended", text, where });
  }
  if ((name === "env" || name === "label") && words[2]?.text === "") {
    const text = `"${name.toUpperCase()} name=value" should be used instead of "${name.toUpperCase()} name value"`;
    found.push({ rule: "LegacyKeyValueFormat", text, where });
  }
  if (name === "from") found.push(...lintFrom(written));
  if (name === "env" || name === "arg") found.push(...lintSecrets(written));
  return found;
}

function lintFrom({ words, keyword, source }: Written): readonly LintWarning[] {
  const [, as, stage] = words;
  if (as === undefined || stage === undefined) return [];
  const where = positionAt(source, as.at);
  const found: LintWarning[] = [];
  const isUpper = keyword.text === keyword.text.toUpperCase();
  if ((as.text === as.text.toUpperCase()) !== isUpper) {
    found.push({ rule: "FromAsCasing", text: `"${as.text}" and "${keyword.text}" should have the same casing`, where });
  }
  const at = positionAt(source, stage.at);
  if (stage.text !== stage.text.toLowerCase()) {
    found.push({ rule: "StageNameCasing", text: `stage "${stage.text}" should be lowercase`, where: at });
  }
  if (["scratch", "context"].includes(stage.text.toLowerCase())) {
    found.push({ rule: "ReservedStageName", text: `"${stage.text}" should not name a stage`, where: at });
  }
  return found;
}

const secretWords = [
  "apikey",
  "auth",
  "credential",
  "credentials",
  "key",
  "password",
  "pword",
  "passwd",
  "secret",
  "token",
];
const secretName = new RegExp(`(?:_|^)(?:${secretWords.join("|")})(?:_|$)`, "i");
const publicName = /(?:_|^)public(?:_|$)/i;

function lintSecrets({ name: kind, words, source }: Written): readonly LintWarning[] {
  const names = kind === "env" ? words.filter((_, at) => at % 3 === 0) : words;
  return names.flatMap(({ text, at }) => {
    const [name = ""] = text.split("=", 1);
    if (!secretName.test(name) || publicName.test(name)) return [];
    const state = `${kind.toUpperCase()} "${name}" stays in the image, use RUN --mount=type=secret for what is secret`;
    return [{ rule: "SecretsUsedInArgOrEnv", text: state, where: positionAt(source, at) }];
  });
}
