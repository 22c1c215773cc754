// What programs in a sandbox may not ask the kernel for. Most of it needs capabilities that they have not; the filter holds
// where a capability or a kernel's own check would not, and is the same in every mode.
import type { SandboxMode } from "./contract.ts";

/** What the kernel answers in place of the call. */
export type Ruling =
  | { readonly kind: "errno"; readonly errno: number }
  /** As if it had been done. */
  | { readonly kind: "pretend" }
  /** What the inner half says (owner-answers.ts). */
  | { readonly kind: "ask" };

export interface FilterRule {
  readonly calls: readonly string[];
  /** Only when an argument (its low 32 bits) is or has this. */
  readonly when?: {
    readonly argument: number;
    readonly test: "is" | "has-any-bit-of";
    /** One of these. */
    readonly values: readonly number[];
  };
  readonly ruling: Ruling;
}

const refused: Ruling = { kind: "errno", errno: 1 }; // EPERM
/** Programs have another way for kernels that are without the call. */
const unknown: Ruling = { kind: "errno", errno: 38 }; // ENOSYS

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET; in `unshare` NEWTIME too. */
const CLONE_NEW_ANY = 0x7e02_0000;
const CLONE_NEWTIME = 0x80;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const AF_VSOCK = 40;
/** `socketcall`'s number for `socket`. */
const SYS_SOCKET = 1;

const common: readonly FilterRule[] = [
  // The kernel's code, and what it runs next.
  {
    calls: ["init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load", "reboot"],
    ruling: refused,
  },
  { calls: ["bpf", "perf_event_open", "lookup_dcookie", "nfsservctl", "uselib"], ruling: refused },
  // The host's clock, swap, accounting, quota, log, name, ports and consoles.
  {
    calls: [
      "settimeofday",
      "stime",
      "clock_settime",
      "clock_settime64",
      "clock_adjtime",
      "clock_adjtime64",
      "adjtimex",
    ],
    ruling: refused,
  },
  {
    calls: ["swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "_sysctl"],
    ruling: refused,
  },
  { calls: ["sethostname", "setdomainname", "vhangup", "iopl", "ioperm", "vm86", "vm86old"], ruling: refused },
  // Keys of whoever started dodai: keyrings have no namespace.
  { calls: ["keyctl", "add_key", "request_key"], ruling: refused },
  // Files by number, past every mount: the way out of a chroot.
  { calls: ["open_by_handle_at"], ruling: refused },
  // Mounts: where nothing can be mounted or moved, what is masked stays masked.
  { calls: ["mount", "umount", "umount2", "pivot_root", "move_mount", "mount_setattr"], ruling: refused },
  { calls: ["open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick"], ruling: refused },
  // Namespaces: in a user namespace of its own a program has every capability again.
  { calls: ["setns"], ruling: refused },
  {
    calls: ["unshare"],
    when: { argument: 0, test: "has-any-bit-of", values: [CLONE_NEW_ANY | CLONE_NEWTIME] },
    ruling: refused,
  },
  { calls: ["clone"], when: { argument: 0, test: "has-any-bit-of", values: [CLONE_NEW_ANY] }, ruling: refused },
  // Its flags lie in memory, where no filter can look.
  { calls: ["clone3"], ruling: unknown },
  // What exploits of the kernel have in common, and what passes filters by.
  { calls: ["userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"], ruling: refused },
  // Typing into the terminal of whoever started dodai.
  { calls: ["ioctl"], when: { argument: 1, test: "is", values: [TIOCSTI, TIOCLINUX] }, ruling: refused },
  // The host of a virtual machine: network namespaces do not hold these sockets. i386's old form of the call has its
  // arguments in memory, so all sockets go; programs of this century have the new form.
  { calls: ["socket"], when: { argument: 0, test: "is", values: [AF_VSOCK] }, ruling: refused },
  { calls: ["socketcall"], when: { argument: 0, test: "is", values: [SYS_SOCKET] }, ruling: refused },
];

/** With one id there is nobody else to give a file to: whom it would be given to is written down. */
const owners: FilterRule = {
  calls: ["chown", "chown32", "fchown", "fchown32", "lchown", "lchown32", "fchownat"],
  ruling: { kind: "ask" },
};

/** And nobody else to become. */
const pretended: FilterRule = {
  calls: [
    ...["capset", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32"],
    ...["setregid", "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32"],
    ...["setuid", "setuid32"],
  ],
  ruling: { kind: "pretend" },
};

export const filterRules = (mode: SandboxMode): readonly FilterRule[] =>
  mode === "single" ? [...common, owners, pretended] : common;
