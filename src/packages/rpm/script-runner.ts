// Scripts of rpm packages run one by one, in rpm's order: accounts, every %pretrans, every %pre, every %post, every %posttrans. The image's rpm
// is needed for those in its own Lua alone. A %pre that fails ends the build; others are warned of, as rpm has it.
import { DodaiError } from "../../core/dodai-error.ts";
import type {
  ControlMember,
  GeneratedFile,
  InstalledPackage,
  ScriptCommand,
  ScriptName,
  ScriptPlan,
  ScriptPlanOptions,
  ScriptRunner,
} from "../contract.ts";
import { installOrder } from "./install-order.ts";

const folder = "var/tmp/dodai-scripts";

export const scriptRunner: ScriptRunner = {
  plan,
  failed: () => undefined,
  running: () => undefined,
  isOwnRecord: (path) => path.startsWith("var/lib/rpm/") || path.startsWith("usr/lib/sysimage/rpm/"),
};

interface Script extends ScriptName {
  readonly path: string;
  /** `/bin/sh`, `<lua>`, and its arguments. */
  readonly interpreter: readonly string[];
  readonly body: string;
}

/** Throws SCRIPT_UNKNOWN when a script is in Lua and the image has no rpm. */
function plan(installed: readonly InstalledPackage[], options: ScriptPlanOptions): ScriptPlan {
  const order = installOrder(installed);
  // %pretrans runs before anything is there: without rpm, whose Lua it is in, it can only be for upgrades.
  const hasRpm = options.has("usr/bin/rpm");
  const kinds = [...(hasRpm ? ["pretrans"] : []), "pre", "post", "posttrans"];
  const all = kinds.flatMap((kind) => order.flatMap((one) => scriptOf(one, kind)));
  const environment = environmentOf(options.epoch);
  return {
    temporary: [
      { kind: "directory", path: folder, mode: 0o755 },
      ...all.map(({ path, interpreter, body }): GeneratedFile => {
        const text = interpreter[0] === "<lua>" ? body : `#!${interpreter.join(" ")}\n${body}`;
        return { kind: "file", path, mode: 0o755, bytes: Buffer.from(text) };
      }),
    ],
    commands: [
      ...programs(["/usr/bin/systemd-sysusers"], options, environment),
      ...all.map((script) => commandOf(script, options, environment)),
      // What glibc's file trigger does once all packages are there.
      ...programs(["/usr/sbin/ldconfig"], options, environment),
    ],
    scripts: all.map(({ package: name, script, path }) => ({ package: name, script, path })),
    needless: order.flatMap(({ name, control }) =>
      !hasRpm && control.some((member) => member.name === "pretrans") ? [{ package: name, script: "pretrans" }] : [],
    ),
  };
}

function scriptOf({ name, control }: InstalledPackage, kind: string): readonly Script[] {
  const member = control.find((one) => one.name === kind);
  if (member === undefined) return [];
  const { interpreter, body } = partsOf(member);
  return [{ package: name, script: kind, path: `${folder}/${name}.${kind}`, interpreter, body }];
}

/** As scripts.ts puts them together: a line with the interpreter, and the text. */
function partsOf({ bytes }: ControlMember): Pick<Script, "interpreter" | "body"> {
  const text = Buffer.from(bytes).toString("latin1");
  const end = text.indexOf("\n");
  return {
    interpreter: text.slice(2, end).split(" "),
    body: Buffer.from(text.slice(end + 1), "latin1").toString(),
  };
}

/** Programs that the image may have. */
function programs(
  paths: readonly string[],
  { has }: ScriptPlanOptions,
  environment: ScriptCommand["environment"],
): readonly ScriptCommand[] {
  return paths.filter((path) => has(path.slice(1))).map((path) => ({ argv: [path], environment }));
}

/** rpm's argument for a first installation. */
const FIRST = "1";

function commandOf(
  script: Script,
  { has }: ScriptPlanOptions,
  environment: ScriptCommand["environment"],
): ScriptCommand {
  const { package: name, script: kind, path, interpreter, body } = script;
  const named = { environment, script: { package: name, script: kind } };
  const words = wordsFor();
  if (kind === "pre") return { argv: words, ...named };
  const warning = `echo "warning: ${kind} of ${name} ended with $?"`;
  return { argv: ["/bin/sh", "-c", `"$@" || ${warning}`, "sh", ...words], ...named };

  function wordsFor(): readonly [string, ...string[]] {
    if (interpreter[0] === "<lua>") return luaWords(`/${path}`);
    // Without a text the program is all that there is: "-p /sbin/ldconfig".
    if (body.trim() === "") return [interpreter[0] ?? "/bin/sh", ...interpreter.slice(1), FIRST];
    return [`/${path}`, FIRST];
  }

  function luaWords(file: string): readonly [string, ...string[]] {
    if (has("usr/bin/rpm"))
      return ["/usr/bin/rpm", "--eval", `%{lua: arg = {"${kind}", ${FIRST}, ${FIRST}}; dofile("${file}")}`];
    throw new DodaiError(
      "SCRIPT_UNKNOWN",
      `Cannot run ${kind} of "${name}": it is in rpm's own Lua, and rpm is not among the packages`,
      { fix: 'Add "rpm" to packages, or use "scripts: emulate" or "scripts: skip".' },
    );
  }
}

/** Nothing of the machine that builds. */
function environmentOf(epoch: number): Readonly<Record<string, string>> {
  return {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C.UTF-8",
    SOURCE_DATE_EPOCH: String(epoch),
    SYSTEMD_OFFLINE: "1",
    PERL_HASH_SEED: "0",
    PYTHONHASHSEED: "0",
  };
}
