// The instructions of the guard (guard-program.ts): bytes, what they are, and what for. They are mapped at 0x400080; names before a colon are
// places to jump to, whose distances are in the bytes.
//
//   flags at 0x4001b8; complaint at 0x4001c0; struct sock_fprog at 0x400200
//
//   listener = seccomp(SECCOMP_SET_MODE_FILTER, flags, &filter)
//   if (listener > 0 && clone(CLONE_PARENT) == 0) relay: what is asked of the listener goes out by file 7, and the answers come in
//   become: execve(argv[1], &argv[1], envp)
//   complain: write(2, complaint); quit: exit(125)

/** On entry (%rsp) is argc; argv, a null and envp follow. */
const x64Listing = `
  b8 3d 01 00 00         mov $317,%eax                    seccomp
  bf 01 00 00 00         mov $1,%edi                      SECCOMP_SET_MODE_FILTER
  8b 34 25 b8 01 40 00   mov 0x4001b8,%esi                its flags
  ba 00 02 40 00         mov $0x400200,%edx               the filter
  0f 05                  syscall
  85 c0                  test %eax,%eax
  78 30                  js complain
  74 16                  jz become
  89 c3                  mov %eax,%ebx                    the listener
  b8 38 00 00 00         mov $56,%eax                     clone
  bf 00 80 00 00         mov $0x8000,%edi                 CLONE_PARENT: no child of the command
  31 f6                  xor %esi,%esi
  0f 05                  syscall
  85 c0                  test %eax,%eax
  78 1a                  js complain
  74 3a                  jz relay
  48 8d 74 24 10         become: lea 16(%rsp),%rsi        &argv[1]
  48 8b 3e               mov (%rsi),%rdi                  argv[1]
  48 8b 04 24            mov (%rsp),%rax                  argc
  48 8d 54 c4 10         lea 16(%rsp,%rax,8),%rdx         envp
  b8 3b 00 00 00         mov $59,%eax                     execve
  0f 05                  syscall
  b8 01 00 00 00         complain: mov $1,%eax            write
  bf 02 00 00 00         mov $2,%edi
  be c0 01 40 00         mov $0x4001c0,%esi               the complaint
  ba 3d 00 00 00         mov $61,%edx
  0f 05                  syscall
  b8 3c 00 00 00         quit: mov $60,%eax               exit
  bf 7d 00 00 00         mov $125,%edi
  0f 05                  syscall
  48 83 ec 50            relay: sub $80,%rsp              struct seccomp_notif
  48 89 e7               next: mov %rsp,%rdi
  31 c0                  xor %eax,%eax
  b9 50 00 00 00         mov $80,%ecx
  f3 aa                  rep stosb
  b8 10 00 00 00         mov $16,%eax                     ioctl
  89 df                  mov %ebx,%edi
  be 00 21 50 c0         mov $0xc0502100,%esi             SECCOMP_IOCTL_NOTIF_RECV
  48 89 e2               mov %rsp,%rdx
  0f 05                  syscall
  83 f8 fe               cmp $-2,%eax                     ENOENT: who called is gone
  74 de                  je next
  83 f8 fc               cmp $-4,%eax                     EINTR
  74 d9                  je next
  85 c0                  test %eax,%eax
  78 c5                  js quit
  b8 01 00 00 00         mov $1,%eax                      write
  bf 07 00 00 00         mov $7,%edi
  48 89 e6               mov %rsp,%rsi
  ba 50 00 00 00         mov $80,%edx
  0f 05                  syscall
  31 c0                  xor %eax,%eax
  bf 07 00 00 00         mov $7,%edi
  48 89 e6               mov %rsp,%rsi
  ba 18 00 00 00         mov $24,%edx                     struct seccomp_notif_resp
  0f 05                  syscall
  83 f8 18               cmp $24,%eax
  75 9b                  jne quit
  b8 10 00 00 00         mov $16,%eax                     ioctl
  89 df                  mov %ebx,%edi
  be 01 21 18 c0         mov $0xc0182101,%esi             SECCOMP_IOCTL_NOTIF_SEND
  48 89 e2               mov %rsp,%rdx
  0f 05                  syscall
  eb 98                  jmp next
`;

