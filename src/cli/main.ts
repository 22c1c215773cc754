// The program. As little as can be is loaded before it is known what is wanted: start-up is most of a build that has
// nothing to do.
import { version } from "../core/version.ts";

const words = process.argv.slice(2);

if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  process.stdout.write(`${version}\n`);
} else {
  const [{ runCommandLine }, { endOf, worldOfProcess }] = await Promise.all([
    import("./run.ts"),
    import("./process-context.ts"),
  ]);
  process.exitCode = await endOf(runCommandLine(words, worldOfProcess()));
}
