// Scripts of rpm packages run one by one, in rpm's order. The image's rpm is needed for those in its own Lua, and for those that have
// macros expanded. What rpm calls critical ends the build when it fails; others are warned of, as rpm has it.
import { DodaiError } from "../../core/dodai-error.ts";
import type {
  GeneratedFile,
  InstalledPackage,
  ScriptCommand,
  ScriptPlan,
  ScriptPlanOptions,
  ScriptRunner,
} from "../contract.ts";
import { installOrder } from "./install-order.ts";
import { headersOf } from "./installed.ts";
import { EXPAND_PROGRAM, expandLauncher, LUA_PROGRAM, luaLauncher, plainLauncher } from "./script-launcher.ts";
import { type Scriptlet, scriptletsOf } from "./scripts.ts";
import { isCritical, needsRpm, type ScriptRun, scriptRuns } from "./transaction.ts";

const folder = "var/tmp/dodai-scripts";
const failures = `${folder}/.failures`;

export const scriptRunner: ScriptRunner = {
  plan,
  failed: () => undefined,
  running: () => undefined,
  isOwnRecord: (path) => path.startsWith("var/lib/rpm/") || path.startsWith("usr/lib/sysimage/rpm/"),
};

/** Throws SCRIPT_UNKNOWN when a script needs rpm itself and the image has none. */
function plan(installed: readonly InstalledPackage[], options: ScriptPlanOptions): ScriptPlan {
  const order = installOrder(installed);
  const hasRpm = options.has("usr/bin/rpm");
  const runs = scriptRuns(order).filter(({ scriptlet }) => hasRpm || !needsRpm(scriptlet));
  const environment = environmentOf(options.epoch);
  const linker = programs([LINKER], options, environment);
  const kept = linker.length === 0 ? runs : runs.filter(({ scriptlet }) => !isLinkerAlone(scriptlet));
  const used = new Map(kept.map((run) => [pathOf(run.package, run.scriptlet), run]));
  const inputs = new Map(
    kept.flatMap(({ files }, at) => (files ? [[at, { path: `${folder}/.files.${at}`, files }] as const] : [])),
  );
  return {
    temporary: [
      { kind: "directory", path: folder, mode: 0o755 },
      fileOf(failures, ""),
      fileOf(`${folder}/${LUA_PROGRAM.name}`, LUA_PROGRAM.text),
      fileOf(`${folder}/${EXPAND_PROGRAM.name}`, EXPAND_PROGRAM.text),
      ...[...used].flatMap(([path, run]) => scriptFiles(path, run, hasRpm)),
      ...[...inputs.values()].map(({ path, files }) => fileOf(path, files.map((one) => `${one}\n`).join(""))),
    ],
    commands: [
      ...programs(["/usr/bin/systemd-sysusers"], options, environment),
      // All libraries are there already: once does for all whose script is this alone.
      ...(kept.length < runs.length ? linker : []),
      ...kept.map((run, at) => commandOf(run, { environment, input: inputs.get(at)?.path })),
      // glibc's file trigger, where it has none yet.
      ...linker,
    ],
    scripts: [...used].map(([path, run]) => ({ package: run.package, script: run.scriptlet.name, path })),
    failures,
    needless: order.flatMap(({ name, control }) =>
      scriptletsOf(headersOf(control, name).header)
        .filter((scriptlet) => !used.has(pathOf(name, scriptlet)))
        .map((scriptlet) => ({ package: name, script: scriptlet.name })),
    ),
  };
}

const pathOf = (name: string, scriptlet: Scriptlet): string => `${folder}/${name}.${scriptlet.name}`;

function fileOf(path: string, text: string): GeneratedFile {
  return { kind: "file", path, mode: 0o755, bytes: Buffer.from(text) };
}

/** What is called, and the script beside it where that is another file. */
function scriptFiles(
  path: string,
  { package: name, query, scriptlet }: ScriptRun,
  hasRpm: boolean,
): readonly GeneratedFile[] {
  const { interpreter, body, expands, isQueryFormat } = scriptlet;
  const isLua = interpreter[0] === "<lua>";
  if (body !== undefined && (isLua || expands || isQueryFormat) && !hasRpm) throw rpmMissing(name, scriptlet);
  const bodyPath = `${folder}/.body.${name}.${scriptlet.name}`;
  const place = { folder: `/${folder}`, body: `/${bodyPath}`, package: query };
  if (expands || isQueryFormat) return [fileOf(path, expandLauncher(scriptlet, place)), fileOf(bodyPath, body ?? "")];
  if (isLua) return [fileOf(path, luaLauncher(place)), fileOf(bodyPath, body ?? "")];
  // The kernel gives an interpreter one argument.
  if (body !== undefined && interpreter.length <= 2) return [fileOf(path, `#!${interpreter.join(" ")}\n${body}`)];
  return [fileOf(path, plainLauncher(scriptlet, place)), ...(body === undefined ? [] : [fileOf(bodyPath, body)])];
}

function rpmMissing(name: string, { name: script, interpreter }: Scriptlet): DodaiError {
  const why = interpreter[0] === "<lua>" ? "it is in rpm's own Lua" : "its macros are expanded by rpm";
  return new DodaiError(
    "SCRIPT_UNKNOWN",
    `Cannot run ${script} of "${name}": ${why}, and rpm is not among the packages`,
    { fix: 'Add "rpm" to packages, or use "scripts: emulate" or "scripts: skip".' },
  );
}

const LINKER = "/usr/sbin/ldconfig";

/** `%post -p /sbin/ldconfig`, which every second package of a library has, or the same as a text. */
function isLinkerAlone({ kind, interpreter: [program], body }: Scriptlet): boolean {
  const isLinker = (word: string): boolean => word === LINKER || word === "/sbin/ldconfig";
  if (kind !== "post" && kind !== "posttrans") return false;
  return body === undefined ? isLinker(program) : program === "/bin/sh" && isLinker(body.trim());
}

/** Programs that the image may have. */
function programs(
  paths: readonly string[],
  { has }: ScriptPlanOptions,
  environment: ScriptCommand["environment"],
): readonly ScriptCommand[] {
  return paths.filter((path) => has(path.slice(1))).map((path) => ({ argv: [path], environment }));
}

interface CommandOptions {
  readonly environment: ScriptCommand["environment"];
  /** Path of the file that is its standard input. */
  readonly input: string | undefined;
}

function commandOf(run: ScriptRun, { environment, input }: CommandOptions): ScriptCommand {
  const { package: name, scriptlet } = run;
  const words = [`/${pathOf(name, scriptlet)}`, ...run.arguments.map(String)] as const;
  const named = { environment, script: { package: name, script: scriptlet.name } };
  if (isCritical(scriptlet)) return { argv: words, ...named };
  const from = input === undefined ? "" : ` </${input}`;
  const warning = `echo "${name} ${scriptlet.name} $?" >>/${failures}`;
  return { argv: ["/bin/sh", "-c", `"$@"${from} || ${warning}`, "sh", ...words], ...named };
}

/** Nothing of the machine that builds. */
function environmentOf(epoch: number): Readonly<Record<string, string>> {
  return {
    // rpm's own (SCRIPT_PATH).
    PATH: "/sbin:/bin:/usr/sbin:/usr/bin:/usr/X11R6/bin",
    HOME: "/root",
    LC_ALL: "C.UTF-8",
    SOURCE_DATE_EPOCH: String(epoch),
    SYSTEMD_OFFLINE: "1",
    PERL_HASH_SEED: "0",
    PYTHONHASHSEED: "0",
  };
}
