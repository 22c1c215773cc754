import assert from "node:assert/strict";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Entry } from "../../src/archive/entry.ts";
import { collect } from "../../src/core/bytes.ts";
import type { Sandbox, SandboxChange } from "../../src/sandbox/contract.ts";
import { readSnapshot, readSnapshotChanges } from "../../src/sandbox/snapshot.ts";
import { hasProgram } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { file, folder, hardlink, type RootFile, rootTime, symlink } from "./host-root.ts";
import { needsSandbox, openTestSandbox, outputOf, runScript } from "./open.ts";

/** `cap_net_raw=ep`, revision 2 (linux/capability.h, vfs_cap_data). */
const netRaw = new Map([["security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex")]]);

interface Case {
  readonly name: string;
  /** What is there before, below the case's own folder. */
  readonly files?: readonly RootFile[];
  /** Runs in the case's folder. */
  readonly script: string;
  readonly changes: readonly string[];
  readonly needs?: string;
}

const cases: readonly Case[] = [
  { name: "a new file", script: "echo text >new", changes: ["file 644 0:0 new = text"] },
  {
    name: "a new folder before what is in it",
    script: "mkdir -m 1777 new; echo text >new/file; echo text >new-er",
    changes: ["directory 1777 0:0 new", "file 644 0:0 new/file = text", "file 644 0:0 new-er = text"],
  },
  { name: "other content", files: [file("f", "one\n")], script: "echo two >f", changes: ["file 644 0:0 f = two"] },
  {
    name: "other content of the same size and time",
    files: [file("f", "one\n")],
    script: `echo two >f; touch -d @${rootTime} f`,
    changes: ["file 644 0:0 f = two"],
  },
  { name: "a removed file", files: [file("f", "one\n")], script: "rm f", changes: ["removed f"] },
  {
    name: "a removed folder, without what was in it",
    files: [folder("d"), folder("d/e"), file("d/e/f", "one\n")],
    script: "rm -r d",
    changes: ["removed d"],
  },
  {
    name: "a folder that was made anew",
    files: [folder("d"), file("d/old", "one\n"), file("d/same", "one\n")],
    script: `rm -r d; mkdir d; echo one >d/same; touch -d @${rootTime} d/same d`,
    changes: ["removed d/old"],
  },
  { name: "nothing of what was made and removed", script: "mkdir d; echo x >f; rm -r d f", changes: [] },
  { name: "a mode", files: [file("f", "one\n")], script: "chmod 600 f", changes: ["file 600 0:0 f = one"] },
  { name: "an owner", files: [file("f", "one\n")], script: "chown 1:42 f", changes: ["file 644 1:42 f = one"] },
  {
    name: "setuid",
    files: [file("f", "one\n")],
    script: "chown 0:42 f; chmod 4755 f",
    changes: ["file 4755 0:42 f = one"],
  },
  {
    name: "setgid of a folder",
    files: [folder("d")],
    script: `chgrp 42 d; chmod 2775 d; touch -d @${rootTime} d`,
    changes: ["directory 2775 0:42 d"],
  },
  {
    name: "nothing of what was changed and changed back",
    files: [file("f", "one\n"), folder("d")],
    script: `chmod 600 f d; echo two >f; echo one >f; chmod 644 f; chmod 755 d; touch -d @${rootTime} f d`,
    changes: [],
  },
  {
    name: "a time",
    files: [file("f", "one\n")],
    script: "touch -d @1000000000 f",
    changes: ["file 644 0:0 f = one"],
  },
  {
    name: "a link with another target",
    files: [symlink("l", "a")],
    script: "ln -sfn b l",
    changes: ["symlink 777 0:0 l -> b"],
  },
  {
    name: "a link that became a folder",
    files: [symlink("l", "a")],
    script: "rm l; mkdir l; echo x >l/f",
    changes: ["directory 755 0:0 l", "file 644 0:0 l/f = x"],
  },
  {
    name: "a folder that became a file",
    files: [folder("d"), file("d/f", "one\n")],
    script: "rm -r d; echo x >d",
    changes: ["removed d", "file 644 0:0 d = x"],
  },
  {
    name: "a folder that became a link",
    files: [folder("d"), file("d/f", "one\n")],
    script: "mv d e; ln -s e d",
    changes: ["removed d", "symlink 777 0:0 d -> e", "directory 755 0:0 e", "file 644 0:0 e/f = one"],
  },
  {
    name: "files with several names",
    script: "echo x >a; ln a b; mkdir c; ln a c/d",
    changes: ["file 644 0:0 a = x", "hardlink 644 0:0 b -> a", "directory 755 0:0 c", "hardlink 644 0:0 c/d -> a"],
  },
  {
    name: "a further name of a file that was there",
    files: [file("a", "one\n")],
    script: "ln a b",
    changes: ["file 644 0:0 a = one", "hardlink 644 0:0 b -> a"],
  },
  {
    name: "one of two names of a file removed",
    files: [file("a", "one\n"), hardlink("b", "a")],
    script: "rm b",
    changes: ["removed b"],
  },
  {
    name: "capabilities",
    files: [file("f", "one\n")],
    script: `setcap cap_net_raw=ep f`,
    changes: [`file 644 0:0 f = one security.capability=${netRaw.get("security.capability")?.toString("hex")}`],
    needs: "getfattr",
  },
  {
    name: "capabilities that were there, with another mode",
    files: [file("f", "one\n", { mode: 0o755, xattrs: netRaw })],
    script: `chmod 700 f; touch -d @${rootTime} f`,
    changes: [`file 700 0:0 f = one security.capability=${netRaw.get("security.capability")?.toString("hex")}`],
    needs: "setfattr",
  },
  { name: "a fifo", script: "mknod -m 600 p p", changes: ["fifo 600 0:0 p"] },
  {
    name: "nothing of /dev, /proc and /tmp",
    script: "echo x >/dev/null; echo x >/dev/new; echo x >/tmp/new",
    changes: [],
  },
  {
    name: "a name that is not UTF-8",
    script: "echo x >\"$(printf 'b\\344r')\"",
    changes: ["file 644 0:0 b\udce4r = x"],
  },
  {
    name: "nothing of a name that is not UTF-8 and stayed",
    files: [file("b\udce4r", "one\n"), symlink("l\udce4", "b\udce4r")],
    script: "cat b*",
    changes: [],
  },
  {
    name: "names with quotes and newlines",
    script: 'echo x >"$(printf \'a\\n\\\\ "b\')"',
    changes: ['file 644 0:0 a\n\\ "b = x'],
  },
];

