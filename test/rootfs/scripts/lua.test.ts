import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runLua } from "../../../src/rootfs/scripts/lua.ts";
import { openRoot } from "../../../src/rootfs/scripts/root-files.ts";
import { type Contents, contextOf } from "./root.ts";

function runScript(
  text: string,
  contents: Contents = {},
): { readonly changed: readonly string[]; readonly ran: readonly string[] } {
  const files = openRoot(contextOf(contents));
  const ran: string[] = [];
  runLua(text, { files, execute: (words) => ran.push(words.join(" ")) && 0 });
  const changed = files
    .result()
    .files.map((one) => (one.kind === "symlink" ? `${one.path} -> ${one.target}` : one.path));
  return { changed, ran };
}

const shells = `nl        = '\\n'
sh        = '/bin/sh'..nl
bash      = '/bin/bash'..nl
f = io.open('/etc/shells', 'a+')
if f then
  local shells = nl..f:read('*all')..nl
  if not shells:find(nl..sh) then f:write(sh) end
  if not shells:find(nl..bash) then f:write(bash) end
  f:close()
end`;

const fork = `if posix.access ("/sbin/ldconfig", "x") then
  local pid = posix.fork ()
  if pid == 0 then
    posix.exec ("/sbin/ldconfig")
  elseif pid ~= -1 then
    posix.wait (pid)
  end
end`;

describe("scripts in rpm's Lua whose statements are known", () => {
  it("make folders and links where none are", () => {
    const script = '--# why\nposix.mkdir("/usr")\nposix.mkdir("/usr/bin"); posix.symlink("usr/bin", "/bin")\nreturn 0';
    assert.deepEqual(runScript(script).changed, ["bin -> usr/bin", "usr", "usr/bin"]);
    assert.deepEqual(runScript(script, { "usr/bin/": "", bin: "-> usr/bin" }).changed, []);
  });
  it("list shells that are not listed", () => {
    assert.deepEqual(runScript(shells, { "etc/shells": "/bin/sh\n" }).changed, ["etc/shells"]);
    assert.deepEqual(runScript(shells, { "etc/shells": "/bin/sh\n/bin/bash\n" }).changed, []);
  });
  it("start a program where it is", () => {
    assert.deepEqual(runScript(fork, { "sbin/ldconfig": "" }).ran, ["/sbin/ldconfig"]);
    assert.deepEqual(runScript(fork).ran, []);
  });
  for (const text of [
    'os.execute("rm -rf /")',
    'posix.mkdir("/a" .. "b")',
    `${fork}\nos.remove("/etc/passwd")`,
    "x = 1",
  ]) {
    it(`are left alone when any other is there: ${text.slice(-30)}`, () => {
      assert.throws(() => runScript(text), { code: "SCRIPT_UNKNOWN" });
    });
  }
});
