// `dodai build --check`: what a Dockerfile is warned of.
import { DodaiError } from "../../core/dodai-error.ts";
import { type Dockerfile, parseDockerfile } from "../../frontends/dockerfile/dockerfile.ts";
import { formatLintWarning, lintDockerfile } from "../../frontends/dockerfile/lint.ts";
import type { DockerfileBuildOptions } from "./contract.ts";

/** Throws DOCKERFILE_SYNTAX, DOCKERFILE_UNSUPPORTED. */
export function checkDockerfile(
  { file, text }: DockerfileBuildOptions["dockerfile"],
  onEvent: NonNullable<DockerfileBuildOptions["onEvent"]>,
): void {
  tellWarnings(parseDockerfile(text, file), onEvent);
}

/** Throws DOCKERFILE_SYNTAX where the file says that its warnings are errors. */
export function tellWarnings(dockerfile: Dockerfile, onEvent: DockerfileBuildOptions["onEvent"]): void {
  const warnings = lintDockerfile(dockerfile);
  for (const one of warnings) onEvent?.({ kind: "warning", text: formatLintWarning(one) });
  const [first] = warnings;
  if (first === undefined || !dockerfile.directives.check.error) return;
  throw new DodaiError(
    "DOCKERFILE_SYNTAX",
    `Cannot build "${dockerfile.file}": it says "check=error=true", and ${first.rule} was found`,
    {
      where: first.where,
      fix: `${first.text.slice(0, 1).toUpperCase()}${first.text.slice(1)}.`,
    },
  );
}
