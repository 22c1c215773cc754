// A user with one id: files cannot be given away, so whom they are given to is kept beside the disk.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Sandbox } from "../../src/sandbox/contract.ts";
import { detectModes } from "../../src/sandbox/sandbox.ts";
import { callNumber } from "../../src/sandbox/system-calls.ts";
import { file, folder, hardlink, type RootFile } from "./host-root.ts";
import { openTestSandbox, outputOf, runScript } from "./open.ts";

interface Case {
  readonly name: string;
  readonly files?: readonly RootFile[];
  /** Runs in the case's folder. */
  readonly script: string;
  /** Owners of what changed. */
  readonly owners: readonly string[];
}

const shadow = [file("shadow", "x", { gid: 42, mode: 0o640 })];

const cases: readonly Case[] = [
  { name: "a file that is given away", script: "echo x >f; chown 5:6 f", owners: ["f 5:6"] },
  { name: "its owner alone", script: "echo x >f; chown 5:6 f; chown 7 f", owners: ["f 7:6"] },
  { name: "its group alone", script: "echo x >f; chown 5:6 f; chgrp 7 f", owners: ["f 5:7"] },
  {
    name: "a folder and all that is in it",
    script: "mkdir d; echo x >d/f; chown -R 5:6 d",
    owners: ["d 5:6", "d/f 5:6"],
  },
  { name: "what a link leads to", script: "echo x >f; ln -s f l; chown 5 l", owners: ["f 5:0", "l 0:0"] },
  { name: "a link itself", script: "echo x >f; ln -s f l; chown -h 5 l", owners: ["f 0:0", "l 5:0"] },
  {
    name: "what links with absolute targets lead to, within the root",
    script: 'echo x >f; ln -s "$PWD" l; mkdir d; ln -s ../l d/m; chown 5 d/m/d/../f',
    owners: ["d 0:0", "d/m 0:0", "f 5:0", "l 0:0"],
  },
  { name: "both names of a file", script: "echo x >f; ln f g; chown 5 g", owners: ["f 5:0", "g 5:0"] },
  { name: "a file under its new name", script: "echo x >f; chown 5:6 f; mv f g", owners: ["g 5:6"] },
  { name: "the archive's owner", files: shadow, script: "echo y >shadow", owners: ["shadow 0:42"] },
  { name: "the archive's owner under a new name", files: shadow, script: "mv shadow other", owners: ["other 0:42"] },
  {
    name: "the archive's owner of a second name",
    files: [...shadow, hardlink("second", "shadow")],
    script: "echo y >second",
    owners: ["second 0:42"],
  },
  { name: "another owner than the archive's", files: shadow, script: "chown 3:0 shadow", owners: ["shadow 3:0"] },
  { name: "root in place of the archive's owner", files: shadow, script: "chown 0:0 shadow", owners: ["shadow 0:0"] },
  {
    name: "the owner of a file whose place another takes",
    files: shadow,
    script: "cp -p shadow new; echo y >>new; mv new shadow",
    owners: ["shadow 0:42"],
  },
  {
    name: "no owner of a file that is gone",
    script: "for i in 1 2 3 4; do echo x >f; chown 5 f; rm f; echo x >g$i; done",
    owners: ["g1 0:0", "g2 0:0", "g3 0:0", "g4 0:0"],
  },
  {
    name: "what a program in a root of its own gives away",
    script:
      "mkdir bin; cp -r /bin /lib /lib64 . 2>&1; echo x >f; chroot . /bin/chown 5 /f; rm -r bin lib lib64; exit 0",
    owners: ["f 5:0"],
  },
  {
    name: "an open file, by its name in /proc",
    script: "echo x >f; exec 3<f; perl -e 'open(F, \"<&=3\"); chown(5, 6, *F)'; chown 7 /proc/self/fd/3",
    owners: ["f 7:6"],
  },
];

const [single] = (await detectModes()).filter(({ mode }) => mode === "single");

describe("with one id, there comes back", single?.missing === undefined ? {} : { skip: single.missing }, () => {
  let sandbox: Sandbox;
  const changed = new Map<number, string[]>();
  const ends: (() => unknown)[] = [];
  before(async () => {
    const files = cases.flatMap((one, index) => [
      folder(`case${index}`),
      ...(one.files ?? []).map((it) => below(index, it)),
    ]);
    sandbox = await openTestSandbox({ after: (end) => void ends.unshift(end as () => unknown) }, files, {
      modes: ["single"],
    });
    const scripts = cases.map(({ script }, index) => `(cd /case${index}; ${script})`);
    assert.equal(await outputOf(sandbox, scripts.join("\n")), "");
    for await (const change of sandbox.changes()) {
      if (change.kind === "removed") continue;
      for await (const _chunk of change.body);
      const { path, uid, gid } = change.entry;
      const [, index, rest] = /^case([0-9]+)\/(.*)$/s.exec(path) ?? [];
      if (rest === undefined) continue;
      changed.set(Number(index), [...(changed.get(Number(index)) ?? []), `${rest} ${uid}:${gid}`]);
    }
  });
  after(async () => {
    for (const end of ends) await end();
  });
  for (const [index, { name, owners }] of cases.entries()) {
    it(name, () => assert.deepEqual(changed.get(index), owners));
  }

  it("an error for a file that is not there", async () => {
    const { exitCode, lastOutput } = await runScript(sandbox, "chown 5 /nothing");
    assert.equal(exitCode, 1);
    assert.match(lastOutput, /No such file/);
    assert.match(await outputOf(sandbox, "ln -s a /a; chown 5 /a/b"), /Too many levels/);
  });

  it("an error for a name that is nowhere in memory", async () => {
    const number = callNumber("fchownat", process.arch === "arm64" ? "aarch64" : "x86_64");
    for (const address of [-1, 1, 4095]) {
      const script = `syscall(${number}, -100, ${address}, 5, 5, 0) < 0 and print $!`;
      assert.equal(await outputOf(sandbox, `perl -e '${script}'`), "Bad address");
    }
    const open = `syscall(${number}, 77, my $name = "x", 5, 5, 0) < 0 and print $!`;
    assert.equal(await outputOf(sandbox, `perl -e '${open}'`), "Bad file descriptor");
  });

  it("no change of what is no file of the root", async () => {
    const script = "chown 5 /dev/null /dev/stdout /tmp; chown -h 5 /dev/stdout; id -u";
    assert.equal(await outputOf(sandbox, script), "0");
  });

  it("programs that pretend to be others", async () => {
    assert.equal(await outputOf(sandbox, "perl -e '$< = $> = 33; print $! + 0'"), "0");
  });

  it("no child that a program did not start", async () => {
    assert.equal(await outputOf(sandbox, "exec perl -e 'print wait()'"), "-1");
  });
});

function below(index: number, { entry, ...rest }: RootFile): RootFile {
  const at = (path: string): string => `case${index}/${path}`;
  if (entry.kind === "hardlink")
    return { entry: { ...entry, path: at(entry.path), target: at(entry.target) }, ...rest };
  return { entry: { ...entry, path: at(entry.path) }, ...rest };
}
