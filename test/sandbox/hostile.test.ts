// Programs that want out, or to stay, or more than their share. Each is stopped, and the sandbox and the host are as before.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Sandbox } from "../../src/sandbox/contract.ts";
import { type CallTable, callNumber } from "../../src/sandbox/system-calls.ts";
import { needsSandbox, openTestSandbox, outputOf } from "./open.ts";

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
});
