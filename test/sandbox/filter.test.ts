import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatFilter, type Machine } from "../../src/sandbox/filter.ts";
import { filterRules } from "../../src/sandbox/filter-rules.ts";
import { formatGuard } from "../../src/sandbox/guard-program.ts";
import { type CallTable, callNames, callNumber } from "../../src/sandbox/system-calls.ts";
import { needs } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const headers = "/usr/include";
const headerOf: readonly { readonly table: CallTable; readonly file: string; readonly name: RegExp }[] = [
  { table: "x86_64", file: `${headers}/x86_64-linux-gnu/asm/unistd_64.h`, name: /^#define __NR_(\w+) (\d+)$/gm },
  { table: "i386", file: `${headers}/x86_64-linux-gnu/asm/unistd_32.h`, name: /^#define __NR_(\w+) (\d+)$/gm },
  { table: "aarch64", file: `${headers}/asm-generic/unistd.h`, name: /^#define __NR_(\w+) (\d+)$/gm },
];

describe("numbers of system calls", () => {
  for (const { table, file, name } of headerOf) {
    it(`are those of the kernel's header for ${table}`, needs(file), () => {
      const known = new Map([...readFileSync(file, "utf8").matchAll(name)].map(([, call, number]) => [call, number]));
      assert.ok(known.size > 250, `${known.size} calls`);
      for (const call of callNames) {
        const number = known.get(call);
        // The generic header knows calls that arm64 has not, and none that came after it was written.
        if (number === undefined || callNumber(call, table) === undefined) continue;
        assert.equal(`${call} ${callNumber(call, table)}`, `${call} ${number}`);
      }
    });
  }
});

const arch = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 };
const machineOf = (table: CallTable): Machine => (table === "x86_64" || table === "i386" ? "x64" : "arm64");
const rootRules = filterRules("root");
const singleRules = filterRules("single");

interface Case {
  readonly name: string;
  readonly call: string;
  readonly args?: readonly number[];
  readonly answer: string;
}

const everywhere: readonly Case[] = [
  { name: "loading a module", call: "init_module", answer: "errno 1" },
  { name: "loading a module from a file", call: "finit_module", answer: "errno 1" },
  { name: "another kernel", call: "kexec_load", answer: "errno 1" },
  { name: "a reboot", call: "reboot", answer: "errno 1" },
  { name: "setting the clock", call: "clock_settime", answer: "errno 1" },
  { name: "a program in the kernel", call: "bpf", answer: "errno 1" },
  { name: "the kernel's log", call: "syslog", answer: "errno 1" },
  { name: "the caller's keys", call: "keyctl", answer: "errno 1" },
  { name: "files by number", call: "open_by_handle_at", answer: "errno 1" },
  { name: "mounting", call: "mount", answer: "errno 1" },
  { name: "unmounting", call: "umount2", answer: "errno 1" },
  { name: "leaving for another root", call: "pivot_root", answer: "errno 1" },
  { name: "a user namespace", call: "unshare", args: [0x1000_0000], answer: "errno 1" },
  { name: "a time namespace", call: "unshare", args: [0x80], answer: "errno 1" },
  { name: "unsharing files alone", call: "unshare", args: [0x400], answer: "allow" },
  { name: "a child in a user namespace", call: "clone", args: [0x1000_0011], answer: "errno 1" },
  { name: "a child", call: "clone", args: [0x0120_0011], answer: "allow" },
  { name: "a thread the new way", call: "clone3", answer: "errno 38" },
  { name: "typing into a terminal", call: "ioctl", args: [0, 0x5412], answer: "errno 1" },
  { name: "pasting into a console", call: "ioctl", args: [0, 0x541c], answer: "errno 1" },
  { name: "the size of a terminal", call: "ioctl", args: [0, 0x5413], answer: "allow" },
  { name: "a socket to the host of the machine", call: "socket", args: [40], answer: "errno 1" },
  { name: "a socket", call: "socket", args: [2], answer: "allow" },
];

describe("a filter", () => {
  for (const table of ["x86_64", "i386", "aarch64", "arm"] as const) {
    for (const { name, call, args = [], answer } of everywhere) {
      it(`answers "${answer}" to ${name} on ${table}`, () => assert.equal(judge(table, call, args), answer));
    }
    it(`gives owners with many ids on ${table}, and asks with one`, () => {
      assert.equal(judge(table, "fchownat", []), "allow");
      assert.equal(judge(table, "fchownat", [], singleRules), "ask");
      assert.equal(judge(table, "setresuid", [], singleRules), "errno 0");
      assert.equal(judge(table, "mount", [], singleRules), "errno 1");
    });
  }

  it("refuses i386's sockets whose kind it cannot see, and no other old call for sockets", () => {
    assert.equal(judge("i386", "socketcall", [1]), "errno 1");
    assert.equal(judge("i386", "socketcall", [3]), "allow");
  });

  it("knows neither x32 nor machines that it was not made for", () => {
    assert.equal(evaluate("x64", rootRules, { number: 0x4000_0000 + 39, arch: arch.x86_64, args: [] }), "errno 38");
    assert.equal(evaluate("x64", rootRules, { number: -1, arch: arch.x86_64, args: [] }), "errno 38");
    assert.equal(evaluate("x64", rootRules, { number: 1, arch: arch.aarch64, args: [] }), "errno 38");
    assert.equal(evaluate("arm64", rootRules, { number: 1, arch: arch.x86_64, args: [] }), "errno 38");
  });

  it("has one rule for a call", () => {
    const calls = singleRules.flatMap((rule) => rule.calls);
    assert.deepEqual(calls, [...new Set(calls)]);
    assert.deepEqual([...calls].sort(), [...callNames].sort());
  });
});

describe("the guard", () => {
  it("does not start a program without its filter", needs("qemu-aarch64-static"), async (t) => {
    // Emulated, no filter can be had.
    const path = join(await temporaryFolder(t), "guard");
    writeFileSync(path, formatGuard("arm64", formatFilter("arm64", rootRules)), { mode: 0o755 });
    const { status, stderr } = spawnSync("qemu-aarch64-static", [path, "/bin/true"], { encoding: "utf8" });
    assert.equal(stderr, "Cannot start behind a filter: no seccomp, or no such program\n");
    assert.equal(status, 125);
  });
});

function judge(table: CallTable, call: string, args: readonly number[], rules: typeof rootRules = rootRules): string {
  // 32-bit calls that take times and ids in the old size have the plain name.
  const number = callNumber(call, table);
  if (number === undefined) throw new Error(`${table} has no ${call}`);
  return evaluate(machineOf(table), rules, { number, arch: arch[table], args });
}

interface Call {
  readonly number: number;
  readonly arch: number;
  readonly args: readonly number[];
}

/** What the kernel would do: a few instructions of classic BPF. */
function evaluate(machine: Machine, rules: typeof rootRules, call: Call): string {
  const program = formatFilter(machine, rules).instructions;
  const data = Buffer.alloc(64);
  data.writeInt32LE(call.number | 0, 0);
  data.writeUInt32LE(call.arch, 4);
  for (const [index, value] of call.args.entries()) data.writeUInt32LE(value, 16 + 8 * index);
  let a = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const [code, jt, jf, k] = [
      program.readUInt16LE(8 * at),
      program[8 * at + 2] ?? 0,
      program[8 * at + 3] ?? 0,
      program.readUInt32LE(8 * at + 4),
    ];
    if (code === 0x20) a = data.readUInt32LE(k);
    else if (code === 0x05) at += k;
    else if (code === 0x15) at += a === k ? jt : jf;
    else if (code === 0x35) at += a >= k ? jt : jf;
    else if (code === 0x45) at += (a & k) !== 0 ? jt : jf;
    else if (code === 0x06)
      return k === 0x7fff0000
        ? "allow"
        : k === 0x7fc00000
          ? "ask"
          : k >>> 16 === 5
            ? `errno ${k & 0xffff}`
            : `value ${k}`;
    else throw new Error(`Instruction ${at} is ${code.toString(16)}`);
  }
  throw new Error("The program has no end");
}
