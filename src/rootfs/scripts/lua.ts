// Scripts in rpm's own Lua whose every statement is known. They are few, since packages use Lua where no shell is there yet: folders
// and links of the root, the linker's cache, the list of shells, and looks at what only an upgrade could have left.
import type { RootFiles } from "./root-files.ts";
import { notUnderstood } from "./syntax.ts";

export interface LuaOptions {
  readonly files: RootFiles;
  /** Runs a program with its words. */
  readonly execute: (words: readonly [string, ...string[]]) => number;
}

/** Throws SCRIPT_UNKNOWN. */
export function runLua(text: string, options: LuaOptions): void {
  let rest = text.replace(/\\\n/g, "").replace(/--(?!\[).*$/gm, "");
  while (rest.trim() !== "") {
    rest = rest.replace(/^[\s;]+/, "");
    const known = statements.find(({ pattern }) => pattern.test(rest));
    const found = known?.pattern.exec(rest);
    if (!known || !found) throw notUnderstood(`the Lua statement ${JSON.stringify(rest.trim().split("\n")[0])}`);
    known.run(found.slice(1), options);
    rest = rest.slice(found[0].length);
  }
}

interface Statement {
  /** From the start of what is left. Blanks stand for any. */
  readonly pattern: RegExp;
  readonly run: (parts: readonly string[], options: LuaOptions) => void;
}

/** A pattern in which blanks are as many as anybody likes, TEXT is a string and NAME a word. */
function statement(source: string, run: Statement["run"]): Statement {
  const pattern = source
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/ +/g, "\\s*")
    .replaceAll("TEXT", `"([^"\\\\\\n]*)"`)
    .replaceAll("NAME", "\\w+");
  return { pattern: new RegExp(`^${pattern}`), run };
}

const nothing: Statement["run"] = () => undefined;

/** `posix.fork` and `posix.exec` in the words in which packages have them. */
const forkAndRun =
  "local NAME = posix.fork ( ) if NAME == 0 then posix.exec ( TEXT ) elseif NAME ~= -1 then posix.wait ( NAME ) end";

const statements: readonly Statement[] = [
  statement("posix.mkdir ( TEXT )", ([path = ""], { files }) => {
    files.makeFolder(path);
  }),
  statement("posix.symlink ( TEXT , TEXT )", ([target = "", path = ""], { files }) => {
    files.makeLink(path, target);
  }),
  statement(
    `if posix.access ( TEXT , "x" ) then ${forkAndRun} end`,
    ([path = "", program = ""], { files, execute }) => {
      if (files.stat(path)) execute([program]);
    },
  ),
  statement(forkAndRun, ([program = ""], { execute }) => {
    execute([program]);
  }),
  // Bash lists itself: the shells that it names are added when no line is just so.
  {
    pattern:
      /^nl\s*=\s*'\\n'\s*sh\s*=\s*'(\/[\w/]+)'\.\.nl\s*bash\s*=\s*'(\/[\w/]+)'\.\.nl\s*f\s*=\s*io\.open\('\/etc\/shells', 'a\+'\)\s*if f then\s*local shells = nl\.\.f:read\('\*all'\)\.\.nl\s*if not shells:find\(nl\.\.sh\) then f:write\(sh\) end\s*if not shells:find\(nl\.\.bash\) then f:write\(bash\) end\s*f:close\(\)\s*end/,
    run: addShells,
  },
  // Left by an upgrade: in a new root there are none.
  statement(
    'for NAME , NAME in ipairs({"passwd", "shadow", "group", "gshadow"}) do os.remove("/etc/"..NAME..".rpmnew") end',
    (_, { files }) => {
      for (const name of ["passwd", "shadow", "group", "gshadow"]) files.remove(`/etc/${name}.rpmnew`);
    },
  ),
  statement(
    'if posix.access("/usr/bin/newaliases", "x") then os.execute("/usr/bin/newaliases >/dev/null") end',
    (_, { files }) => {
      if (files.stat("/usr/bin/newaliases")) throw notUnderstood("what /usr/bin/newaliases does");
    },
  ),
  // glibc asks for a kernel, which the machine has that runs the image.
  statement(
    `required = '2.6.32' rel = posix.uname("%r") if rpm.vercmp(rel, required) < 0 then error("FATAL: kernel too old", 0) end`,
    nothing,
  ),
  { pattern: /^return\s+0\s*$/, run: nothing },
];

function addShells([sh = "", bash = ""]: readonly string[], { files }: LuaOptions): void {
  const before = Buffer.from(files.read("/etc/shells") ?? new Uint8Array()).toString("latin1");
  const lines = `\n${before}\n`;
  const added = [sh, bash].filter((one) => !lines.includes(`\n${one}\n`)).map((one) => `${one}\n`);
  if (added.length > 0 || !files.stat("/etc/shells"))
    files.write("/etc/shells", Buffer.from(before + added.join(""), "latin1"));
}
