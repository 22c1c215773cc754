// The guard: a program of some hundred bytes that puts a filter on itself and becomes the program that its arguments name.
// No shell or tool on every host can set a filter, and dodai has no native code: so the guard is written here, byte by byte, as
// a static ELF file (System V ABI, "Object Files") that maps itself whole at one address.
//
// It runs while it still has CAP_SYS_ADMIN in its user namespace: then setuid programs keep working behind the filter.
//
// Where the filter asks (SECCOMP_RET_USER_NOTIF), a second process of the guard stays: what the kernel asks it, it passes on, and
// the answers back.
import type { Filter, Machine } from "./filter.ts";
import { arm64Code, x64Code } from "./guard-code.ts";

const BASE = 0x40_0000;
const CODE_OFFSET = 0x80;
/** `struct sock_fprog`, which points to the instructions behind it. */
const FILTER_OFFSET = 0x200;
const INSTRUCTIONS_OFFSET = FILTER_OFFSET + 0x10;
const FLAGS_OFFSET = 0x1b8;
const COMPLAINT_OFFSET = 0x1c0;
/** SECCOMP_FILTER_FLAG_NEW_LISTENER */
const NEW_LISTENER = 8n;

const complaint = "Cannot start behind a filter: no seccomp, or no such program\n";

/** ELF's e_machine. */
const machineNumbers: Readonly<Record<Machine, number>> = { x64: 62, arm64: 183 };

const codeOf: Readonly<Record<Machine, () => Buffer>> = { x64: x64Code, arm64: arm64Code };

export function formatGuard(machine: Machine, { instructions, asks }: Filter): Buffer {
  const file = Buffer.alloc(INSTRUCTIONS_OFFSET + instructions.length);
  writeHeaders(file, machineNumbers[machine]);
  codeOf[machine]().copy(file, CODE_OFFSET);
  if (asks) file.writeBigUInt64LE(NEW_LISTENER, FLAGS_OFFSET);
  file.write(complaint, COMPLAINT_OFFSET);
  file.writeUInt16LE(instructions.length / 8, FILTER_OFFSET);
  file.writeBigUInt64LE(BigInt(BASE + INSTRUCTIONS_OFFSET), FILTER_OFFSET + 8);
  instructions.copy(file, INSTRUCTIONS_OFFSET);
  return file;
}

/** ELF header and one segment: the whole file, readable and executable. */
function writeHeaders(file: Buffer, machine: number): void {
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file); // 64 bits, little-endian, version 1
  file.writeUInt16LE(2, 16); // e_type: ET_EXEC
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20); // e_version
  file.writeBigUInt64LE(BigInt(BASE + CODE_OFFSET), 24); // e_entry
  file.writeBigUInt64LE(64n, 32); // e_phoff
  file.writeUInt16LE(64, 52); // e_ehsize
  file.writeUInt16LE(56, 54); // e_phentsize
  file.writeUInt16LE(1, 56); // e_phnum
  file.writeUInt32LE(1, 64); // p_type: PT_LOAD
  file.writeUInt32LE(5, 68); // p_flags: PF_R | PF_X
  file.writeBigUInt64LE(0n, 72); // p_offset
  file.writeBigUInt64LE(BigInt(BASE), 80); // p_vaddr
  file.writeBigUInt64LE(BigInt(BASE), 88); // p_paddr
  file.writeBigUInt64LE(BigInt(file.length), 96); // p_filesz
  file.writeBigUInt64LE(BigInt(file.length), 104); // p_memsz
  file.writeBigUInt64LE(0x1_0000n, 112); // p_align: the largest page of arm64
}
