// Small programs that stand where a script is called and run it as rpm does, where the kernel alone would not: without a text, with
// more arguments, in rpm's own Lua, and after its macros were expanded. The image's rpm does what only rpm can.
import type { Scriptlet } from "./scripts.ts";

export interface ScriptPlace {
  /** Absolute. */
  readonly folder: string;
  /** The file with the script's text. */
  readonly body: string;
  /** By name and architecture. */
  readonly package: string;
}

/**
 * Run by rpm's Lua with the path of a script, the path at which a failure is told, and the script's arguments, which are numbers.
 * File triggers read names with rpm.next_file.
 */
export const LUA_PROGRAM: { readonly name: string; readonly text: string } = {
  name: ".run.lua",
  text: `local body, failed, words = ...
arg = words
rpm.next_file = function() return (io.read("*l")) end
local chunk, fault = loadfile(body)
local ok = false
if chunk then ok, fault = pcall(chunk) end
if not ok then
  io.stderr:write(tostring(fault), "\\n")
  io.open(failed, "w"):close()
end
`,
};

/** Writes the text of a script with its macros expanded beside it. */
export const EXPAND_PROGRAM: { readonly name: string; readonly text: string } = {
  name: ".expand.lua",
  text: `local body, expanded = ...
local from = io.open(body)
local text = from:read("*a")
from:close()
local to = io.open(expanded, "w")
to:write(rpm.expand(text))
to:close()
`,
};

/** The program alone, without even arguments (rpm's runExtScript), or with the script as a file. */
export function plainLauncher({ interpreter, body }: Scriptlet, place: ScriptPlace): string {
  const words = interpreter.map(quoted).join(" ");
  return `#!/bin/sh\nexec ${words}${body === undefined ? "" : ` ${quoted(place.body)} "$@"`}\n`;
}

/** rpm ends well whatever a script in `%{lua:}` does, so that a failure is told by a file. */
export function luaLauncher({ folder, body }: ScriptPlace, file: string = body): string {
  const failed = `${file}.failed`;
  return `#!/bin/sh
words='"<lua>"'
for word in "$@"; do words="$words, $word"; done
/usr/bin/rpm --eval '%{lua: loadfile("${folder}/${LUA_PROGRAM.name}")("${file}", "${failed}", {'"$words"'})}' || exit 1
if [ -e ${quoted(failed)} ]; then exit 1; fi
`;
}

export function expandLauncher(scriptlet: Scriptlet, place: ScriptPlace): string {
  const { interpreter, expands, isQueryFormat } = scriptlet;
  const { folder, body } = place;
  const expanded = `${body}.expanded`;
  const formatted = `${body}.formatted`;
  const program = `${folder}/${EXPAND_PROGRAM.name}`;
  const last = isQueryFormat ? formatted : expanded;
  const steps = [
    expands ? `/usr/bin/rpm --eval '%{lua: loadfile("${program}")("${body}", "${expanded}")}' || exit 1` : "",
    isQueryFormat
      ? `/usr/bin/rpm -q --qf "$(cat ${quoted(expands ? expanded : body)})" ${quoted(place.package)} >${quoted(formatted)} || exit 1`
      : "",
  ].filter((step) => step !== "");
  const run =
    interpreter[0] === "<lua>"
      ? luaLauncher(place, last).replace(/^#!\/bin\/sh\n/, "")
      : `exec ${interpreter.map(quoted).join(" ")} ${quoted(last)} "$@"\n`;
  return `#!/bin/sh\n${steps.join("\n")}\n${run}`;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
