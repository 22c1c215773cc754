// A seccomp filter as the kernel takes it: classic BPF over `struct seccomp_data` (seccomp(2); kernel documentation,
// userspace-api/seccomp_filter). A call is looked up by comparing it with every number in turn: kernels remember which calls
// a filter always allows, and ask it no more.
import type { FilterRule, Ruling } from "./filter-rules.ts";
import { type CallTable, callNumber } from "./system-calls.ts";

/** What dodai can filter for, as `process.arch` has it. */
export type Machine = "x64" | "arm64";

export const machineOfHost = (): Machine | undefined =>
  process.arch === "x64" || process.arch === "arm64" ? process.arch : undefined;

/** The machine's own calls and its 32-bit ones. */
const tablesOf: Readonly<Record<Machine, readonly { readonly table: CallTable; readonly arch: number }[]>> = {
  x64: [
    { table: "x86_64", arch: 0xc000_003e },
    { table: "i386", arch: 0x4000_0003 },
  ],
  arm64: [
    { table: "aarch64", arch: 0xc000_00b7 },
    { table: "arm", arch: 0x4000_0028 },
  ],
};

/** Calls of the x32 form have this bit; only x86_64's kernel has any, and few of them. */
const X32_BIT = 0x4000_0000;

// linux/bpf_common.h, linux/seccomp.h
const LOAD_WORD = 0x20;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
const RET_ALLOW = 0x7fff_0000;
const RET_ERRNO = 0x0005_0000;
const RET_USER_NOTIF = 0x7fc0_0000;
const ENOSYS = 38;

// Offsets in `struct seccomp_data`.
const NUMBER = 0;
const ARCH = 4;
const lowWordOf = (argument: number): number => 16 + 8 * argument;

interface Instruction {
  readonly code: number;
  readonly k: number;
  /** Instructions to skip when the test holds, and when not. */
  readonly jt?: number;
  readonly jf?: number;
}

export interface Filter {
  readonly instructions: Buffer;
  /** Whether it asks the listener about calls. */
  readonly asks: boolean;
}

export function formatFilter(machine: Machine, rules: readonly FilterRule[]): Filter {
  const instructions: Instruction[] = [{ code: LOAD_WORD, k: ARCH }];
  for (const { table, arch } of tablesOf[machine]) {
    const block = tableBlock(table, rules);
    // Jumps on a condition reach 255 instructions; plain ones reach any.
    instructions.push({ code: JUMP_EQUAL, k: arch, jt: 1 }, { code: JUMP, k: block.length }, ...block);
  }
  instructions.push(...returning(RET_ERRNO | ENOSYS));
  const bytes = Buffer.alloc(8 * instructions.length);
  for (const [index, { code, k, jt = 0, jf = 0 }] of instructions.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(jt, 8 * index + 2);
    bytes.writeUInt8(jf, 8 * index + 3);
    bytes.writeUInt32LE(k >>> 0, 8 * index + 4);
  }
  return { instructions: bytes, asks: rules.some(({ ruling }) => ruling.kind === "ask") };
}

function tableBlock(table: CallTable, rules: readonly FilterRule[]): readonly Instruction[] {
  const block: Instruction[] = [{ code: LOAD_WORD, k: NUMBER }];
  if (table === "x86_64") {
    block.push({ code: JUMP_AT_LEAST, k: X32_BIT, jf: 1 }, ...returning(RET_ERRNO | ENOSYS));
  }
  for (const rule of rules) {
    for (const name of rule.calls) {
      const number = callNumber(name, table);
      if (number === undefined) continue;
      const body = ruleBody(rule);
      block.push({ code: JUMP_EQUAL, k: number, jf: body.length }, ...body);
    }
  }
  return [...block, ...returning(RET_ALLOW)];
}

/** Ends the filter: no call is named by two rules. */
function ruleBody({ when, ruling }: FilterRule): readonly Instruction[] {
  if (!when) return returning(returnValueOf(ruling));
  const code = when.test === "is" ? JUMP_EQUAL : JUMP_ANY_BIT;
  const tests = when.values.flatMap((k) => [{ code, k, jf: 1 }, ...returning(returnValueOf(ruling))]);
  return [{ code: LOAD_WORD, k: lowWordOf(when.argument) }, ...tests, ...returning(RET_ALLOW)];
}

const returning = (value: number): readonly Instruction[] => [{ code: RETURN, k: value }];

function returnValueOf(ruling: Ruling): number {
  switch (ruling.kind) {
    case "errno":
      return RET_ERRNO | ruling.errno;
    case "pretend":
      return RET_ERRNO;
    case "ask":
      return RET_USER_NOTIF;
  }
}
