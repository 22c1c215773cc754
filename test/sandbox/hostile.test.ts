// Programs that want out, or to stay, or more than their share. Each is stopped, and the sandbox and the host are as before.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { release } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Sandbox, SandboxChange } from "../../src/sandbox/contract.ts";
import { type CallTable, callNumber } from "../../src/sandbox/system-calls.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { folder, symlink } from "./host-root.ts";
import { needsSandbox, openTestSandbox, outputOf, runScript } from "./open.ts";
import { hostProcessesWith } from "./processes.ts";

describe("a hostile program", await needsSandbox("perl"), () => {
  let sandbox: Sandbox;
  const ends: (() => unknown)[] = [];
  before(async () => {
    sandbox = await openTestSandbox({ after: (end) => void ends.unshift(end as () => unknown) });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const table: CallTable = process.arch === "arm64" ? "aarch64" : "x86_64";
  const calls = [
    { name: "load a module", call: "init_module", args: "0, 0, 0" },
    { name: "load a module from a file", call: "finit_module", args: "0, 0, 0" },
    { name: "boot another kernel", call: "kexec_load", args: "0, 0, 0, 0" },
    { name: "set the clock", call: "settimeofday", args: "0, 0" },
    { name: "read the clock's settings", call: "adjtimex", args: "$buffer" },
    { name: "put a program into the kernel", call: "bpf", args: "0, $buffer, 64" },
    { name: "count the host's events", call: "perf_event_open", args: "$buffer, 0, -1, -1, 0" },
    { name: "read the kernel's log", call: "syslog", args: "3, $buffer, 64" },
    { name: "read the caller's keys", call: "keyctl", args: "0, -4, 0" },
    { name: "open files by number", call: "open_by_handle_at", args: "-100, $buffer, 0" },
    { name: "swap to a file", call: "swapon", args: "$buffer, 0" },
    { name: "open another root", call: "open_tree", args: "-100, $buffer, 1" },
    { name: "catch the kernel's faults", call: "userfaultfd", args: "1" },
    { name: "ask the kernel past its filter", call: "io_uring_setup", args: "1, $buffer" },
    { name: "be root of a namespace", call: "unshare", args: "0x10000000" },
    { name: "talk to the host of the machine", call: "socket", args: "40, 1, 0" },
    { name: "type into the caller's terminal", call: "ioctl", args: "0, 0x5412, $buffer" },
  ];
  for (const { name, call, args } of calls) {
    it(`cannot ${name}`, async () => {
      const words = `my $buffer = "\\0" x 4096; syscall(${callNumber(call, table)}, ${args}) < 0 or die; print $!`;
      assert.equal(await outputOf(sandbox, `perl -e '${words}'`), "Operation not permitted");
    });
  }

  const nowhere = [
    { name: "in its root", folder: "/" },
    { name: "in /dev", folder: "/dev" },
    { name: "in /dev/shm", folder: "/dev/shm" },
    { name: "in /tmp", folder: "/tmp" },
  ];
  for (const { name, folder } of nowhere) {
    it(`cannot open the host's memory or disks by nodes that it makes ${name}`, async () => {
      const script = `cd ${folder}; rm -f m d; mknod m c 1 1; mknod d b 254 0; cat m d; dd if=/dev/zero of=d count=1 conv=nocreat; rm -f m d`;
      const output = await outputOf(sandbox, `(${script}) 2>&1`);
      assert.match(output, /(denied|not permitted|No such)/);
      assert.doesNotMatch(output, /copied/);
    });
  }

  it("cannot leave by the double chroot", async () => {
    const script =
      'mkdir "d"; chroot "d"; chdir ".." for 1..99; chroot "."; opendir(my $d, "/"); print join " ", sort readdir $d';
    const inside = await outputOf(sandbox, 'perl -e \'opendir(my $d, "/"); print join " ", sort readdir $d\'');
    assert.equal(await outputOf(sandbox, `cd /; perl -e '${script}'; rm -r /d`), inside.replace(" dev ", " d dev "));
  });

  const locked = [
    ...["kernel/core_pattern", "kernel/modprobe", "kernel/pid_max", "kernel/hostname", "vm/drop_caches"],
    ...["kernel/sysrq", "net/ipv4/ip_forward", "fs/binfmt_misc/register"],
  ].map((name) => `/proc/sys/${name}`);
  it("cannot change the kernel's settings", async () => {
    const places = [...locked, "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/sys/power/state"];
    for (const place of places) {
      assert.match(
        await outputOf(sandbox, `(echo 1 >${place}) 2>&1`),
        /(denied|Read-only|read-only|nonexistent|No such|not permitted|Permission)/,
        place,
      );
    }
  });

  it("cannot look into process 1", async () => {
    const script =
      "for f in environ mem exe root cwd fd/1 maps; do cat /proc/1/$f 2>/dev/null && echo $f; done; exit 0";
    assert.equal(await outputOf(sandbox, script), "");
    const attach = process.arch === "arm64" ? 117 : 101;
    assert.match(
      await outputOf(sandbox, `perl -e 'syscall(${attach}, 16, 1, 0, 0) < 0 and print $!'`),
      /not permitted/,
    );
  });

  it("that ends all processes in sight ends only its own", async () => {
    const { exitCode } = await runScript(sandbox, "kill -KILL -1; kill -KILL 1; exit 3");
    assert.equal(exitCode, 3);
    assert.equal(await outputOf(sandbox, "echo next"), "next");
  });

  it("that forks without end is ended with all its children", async () => {
    const marker = `${85_000 + process.pid / 10_000_000}`;
    const script = `bomb() { sleep ${marker} & bomb & bomb & }; bomb; sleep ${marker}`;
    const result = await runScript(sandbox, script, { timeoutMs: 500 });
    assert.equal(result.timedOut, true);
    assert.deepEqual(hostProcessesWith(marker), []);
    assert.equal(await outputOf(sandbox, "echo next"), "next");
  });

  it("cannot have more processes than its share", async (t) => {
    const [major = 0, minor = 0] = release().split(".").map(Number);
    if (major < 6 || (major === 6 && minor < 14))
      return t.skip("needs Linux 6.14, where pid_max is the namespace's own");
    const host = readFileSync("/proc/sys/kernel/pid_max", "utf8");
    assert.equal(await outputOf(sandbox, "cat /proc/sys/kernel/pid_max"), "4096");
    assert.equal(readFileSync("/proc/sys/kernel/pid_max", "utf8"), host);
  });

  it("that writes without end is ended, and its last words are kept", async () => {
    const script = "while :; do echo 0123456789012345678901234567890123456789; done";
    const { timedOut, lastOutput } = await runScript(sandbox, script, { timeoutMs: 500 });
    assert.equal(timedOut, true);
    assert.ok(lastOutput.length <= 16_384 && lastOutput.length > 1000);
  });

  it("that leaves a daemon with its output open does not keep its caller waiting", async () => {
    const marker = `${84_000 + process.pid / 10_000_000}`;
    const daemon = `fork and exit; fork and exit; $SIG{TERM} = $SIG{HUP} = "IGNORE"; sleep ${marker}`;
    assert.equal(await outputOf(sandbox, `setsid perl -e '${daemon}' ${marker}; echo done`), "done");
    assert.deepEqual(hostProcessesWith(marker), []);
  });

  it("cannot reach a service of the host without the network", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const script = `socket(S, 2, 1, 0) or die; connect(S, pack("S n C4 x8", 2, ${port}, 127, 0, 0, 1)) or print $!`;
    assert.equal(await outputOf(sandbox, `perl -e '${script}'`), "Connection refused");
  });
});

describe("a hostile image", await needsSandbox(), () => {
  const links = [
    { name: "resolv.conf", files: (out: string) => [symlink("etc/resolv.conf", `../../../../..${out}`)] },
    { name: "resolv.conf, by an absolute path", files: (out: string) => [symlink("etc/resolv.conf", out)] },
    { name: "the target of a mount", files: (out: string) => [symlink("place", out)] },
    { name: "the folder of a mount's target", files: (out: string) => [symlink("deep", `${out}-folder`)] },
    { name: "the list of users", files: (out: string) => [symlink("etc/passwd", out), symlink("etc/group", out)] },
  ];
  for (const { name, files } of links) {
    it(`cannot name a file of the host as ${name}`, async (t) => {
      const outside = await temporaryFolder(t);
      const target = join(outside, "target");
      writeFileSync(target, "app:x:77:88::/:/bin/sh\n");
      mkdirSync(`${target}-folder`);
      const sandbox = await openTestSandbox(t, files(target));
      const mounts = [
        { source: "/bin/sh", target: "/place", readOnly: true },
        { source: "/bin/sh", target: "/deep/file", readOnly: true },
      ];
      const { exitCode, lastOutput } = await runScript(sandbox, "id -u", { network: true, mounts, user: "5" });
      assert.equal(exitCode, 0, lastOutput);
      if (name === "the list of users") {
        await assert.rejects(runScript(sandbox, "true", { user: "app" }), { code: "SANDBOX_FAILED" });
      }
      assert.equal(readFileSync(target, "utf8"), "app:x:77:88::/:/bin/sh\n");
      assert.deepEqual(readdirSync(outside).sort(), ["target", "target-folder"]);
      assert.deepEqual(readdirSync(`${target}-folder`), []);
    });
  }

  for (const name of ["dev", "proc", "sys", "tmp"]) {
    it(`cannot have a link as /${name}`, async (t) => {
      const outside = await temporaryFolder(t);
      const opened = openTestSandbox(t, [symlink(name, `../../../../../..${outside}`)]);
      await assert.rejects(opened, { code: "SANDBOX_FAILED" });
      assert.deepEqual(readdirSync(outside), []);
    });
  }
});

describe("what a hostile program leaves", await needsSandbox("perl"), () => {
  it("as links to the host, later commands and changes do not follow", async (t) => {
    const outside = await temporaryFolder(t);
    const sandbox = await openTestSandbox(t, [folder("var")]);
    const script = `rm /etc/passwd /etc/group; ln -s ${outside}/x /etc/passwd; ln -s ${outside}/x /etc/resolv.conf; rm -r /var; ln -s ${outside} /var`;
    assert.equal((await runScript(sandbox, script)).exitCode, 0);
    const mounts = [{ source: "/bin/sh", target: "/var/mount", readOnly: false }];
    assert.equal((await runScript(sandbox, "true", { network: true, mounts })).exitCode, 0);
    for await (const change of sandbox.changes()) {
      if (change.kind === "entry") for await (const _chunk of change.body);
    }
    assert.deepEqual(readdirSync(outside), []);
  });

  it("cannot be moved over a mount point, and mount points stay folders", async (t) => {
    const sandbox = await openTestSandbox(t);
    const script =
      "for d in dev proc sys tmp; do mv /$d /other; rm -rf /$d; ln -s /etc /$d/x; done 2>/dev/null; ls -d /other";
    assert.notEqual((await runScript(sandbox, script)).exitCode, 0);
    assert.equal(await outputOf(sandbox, "echo x >/dev/null; cat /proc/self/comm"), "cat");
  });

  it("in memory only, fills no more than its share, /tmp counted in", async (t) => {
    const sandbox = await openTestSandbox(t, [], { memoryBytes: 64 << 20 });
    const script = "dd if=/dev/zero of=/tmp/big bs=1000000 count=100; dd if=/dev/zero of=/dev/big bs=1000000 count=2";
    assert.match(await outputOf(sandbox, script), /No space left.*No space left/s);
  });

  it("as a file of any size, is refused", async (t) => {
    const sandbox = await openTestSandbox(t);
    const script = 'perl -e \'open(F, ">", "/big"); truncate(F, 2**40) or die $!\'';
    assert.equal(await outputOf(sandbox, script), "");
    await assert.rejects(firstOf(sandbox.changes()), { code: "SANDBOX_FAILED", message: /Cannot take over "\/big"/ });
    assert.equal(await outputOf(sandbox, "echo next"), "next");
  });

  it("as a tree without end, is refused and removed", async (t) => {
    const sandbox = await openTestSandbox(t);
    const script = 'my $n = "n" x 200; for (1..40) { mkdir $n or die; chdir $n or die }';
    assert.equal(await outputOf(sandbox, `mkdir /d; cd /d; perl -e '${script}'`), "");
    await assert.rejects(firstOf(sandbox.changes()), { code: "SANDBOX_FAILED", message: /longer than 4096/ });
  });

  it("as pipes and devices in place of files that are read, is not waited for", async (t) => {
    const sandbox = await openTestSandbox(t);
    const script = "rm /etc/passwd /etc/group; mknod /etc/passwd p; ln -s /dev/zero /etc/group";
    assert.equal((await runScript(sandbox, script)).exitCode, 0);
    await assert.rejects(runScript(sandbox, "true", { user: "app" }), { code: "SANDBOX_FAILED" });
    assert.equal(await outputOf(sandbox, "id -u", { user: "0" }), "0");
  });
});

async function firstOf(changes: AsyncIterable<SandboxChange>): Promise<void> {
  for await (const change of changes) {
    if (change.kind === "entry") for await (const _chunk of change.body);
  }
}
