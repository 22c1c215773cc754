// Scripts of packages on a tree that is a value: what a shell would do, or nothing at all.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { run } from "../../kit/oracle.ts";
import { type Contents, runOn } from "./root.ts";

const programs = [
  "cat",
  "grep",
  "sed",
  "mkdir",
  "touch",
  "ln",
  "rm",
  "mv",
  "cp",
  "chmod",
  "basename",
  "dirname",
  "sort",
];
const bin: Contents = Object.fromEntries(programs.map((name) => [`usr/bin/${name}`, ""]));

/** Scripts that print what they find out to `/out`; a real shell says what is right. */
const same: readonly { readonly name: string; readonly script: string }[] = [
  {
    name: "conditions",
    script: 'if [ $1 -eq 1 ]; then echo first; elif [ "$1" = 2 ]; then echo two; else echo more; fi',
  },
  {
    name: "and, or and not",
    script: "true && echo a || echo b; false && echo c || echo d; ! false && echo e; ! true || echo f",
  },
  { name: "loops over words and patterns", script: 'for f in "a b" c /data/*.txt /data/none*; do echo "<$f>"; done' },
  {
    name: "cases",
    script: 'for w in one two three ""; do case "$w" in o*|"") echo o;; t?o) echo t;; *) echo x;; esac; done',
  },
  {
    name: "variables that are split or not",
    script: 'v="a  b"; w=; echo $v "$v" $w "$w"; set +e; for i in $v; do echo $i; done',
  },
  {
    name: "functions and their words",
    script: 'f() { echo "$# $1"; return 3; }; f a b || echo "st $?"; f "$@"; echo $?',
  },
  {
    name: "output of other commands",
    script: 'x=$(echo "a b"; echo c); echo "$x" $x; y=`basename /a/b.txt .txt`; echo $y $(dirname /a/b)',
  },
  {
    name: "here-documents",
    script: "n=world; cat <<EOF\nhello $n \\$n\nEOF\ncat <<'EOF'\nhello $n\nEOF\ncat <<-EOF\n\ttab\n\tEOF",
  },
  {
    name: "pipelines",
    script: "echo abc | grep -q b && echo yes; printf 'b\\na\\nb\\n' | sort -u; echo x | grep y | cat; echo $?",
  },
  {
    name: "grep",
    script:
      "grep -v '^#' /data/a.txt; grep -i 'SEC.*LINE' /data/a.txt; grep -E '^(first|# com)' /data/a.txt; grep 'a\\|b' /data/b.txt",
  },
  {
    name: "sed",
    script: "sed -e 's/line/LINE/g' -e '/^#/d' /data/a.txt; sed -i 's/^first/1st/' /data/a.txt; cat /data/a.txt",
  },
  {
    name: "files and folders",
    script:
      "mkdir -p /n/m && [ -d /n/m ] && echo d; ln -s m /n/l; [ -L /n/l ] && [ -d /n/l ] && echo l; touch /n/m/f; mv /n/m/f /n/g; [ -e /n/m/f ] || echo gone; rm -rf /n/m; [ -e /n/l ] || echo dangling; rm /n/none || echo $?; rm -f /n/none; echo $?",
  },
  {
    name: "redirections",
    script:
      "echo a >/n1; echo b >>/n1; cat /n1; cat </n1 >/n2; cat /n2 2>&1; echo lost >/dev/null; { echo x; echo y; } >/n3; cat /n3; cat /none 2>/dev/null || echo none; echo z >/no/folder || echo failed",
  },
  {
    name: "tests of several parts",
    script:
      '[ -f /data/a.txt -a ! -d /data/a.txt ] && echo 1; [ -e /none -o -n x ] && echo 2; test -z "" && echo 3; [ "" ] || echo 4; [ ! -x /data/a.txt ] && echo 5; [ a != b ] && echo 6',
  },
  {
    name: "comments, lines that go on and quotes",
    script: "echo a \\\n  b # c\n#!x\necho 'it''s' \"q'q\" a\\ b \"\\$x\"",
  },
  { name: "subshells", script: "x=1; (x=2; echo $x); echo $x; y=$( (echo in) ); echo $y" },
  { name: "an end of its own", script: "echo a; exit 0; echo b" },
];