/** As words, which lie in memory low byte first. */
const arm64Listing = `
  d28022a8   mov x8, #277                     seccomp
  d2800020   mov x0, #1                       SECCOMP_SET_MODE_FILTER
  d2804002   mov x2, #0x200                   the filter
  f2a00802   movk x2, #0x40, lsl #16
  f85b8041   ldur x1, [x2, #-0x48]            its flags
  d4000001   svc #0
  b7f801e0   tbnz x0, #63, complain
  b4000100   cbz x0, become
  aa0003f3   mov x19, x0                      the listener
  d2801b88   mov x8, #220                     clone
  d2900000   mov x0, #0x8000                  CLONE_PARENT: no child of the command
  d2800001   mov x1, #0
  d4000001   svc #0
  b7f80100   tbnz x0, #63, complain
  b4000200   cbz x0, relay
  f94003e3   become: ldr x3, [sp]             argc
  910043e1   add x1, sp, #16                  &argv[1]
  f9400020   ldr x0, [x1]                     argv[1]
  8b030c22   add x2, x1, x3, lsl #3           envp
  d2801ba8   mov x8, #221                     execve
  d4000001   svc #0
  d2800808   complain: mov x8, #64            write
  d2800040   mov x0, #2
  d2803801   mov x1, #0x1c0                   the complaint
  f2a00801   movk x1, #0x40, lsl #16
  d28007a2   mov x2, #61
  d4000001   svc #0
  d2800ba8   quit: mov x8, #93                exit
  d2800fa0   mov x0, #125
  d4000001   svc #0
  d10143ff   relay: sub sp, sp, #80           struct seccomp_notif
  a9007fff   next: stp xzr, xzr, [sp]
  a9017fff   stp xzr, xzr, [sp, #16]
  a9027fff   stp xzr, xzr, [sp, #32]
  a9037fff   stp xzr, xzr, [sp, #48]
  a9047fff   stp xzr, xzr, [sp, #64]
  d28003a8   mov x8, #29                      ioctl
  aa1303e0   mov x0, x19
  d2842001   mov x1, #0x2100                  SECCOMP_IOCTL_NOTIF_RECV
  f2b80a01   movk x1, #0xc050, lsl #16
  910003e2   mov x2, sp
  d4000001   svc #0
  b100081f   cmn x0, #2                       ENOENT: who called is gone
  54fffe80   b.eq next
  b100101f   cmn x0, #4                       EINTR
  54fffe40   b.eq next
  b7fffda0   tbnz x0, #63, quit
  d2800808   mov x8, #64                      write
  d28000e0   mov x0, #7
  910003e1   mov x1, sp
  d2800a02   mov x2, #80
  d4000001   svc #0
  d28007e8   mov x8, #63                      read
  d28000e0   mov x0, #7
  910003e1   mov x1, sp
  d2800302   mov x2, #24                      struct seccomp_notif_resp
  d4000001   svc #0
  f100601f   cmp x0, #24
  54fffc21   b.ne quit
  d28003a8   mov x8, #29                      ioctl
  aa1303e0   mov x0, x19
  d2842021   mov x1, #0x2101                  SECCOMP_IOCTL_NOTIF_SEND
  f2b80301   movk x1, #0xc018, lsl #16
  910003e2   mov x2, sp
  d4000001   svc #0
  17ffffde   b next
`;

export const x64Code = (): Buffer => {
  const lines = x64Listing.split("\n").map((line) => /^ *((?:[0-9a-f]{2} )+)/.exec(line)?.[1] ?? "");
  return Buffer.from(lines.join("").replaceAll(" ", ""), "hex");
};

export const arm64Code = (): Buffer => {
  const words = [...arm64Listing.matchAll(/^ *([0-9a-f]{8}) /gm)].map(([, word = ""]) => Number.parseInt(word, 16));
  const bytes = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, 4 * index);
  return bytes;
};
