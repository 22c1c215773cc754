// The guard: a program of some hundred bytes that puts a filter on itself and becomes the program that its arguments name.
// No shell or tool on every host can set a filter, and dodai has no native code: so the guard is written here, byte by byte, as
// a static ELF file (System V ABI, "Object Files") that maps itself whole at one address.
//
//   if (seccomp(SECCOMP_SET_MODE_FILTER, 0, &filter) == 0) execve(argv[1], &argv[1], envp);
//   write(2, complaint, sizeof complaint); _exit(125);
//
// It runs while it still has CAP_SYS_ADMIN in its user namespace: then setuid programs keep working behind the filter.
import type { Machine } from "./filter.ts";

const BASE = 0x40_0000;
const CODE_OFFSET = 0x80;
/** `struct sock_fprog`, which points to the instructions behind it. */
const FILTER_OFFSET = 0x200;
const INSTRUCTIONS_OFFSET = FILTER_OFFSET + 0x10;
const COMPLAINT_OFFSET = 0x180;

const complaint = "Cannot start behind a filter: no seccomp, or no such program\n";

/** ELF's e_machine. */
const machineNumbers: Readonly<Record<Machine, number>> = { x64: 62, arm64: 183 };

export function formatGuard(machine: Machine, filter: Buffer): Buffer {
  const file = Buffer.alloc(INSTRUCTIONS_OFFSET + filter.length);
  writeHeaders(file, machineNumbers[machine]);
  codeOf[machine]().copy(file, CODE_OFFSET);
  file.write(complaint, COMPLAINT_OFFSET);
  file.writeUInt16LE(filter.length / 8, FILTER_OFFSET);
  file.writeBigUInt64LE(BigInt(BASE + INSTRUCTIONS_OFFSET), FILTER_OFFSET + 8);
  filter.copy(file, INSTRUCTIONS_OFFSET);
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

const codeOf: Readonly<Record<Machine, () => Buffer>> = {
  // On entry (%rsp) is argc, argv follows, then a null, then envp.
  x64: () =>
    bytesOf(`
      b8 3d 01 00 00   mov $317, %eax          seccomp
      bf 01 00 00 00   mov $1, %edi            SECCOMP_SET_MODE_FILTER
      31 f6            xor %esi, %esi
      ba 00 02 40 00   mov $0x400200, %edx     the filter
      0f 05            syscall
      85 c0            test %eax, %eax
      75 18            jne complain
      48 8d 74 24 10   lea 16(%rsp), %rsi      &argv[1]
      48 8b 3e         mov (%rsi), %rdi        argv[1]
      48 8b 04 24      mov (%rsp), %rax        argc
      48 8d 54 c4 10   lea 16(%rsp,%rax,8), %rdx   envp
      b8 3b 00 00 00   mov $59, %eax           execve
      0f 05            syscall
      b8 01 00 00 00   complain: mov $1, %eax  write
      bf 02 00 00 00   mov $2, %edi
      be 80 01 40 00   mov $0x400180, %esi     the complaint
      ba 3d 00 00 00   mov $61, %edx
      0f 05            syscall
      b8 3c 00 00 00   mov $60, %eax           exit
      bf 7d 00 00 00   mov $125, %edi
      0f 05            syscall`),
  // Words, as the manual has them; they lie in memory low byte first.
  arm64: () =>
    wordsOf(`
      d28022a8   mov x8, #277            seccomp
      d2800020   mov x0, #1              SECCOMP_SET_MODE_FILTER
      d2800001   mov x1, #0
      d2804002   mov x2, #0x200          the filter
      f2a00802   movk x2, #0x40, lsl #16
      d4000001   svc #0
      b50000e0   cbnz x0, complain
      f94003e3   ldr x3, [sp]            argc
      910043e1   add x1, sp, #16         &argv[1]
      f9400020   ldr x0, [x1]            argv[1]
      8b030c22   add x2, x1, x3, lsl #3  envp
      d2801ba8   mov x8, #221            execve
      d4000001   svc #0
      d2800808   complain: mov x8, #64   write
      d2800040   mov x0, #2
      d2803001   mov x1, #0x180          the complaint
      f2a00801   movk x1, #0x40, lsl #16
      d28007a2   mov x2, #61
      d4000001   svc #0
      d2800ba8   mov x8, #93             exit
      d2800fa0   mov x0, #125
      d4000001   svc #0`),
};

/** Pairs of hex digits at the beginning of each line. */
function bytesOf(listing: string): Buffer {
  const lines = listing.split("\n").map((line) => /^\s*((?:[0-9a-f]{2} )+)/.exec(line)?.[1] ?? "");
  return Buffer.from(lines.join("").replaceAll(" ", ""), "hex");
}

/** Eight hex digits at the beginning of each line. */
function wordsOf(listing: string): Buffer {
  const words = [...listing.matchAll(/^\s*([0-9a-f]{8}) /gm)].map(([, word = ""]) => Number.parseInt(word, 16));
  const bytes = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, 4 * index);
  return bytes;
}