describe("a script on a tree that is a value", () => {
  const data: Contents = {
    "data/a.txt": "# comment\nfirst line\nsecond line line\n",
    "data/b.txt": "b\nc\n",
    "data/": "",
  };
  for (const { name, script } of same) {
    it(`does what a shell does: ${name}`, () => {
      const ran = runOn({ ...bin, ...data }, `{\n${script}\n} >/out`, ["1"]);
      const folder = mkdtempSync(join(tmpdir(), "dodai-test-"));
      try {
        mkdirSync(join(folder, "data"));
        for (const [path, text] of Object.entries(data))
          if (!path.endsWith("/")) writeFileSync(join(folder, path), text);
        // Absolute paths of the script lie below the folder.
        const here = script.replace(/(?<=[\s><;]|^)\/(data|n|out|no|none|nothing)(?=[\w/]|\b)/gm, `${folder}/$1`);
        const program = `(\n${here}\n) >${folder}/out 2>/dev/null`;
        run("dash", ["-c", program, "dash", "1"], { cwd: "/" });
        const theirs = readFileSync(join(folder, "out"), "latin1").replaceAll(folder, "");
        const mine = ran.changed.out ?? "";
        assert.equal(mine, theirs);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  const unknown: readonly { readonly name: string; readonly script: string }[] = [
    { name: "a program that nobody knows", script: "/usr/bin/magic" },
    { name: "a loop that may have no end", script: "while true; do :; done" },
    { name: "a function that calls itself", script: "f() { f; }; f" },
    { name: "arithmetic", script: "echo $((1 + 1))" },
    { name: "something in the background", script: "sleep 1 &" },
    { name: "an option that nobody knows", script: "mkdir --context=x /a" },
    { name: "a regular expression that takes time", script: "grep '\\(a*\\)*b' /data/a.txt" },
    { name: "a quote without its end", script: "echo 'a" },
    { name: "the kernel of the machine that builds", script: "uname -r" },
    { name: "an account of a person", script: "useradd somebody" },
    { name: "what nests too deep", script: `${"(".repeat(200)}true${")".repeat(200)}` },
    { name: "a variable without end", script: `x=aaaaaaaa; ${"x=$x$x; ".repeat(64)}` },
    { name: "a file without end", script: `echo aaaaaaaa >/a; ${"cat /a /a >/b; mv /b /a; ".repeat(64)}` },
    { name: "more steps than any script has", script: `f() { ${"true; ".repeat(400)} }; ${"f; ".repeat(400)}` },
  ];
  const more: Contents = {
    "usr/bin/magic": "\x7fELF",
    "usr/bin/uname": "",
    "usr/sbin/useradd": "",
    "usr/bin/sleep": "",
  };
  for (const { name, script } of unknown) {
    it(`is left alone when it has ${name}`, () => {
      assert.throws(() => runOn({ ...bin, ...data, ...more }, script), { code: "SCRIPT_UNKNOWN" });
    });
  }

  it("goes on where a program is not there, as a shell does", () => {
    const { status, changed } = runOn(
      { "etc/": "" },
      "/usr/bin/magic || echo $? >/etc/status; systemctl preset a || :",
    );
    assert.deepEqual({ status, changed }, { status: 0, changed: { "etc/status": "127\n" } });
  });
  it("is undone to where it was", () => {
    const { files } = runOn({ ...bin, "etc/a": "a", "etc/b": "-> a" }, "rm /etc/a; echo b >/etc/b; mkdir /etc/c");
    files.restore(0);
    assert.deepEqual(files.result(), { files: [], removed: [] });
  });
  it("runs programs that are scripts of the shell themselves", () => {
    const tool = '#!/bin/sh\nout() { echo "$1 $#"; }\nif [[ "$1" = "go" ]]; then out "$@"; exit 3; fi\n';
    const { status, changed } = runOn({ "usr/bin/tool": tool, "etc/": "" }, "tool go on >/etc/out; tool; exit $?");
    assert.deepEqual({ status, changed }, { status: 0, changed: { "etc/out": "go 2\n" } });
  });
});