/** There an overlay can be mounted whatever the disk is: without one, more than what changed is told. */
const memory = { memoryBytes: 512 << 20 };

describe("changes of a sandbox", await needsSandbox(), () => {
  let sandbox: Sandbox;
  const ends: (() => unknown)[] = [];
  const all: string[] = [];
  before(async () => {
    const files = cases.flatMap(({ files = [] }, index) => [
      folder(`case${index}`),
      ...files.map((one) => below(one, `case${index}`)),
    ]);
    sandbox = await openTestSandbox({ after: (end) => void ends.unshift(end as () => unknown) }, files, memory);
    for (const [index, { script, name }] of cases.entries()) {
      const { exitCode, lastOutput } = await runScript(sandbox, script, { workdir: `/case${index}` });
      if (exitCode !== 0) all.push(`case${index}/${name}: ${lastOutput}`);
    }
    for await (const change of sandbox.changes()) all.push(await describeChange(change));
  });
  after(async () => {
    for (const end of ends) await end();
  });

  for (const [index, { name, changes, needs }] of cases.entries()) {
    const missing = needs !== undefined && !hasProgram(needs);
    it(`tell ${name}`, missing ? { skip: `needs ${needs}` } : {}, () => {
      const mine = all
        .filter((line) => line.includes(`case${index}/`))
        .map((line) => line.replaceAll(`case${index}/`, ""));
      assert.deepEqual(mine, changes);
    });
  }

  it("tell nothing else", () => {
    const others = all.filter((line) => !/case[0-9]+\//.test(line) && !/^directory 755 0:0 case[0-9]+$/.test(line));
    assert.deepEqual(others, []);
  });

  it("can be asked for again, and stopped on the way", async () => {
    for await (const _ of sandbox.changes()) break;
    await runScript(sandbox, "echo more >/more");
    const paths: string[] = [];
    for await (const change of sandbox.changes())
      paths.push(change.kind === "removed" ? change.path : change.entry.path);
    assert.ok(paths.includes("more"));
  });
});

describe("a root that is laid out", await needsSandbox(), () => {
  it("has a root folder as its archive says, which is no change", async (t) => {
    const sandbox = await openTestSandbox(t, [folder(".", { mode: 0o555 })]);
    assert.equal(await outputOf(sandbox, "stat -c '%a %u:%g' / && : >/made"), "555 0:0");
    const changed: string[] = [];
    for await (const change of sandbox.changes())
      changed.push(change.kind === "removed" ? change.path : change.entry.path);
    assert.deepEqual(changed, ["made"]);
  });

  it("has the owners, modes, times and links of its archive", async (t) => {
    const sandbox = await openTestSandbox(t, [
      folder("d", { mode: 0o2750, uid: 1, gid: 42 }),
      file("d/suid", "x", { mode: 0o4755, uid: 1000, gid: 42 }),
      file("d/read-only", "x", { mode: 0o400 }),
      hardlink("d/second", "d/suid"),
      symlink("d/link", "/etc/passwd"),
      { entry: { ...folder("d/pipe").entry, kind: "fifo", mode: 0o620 } },
      file("deep/er/file", "x"),
    ]);
    const lines = await outputOf(
      sandbox,
      "stat -c '%a %u:%g %h %Y %N' d d/suid d/read-only d/second d/link d/pipe deep",
    );
    // With one id all files on the disk are root's; their owners are kept beside it (single.test.ts).
    const [daemon, app] = sandbox.mode === "single" ? ["0:0", "0:0"] : ["1:42", "1000:42"];
    assert.deepEqual(lines.split("\n").slice(0, 6), [
      `2750 ${daemon} 2 ${rootTime} 'd'`,
      `4755 ${app} 2 ${rootTime} 'd/suid'`,
      `400 0:0 1 ${rootTime} 'd/read-only'`,
      `4755 ${app} 2 ${rootTime} 'd/second'`,
      `777 0:0 1 ${rootTime} 'd/link' -> '/etc/passwd'`,
      `620 0:0 1 ${rootTime} 'd/pipe'`,
    ]);
    assert.match(lines, /755 0:0 .* 'deep'$/);
  });

  const hostile = [
    { name: "a file below a link", files: (outside: string) => [symlink("l", outside), file("l/f", "x")] },
    {
      name: "a hard link through a link",
      files: (outside: string) => [symlink("l", outside), hardlink("f", "l/target")],
    },
    { name: "a folder in the place of a link", files: (outside: string) => [symlink("l", outside), folder("l")] },
    { name: "a mount point that is a link", files: (outside: string) => [symlink("dev", outside)] },
  ];
  for (const { name, files } of hostile) {
    it(`refuses ${name}, and touches nothing outside`, async (t) => {
      const outside = await temporaryFolder(t);
      writeFileSync(join(outside, "target"), "safe");
      await assert.rejects(openTestSandbox(t, files(outside)), { code: "SANDBOX_FAILED" });
      assert.equal(readFileSync(join(outside, "target"), "utf8"), "safe");
    });
  }

  it("takes a file of a later name over a link of the same, not through it", async (t) => {
    const outside = await temporaryFolder(t);
    writeFileSync(join(outside, "target"), "safe");
    await openTestSandbox(t, [symlink("l", join(outside, "target")), file("l", "new")]);
    assert.equal(readFileSync(join(outside, "target"), "utf8"), "safe");
  });
});

describe("changes between two looks, where there is no overlay", () => {
  it("tell what is new, changed, gone and replaced", async (t) => {
    const root = await temporaryFolder(t);
    const at = (path: string): string => join(root, path);
    mkdirSync(at("d"));
    for (const name of ["d/gone", "changed", "mode", "same"]) writeFileSync(at(name), name);
    mkdirSync(at("folder/in"), { recursive: true });
    const before = readSnapshot(root);
    rmSync(at("d"), { recursive: true });
    writeFileSync(at("changed"), "other");
    chmodSync(at("mode"), 0o600);
    rmSync(at("folder"), { recursive: true });
    symlinkSync("same", at("folder"));
    writeFileSync(at("new"), "new");
    linkSync(at("new"), at("new-er"));
    const { removed, entries } = await readSnapshotChanges(root, {
      before,
      laidOut: { attributes: new Map(), areAttributesOnDisk: true, owners: undefined },
      owners: undefined,
    });
    assert.deepEqual(removed, ["d", "folder"]);
    const kinds = entries.map(({ entry }) => `${entry.kind} ${entry.path}`);
    assert.deepEqual(kinds, [
      "directory .",
      "file changed",
      "symlink folder",
      "file mode",
      "file new",
      "hardlink new-er",
    ]);
  });
});

function below({ entry, bytes }: RootFile, parent: string): RootFile {
  const moved: Entry = { ...entry, path: `${parent}/${entry.path}` };
  const linked = moved.kind === "hardlink" ? { ...moved, target: `${parent}/${moved.target}` } : moved;
  return bytes ? { entry: linked, bytes } : { entry: linked };
}

async function describeChange(change: SandboxChange): Promise<string> {
  if (change.kind === "removed") return `removed ${change.path}`;
  const { entry, body } = change;
  const text = Buffer.from(await collect(body, { maxBytes: 1 << 20, what: entry.path }))
    .toString()
    .trimEnd();
  const content = entry.kind === "file" ? ` = ${text}` : "target" in entry ? ` -> ${entry.target}` : "";
  const xattrs = [...entry.xattrs].map(([name, value]) => ` ${name}=${Buffer.from(value).toString("hex")}`);
  return `${entry.kind} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${entry.path}${content}${xattrs.join("")}`;
}
