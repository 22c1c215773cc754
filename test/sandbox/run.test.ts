import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Sandbox } from "../../src/sandbox/contract.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { file, folder, symlink } from "./host-root.ts";
import { needsSandbox, openTestSandbox, outputOf, runScript } from "./open.ts";
import { hostProcessesWith } from "./processes.ts";

describe("a command in a sandbox", await needsSandbox(), () => {
  let sandbox: Sandbox;
  const ends: (() => unknown)[] = [];
  before(async () => {
    const files = [
      folder("usr"),
      symlink("usr/bin", "../bin"),
      symlink("outside", "/home"),
      symlink("circle", "circle"),
      folder("home"),
      file("etc/hostname", "image\n"),
    ];
    sandbox = await openTestSandbox({ after: (end) => void ends.unshift(end as () => unknown) }, files);
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const codes = [
    { name: "gives its exit code", script: "exit 7", code: 7 },
    { name: "gives 128 and the signal that ended it", script: "kill -TERM $$", code: 143 },
    { name: "gives 127 for a program that is not there", script: "no-such-program", code: 127 },
  ];
  for (const { name, script, code } of codes) {
    it(name, async () => assert.equal((await runScript(sandbox, script)).exitCode, code));
  }

  it("gives 127 when it is not there itself", async () => {
    const { exitCode, lastOutput } = await sandbox.run({ words: ["/bin/nothing"], environment: {} });
    assert.equal(exitCode, 127);
    assert.match(lastOutput, /not found|No such file/);
  });

  it("sees the environment that it is given and no other", async () => {
    const environment = { A: "one two", "b.c": "3", EMPTY: "", LD_PRELOAD_OLD: "$x'\"\n" };
    const { lastOutput } = await sandbox.run({ words: ["/bin/env", "-0"], environment });
    // `_` is what a shell adds that is bash.
    const pairs = lastOutput.split("\0").filter((pair) => pair !== "" && !pair.startsWith("_="));
    assert.deepEqual(pairs.sort(), ["A=one two", "EMPTY=", "LD_PRELOAD_OLD=$x'\"\n", "b.c=3"].sort());
  });

  it("does not load what its environment names before it is inside", async () => {
    const environment = { PATH: "/bin", LD_PRELOAD: "/nowhere.so" };
    const { lastOutput } = await sandbox.run({ words: ["/bin/true"], environment });
    assert.equal(lastOutput.split("nowhere.so").length - 1, 1);
  });

  it("reads its input to the end", async () => {
    const input = (async function* () {
      for (let at = 0; at < 100; at++) yield Buffer.alloc(10_000, "x");
    })();
    const chunks: Uint8Array[] = [];
    const { exitCode } = await sandbox.run({
      words: ["/bin/cat"],
      environment: {},
      input,
      onOutput: (chunk) => void chunks.push(chunk),
    });
    assert.equal(exitCode, 0);
    assert.equal(Buffer.concat(chunks).length, 1_000_000);
  });

  it("may leave its input unread", async () => {
    const input = (async function* () {
      for (let at = 0; at < 100; at++) yield Buffer.alloc(10_000, "x");
    })();
    assert.equal((await runScript(sandbox, "exit 3", { input })).exitCode, 3);
    assert.equal(await outputOf(sandbox, "echo next"), "next");
  });

  it("can open its output by name, as any user", async () => {
    const script = "echo out >/dev/stdout; echo error >/dev/stderr";
    assert.equal(await outputOf(sandbox, script, { user: "app" }), "out\nerror");
  });

  it("keeps the end of a long output", async () => {
    const { lastOutput } = await runScript(sandbox, "dd if=/dev/zero bs=1000 count=100 2>/dev/null; echo end");
    assert.ok(lastOutput.length <= 16_384);
    assert.ok(lastOutput.endsWith("end\n"));
  });

  const users = [
    { user: undefined, expected: "uid=0(root) gid=0(root) groups=0(root)" },
    { user: "app", expected: "uid=1000(app) gid=1000(app) groups=1000(app),42(shadow)" },
    { user: "1000", expected: "uid=1000(app) gid=1000(app) groups=1000(app),42(shadow)" },
    { user: "app:daemon", expected: "uid=1000(app) gid=1(daemon) groups=1(daemon)" },
    { user: "77", expected: "uid=77 gid=0(root) groups=0(root)" },
    { user: "77:88", expected: "uid=77 gid=88 groups=88" },
  ];
  for (const { user, expected } of users) {
    it(`runs as ${user ?? "root"}`, async () => {
      // With one id there is nobody else to run as: it is pretended.
      const told = sandbox.mode === "single" ? "uid=0(root) gid=0(root) groups=0(root)" : expected;
      assert.equal(await outputOf(sandbox, "id", user === undefined ? {} : { user }), told);
    });
  }

  const refused = [
    { name: "a user that is not in the root", options: { user: "nobody-here" } },
    { name: "a group that is not in the root", options: { user: "app:nothing" } },
    { name: "a user without a name", options: { user: ":app" } },
    { name: "a working folder that is not there", options: { workdir: "/nothing" } },
    { name: "a working folder that is a file", options: { workdir: "/etc/passwd" } },
    { name: "a working folder whose links lead in a circle", options: { workdir: "/circle" } },
    {
      name: "a mount of what is not there",
      options: { mounts: [{ source: "/nothing", target: "/x", readOnly: true }] },
    },
    {
      name: "a mount of a folder over a file",
      options: { mounts: [{ source: "/usr", target: "/etc/passwd", readOnly: true }] },
    },
  ];
  for (const { name, options } of refused) {
    it(`refuses ${name}`, () => assert.rejects(runScript(sandbox, "true", options), { code: "SANDBOX_FAILED" }));
  }

  it("starts in its working folder, whose links stay inside", async () => {
    assert.equal(await outputOf(sandbox, "readlink /proc/self/cwd", { workdir: "/outside" }), "/home");
  });

  it("sees nothing of the host", async () => {
    assert.equal(
      await outputOf(sandbox, "ls /"),
      "bin\ncircle\ndev\netc\nhome\nlib\nlib64\noutside\nproc\nsys\ntmp\nusr",
    );
    assert.equal(
      await outputOf(sandbox, "ls /home /sys; cat /etc/hostname; uname -n"),
      "/home:\n\n/sys:\nimage\nlocalhost",
    );
  });

  it("sees no process but its own", async () => {
    const processes = (await outputOf(sandbox, "cd /proc; echo [0-9]*")).split(" ");
    assert.ok(processes.length <= 4, processes.join(" "));
    assert.match(await outputOf(sandbox, "readlink /proc/1/root || echo denied"), /denied/);
  });

  it("has no file of its caller's open", async () => {
    assert.equal(await outputOf(sandbox, "cd /proc/self/fd; echo *"), "0 1 2 3");
  });

  it("has no mount of the host in its namespace", async () => {
    const lines = (await outputOf(sandbox, "cat /proc/mounts")).split("\n").map((line) => line.split(" "));
    const targets = new Set(lines.map(([, target]) => target?.split("/")[1]));
    assert.deepEqual([...targets].sort(), ["", "dev", "proc", "sys", "tmp"]);
  });

  it("has the capabilities that Docker gives and no more", async () => {
    const status = await outputOf(sandbox, "grep Cap /proc/self/status");
    const expected =
      "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb";
    assert.equal(status, `${expected}\nCapAmb:\t0000000000000000`);
  });

  const denied = [
    { name: "mount a file system", script: "mount -t tmpfs x /home" },
    { name: "change the kernel's settings", script: "echo x >/proc/sys/kernel/hostname" },
    { name: "change the kernel's settings through a new /proc", script: "mkdir /p; mount -t proc p /p" },
    { name: "reboot the host by /proc", script: "echo b >/proc/sysrq-trigger" },
    { name: "write to /sys", script: "echo x >/sys/x" },
    { name: "open a device that it made", script: "mknod /disk b 254 0; dd if=/disk of=/dev/null count=1" },
    {
      name: "uncover /proc/sys in a user namespace of its own",
      script: "unshare --user --map-root-user --mount sh -c 'umount /proc/sys && echo x >/proc/sys/kernel/hostname'",
    },
    {
      name: "mount a whole /proc in a user namespace of its own",
      script: "unshare --user --map-root-user --pid --fork --mount mount -t proc p /proc",
    },
    { name: "end process 1", script: "kill -KILL 1; exit 1" },
  ];
  for (const { name, script } of denied) {
    it(`cannot ${name}`, async () => assert.notEqual((await runScript(sandbox, script)).exitCode, 0));
  }

  it("has a loopback device that is up, and no other", async () => {
    assert.match(await outputOf(sandbox, "cat /proc/net/fib_trie"), /127\.0\.0\.1/);
    const devices = (await outputOf(sandbox, "cat /proc/net/dev")).split("\n").slice(2);
    assert.deepEqual(
      devices.map((line) => line.trim().split(":")[0]),
      ["lo"],
    );
  });

  it("has the host's network and its resolv.conf when it asks", async () => {
    const script = "cat /etc/resolv.conf; echo x >/etc/resolv.conf";
    const { exitCode, lastOutput } = await runScript(sandbox, script, { network: true });
    assert.ok(lastOutput.startsWith(readFileSync("/etc/resolv.conf", "utf8")));
    assert.notEqual(exitCode, 0);
    assert.equal(await outputOf(sandbox, "ls /etc/resolv.conf || true").then((text) => /No such/.test(text)), true);
  });

  it("sees folders and files of the host where it is told to", async (t) => {
    const source = await temporaryFolder(t);
    mkdirSync(join(source, "folder"));
    writeFileSync(join(source, "a file"), "content\n");
    const mounts = [
      { source: join(source, "folder"), target: "/new/place", readOnly: false },
      { source: join(source, "a file"), target: "/etc/some file", readOnly: true },
    ];
    const script = "cat '/etc/some file'; echo made >/new/place/made; echo x >'/etc/some file' || echo denied";
    assert.match(await outputOf(sandbox, script, { mounts }), /^content\n.*denied$/s);
    assert.equal(readFileSync(join(source, "folder/made"), "utf8"), "made\n");
    assert.match(await outputOf(sandbox, "ls /new"), /No such file/);
  });

  it("sees what has changed so far where it asks to, and cannot change it there", async (t) => {
    const own = await openTestSandbox(t, [file("kept", "k"), file("lost", "l")]);
    const script =
      "rm /lost; echo new >/made; ls /seen; echo x >/seen/made || echo refused; ls /seen/kept || echo none";
    const { lastOutput } = await runScript(own, script, { changesAt: "/seen" });
    assert.match(lastOutput, /^(?:.*\n)*lost\nmade\n(?:.*\n)*refused\n(?:.*\n)*none\n$/);
    const paths: string[] = [];
    for await (const change of own.changes()) paths.push(change.kind === "removed" ? change.path : change.entry.path);
    assert.deepEqual(paths, ["lost", "made"]);
  });

  it("gets a signal that is sent to it, and what it started does not", async () => {
    const script = "trap 'echo got it; exit 9' TERM; (trap 'echo wrong' TERM; sleep 1) & echo ready; wait; echo late";
    let output = "";
    const onOutput = (chunk: Uint8Array): void => {
      const isNew = output === "";
      output += Buffer.from(chunk).toString();
      if (isNew) assert.equal(sandbox.kill("SIGTERM"), true);
    };
    assert.equal((await runScript(sandbox, script, { onOutput })).exitCode, 9);
    assert.equal(output, "ready\ngot it\n");
    assert.equal(sandbox.kill("SIGTERM"), false);
  });

  it("leaves no process behind", async () => {
    const marker = `${86_000 + process.pid / 10_000_000}`;
    await runScript(sandbox, `setsid sleep ${marker} & (sleep ${marker} &) ; echo started`);
    assert.deepEqual(hostProcessesWith(marker), []);
  });

  it("is ended when its time is over, with all that it started", async () => {
    const marker = `${87_000 + process.pid / 10_000_000}`;
    const script = `trap '' TERM INT; echo before; setsid sleep ${marker} & sleep ${marker}`;
    const result = await runScript(sandbox, script, { timeoutMs: 300 });
    assert.deepEqual(result, { exitCode: 137, timedOut: true, lastOutput: "before\n" });
    assert.deepEqual(hostProcessesWith(marker), []);
  });
});

describe("a sandbox in memory", await needsSandbox(), () => {
  it("fails to write past its size, and says so", async (t) => {
    const sandbox = await openTestSandbox(t, [], { memoryBytes: 64 << 20 });
    const { exitCode, lastOutput } = await runScript(sandbox, "dd if=/dev/zero of=/big bs=1000000 count=100");
    assert.equal(exitCode, 1);
    assert.match(lastOutput, /No space left/);
  });

  it("refuses a root that is larger", async (t) => {
    const opened = openTestSandbox(t, [file("big", Buffer.alloc(8 << 20))], { memoryBytes: 4 << 20 });
    await assert.rejects(opened, { code: "DISK_FULL" });
  });
});
