// Scripts and triggers of rpm packages, in rpm's order, on the tree as a value: a script of which dodai knows every command that
// comes to run is done; one with any other is left alone as a whole, and told as one that did not run.
import { DodaiError } from "../../core/dodai-error.ts";
import { installOrder } from "../../packages/rpm/install-order.ts";
import { headersOf } from "../../packages/rpm/installed.ts";
import { scriptletsOf } from "../../packages/rpm/scripts.ts";
import { isCritical, needsRpm, type ScriptRun, scriptRuns } from "../../packages/rpm/transaction.ts";
import { runLua } from "../scripts/lua.ts";
import { openPrograms } from "../scripts/programs.ts";
import { openRoot, type RootFiles } from "../scripts/root-files.ts";
import { runProgram, runShell } from "../scripts/run.ts";
import type { ShellOptions } from "../scripts/shell.ts";
import { notUnderstood } from "../scripts/syntax.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";

export const rpmScripts: Effect = {
  name: "rpm-scripts",
  summary: "does what scripts of rpm packages do whose every command is known",
  covers: [],
  apply,
};

type Covered = NonNullable<EffectResult["covered"]>[number];

function apply(context: EffectContext): EffectResult {
  const packages = context.packages.filter(({ control }) => control.some(({ name }) => name === "header"));
  const order = installOrder(packages);
  const hasRpm = context.tree.has("usr/bin/rpm");
  const runs = scriptRuns(order).filter(({ scriptlet }) => hasRpm || !needsRpm(scriptlet));
  const files = openRoot(context);
  const shell = { files, ...openPrograms(context) };
  const covered = new Map<string, Covered>();
  const unknown = new Set<string>();
  const used = new Set<string>();
  // Before all scripts, as in the sandbox.
  if (context.tree.has("usr/bin/systemd-sysusers"))
    runProgram(["/usr/bin/systemd-sysusers"], { ...shell, words: [], input: "" });
  for (const run of runs) {
    const key = keyOf(run.package, run.scriptlet.name);
    used.add(key);
    const mark = files.mark();
    if (!attempt(files, () => runOne(run, shell))) {
      unknown.add(key);
      continue;
    }
    const changed = [...(covered.get(key)?.changed ?? []), ...files.touched(mark)];
    covered.set(key, { package: run.package, script: run.scriptlet.name, changed: [...new Set(changed)].sort() });
  }
  const needless = order.flatMap(({ name, control }) =>
    scriptletsOf(headersOf(control, name).header)
      .filter((scriptlet) => !used.has(keyOf(name, scriptlet.name)))
      .map((scriptlet) => ({ package: name, script: scriptlet.name })),
  );
  const done = [...covered].filter(([key]) => !unknown.has(key)).map(([, one]) => one);
  return { ...files.result(), covered: done, needless };
}

/** False, and everything as it was, when something is not known. */
function attempt(files: RootFiles, does: () => void): boolean {
  const mark = files.mark();
  try {
    does();
    return true;
  } catch (error) {
    if (!(error instanceof DodaiError && error.code === "SCRIPT_UNKNOWN")) throw error;
    files.restore(mark);
    return false;
  }
}

const keyOf = (name: string, script: string): string => `${name} ${script}`;

function runOne(run: ScriptRun, shell: Omit<ShellOptions, "words" | "input">): void {
  const { interpreter, body, expands, isQueryFormat } = run.scriptlet;
  const input = (run.files ?? []).map((path) => `${path}\n`).join("");
  const options = { ...shell, words: run.arguments.map(String), input };
  if ((expands && body?.includes("%")) || isQueryFormat) throw notUnderstood("macros");
  const [program, ...more] = interpreter;
  if (body === undefined) assertEnded(run, runProgram(interpreter, options));
  else if (program === "<lua>") runLua(body, { files: shell.files, execute: (words) => runProgram(words, options) });
  else if (/^\/(?:usr\/)?bin\/(?:ba)?sh$/.test(program) && more.length === 0)
    assertEnded(run, runShell(Buffer.from(body).toString("latin1"), options));
  else throw notUnderstood(`what ${program} does`);
}

/** What rpm would not go on after is not done by halves. */
function assertEnded({ scriptlet }: ScriptRun, status: number): void {
  if (status !== 0 && isCritical(scriptlet)) throw notUnderstood("a script that fails");
}
