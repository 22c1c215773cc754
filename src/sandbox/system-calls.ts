// Numbers of Linux' system calls, of those that the filter names: what a program calls on the two machines that dodai runs
// programs on, and in the 32-bit form that each of their kernels knows too.

/** x86_64, i386; aarch64, arm (kernel: arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h, arch/arm/tools). */
export type CallTable = "x86_64" | "i386" | "aarch64" | "arm";

const none = undefined;

type Row = readonly [number | undefined, number | undefined, number | undefined, number | undefined];

// Order: x86_64, i386, aarch64, arm.
const rows: Readonly<Record<string, Row>> = {
  _sysctl: [156, 149, none, 149],
  acct: [163, 51, 89, 51],
  add_key: [248, 286, 217, 309],
  adjtimex: [159, 124, 171, 124],
  bpf: [321, 357, 280, 386],
  capset: [126, 185, 91, 185],
  chown: [92, 182, none, 182],
  chown32: [none, 212, none, 212],
  clock_adjtime: [305, 343, 266, 372],
  clock_adjtime64: [none, 405, none, 405],
  clock_settime: [227, 264, 112, 262],
  clock_settime64: [none, 404, none, 404],
  clone: [56, 120, 220, 120],
  clone3: [435, 435, 435, 435],
  create_module: [174, 127, none, none],
  delete_module: [176, 129, 106, 129],
  fchown: [93, 95, 55, 95],
  fchown32: [none, 207, none, 207],
  fchownat: [260, 298, 54, 325],
  finit_module: [313, 350, 273, 379],
  fsconfig: [431, 431, 431, 431],
  fsmount: [432, 432, 432, 432],
  fsopen: [430, 430, 430, 430],
  fspick: [433, 433, 433, 433],
  init_module: [175, 128, 105, 128],
  io_uring_enter: [426, 426, 426, 426],
  io_uring_register: [427, 427, 427, 427],
  io_uring_setup: [425, 425, 425, 425],
  ioctl: [16, 54, 29, 54],
  ioperm: [173, 101, none, none],
  iopl: [172, 110, none, none],
  kexec_file_load: [320, none, 294, 401],
  kexec_load: [246, 283, 104, 347],
  keyctl: [250, 288, 219, 311],
  lchown: [94, 16, none, 16],
  lchown32: [none, 198, none, 198],
  lookup_dcookie: [212, 253, 18, 249],
  mount: [165, 21, 40, 21],
  mount_setattr: [442, 442, 442, 442],
  move_mount: [429, 429, 429, 429],
  nfsservctl: [180, 169, 42, 169],
  open_by_handle_at: [304, 342, 265, 371],
  open_tree: [428, 428, 428, 428],
  open_tree_attr: [467, 467, 467, 467],
  perf_event_open: [298, 336, 241, 364],
  pivot_root: [155, 217, 41, 218],
  quotactl: [179, 131, 60, 131],
  quotactl_fd: [443, 443, 443, 443],
  reboot: [169, 88, 142, 88],
  request_key: [249, 287, 218, 310],
  setdomainname: [171, 121, 162, 121],
  setfsgid: [123, 139, 152, 139],
  setfsgid32: [none, 216, none, 216],
  setfsuid: [122, 138, 151, 138],
  setfsuid32: [none, 215, none, 215],
  setgid: [106, 46, 144, 46],
  setgid32: [none, 214, none, 214],
  setgroups: [116, 81, 159, 81],
  setgroups32: [none, 206, none, 206],
  sethostname: [170, 74, 161, 74],
  setns: [308, 346, 268, 375],
  setregid: [114, 71, 143, 71],
  setregid32: [none, 204, none, 204],
  setresgid: [119, 170, 149, 170],
  setresgid32: [none, 210, none, 210],
  setresuid: [117, 164, 147, 164],
  setresuid32: [none, 208, none, 208],
  setreuid: [113, 70, 145, 70],
  setreuid32: [none, 203, none, 203],
  settimeofday: [164, 79, 170, 79],
  setuid: [105, 23, 146, 23],
  setuid32: [none, 213, none, 213],
  socket: [41, 359, 198, 281],
  socketcall: [none, 102, none, none],
  stime: [none, 25, none, none],
  swapoff: [168, 115, 225, 115],
  swapon: [167, 87, 224, 87],
  syslog: [103, 103, 116, 103],
  umount: [none, 22, none, none],
  umount2: [166, 52, 39, 52],
  unshare: [272, 310, 97, 337],
  userfaultfd: [323, 374, 282, 388],
  uselib: [134, 86, none, 86],
  vhangup: [153, 111, 58, 111],
  vm86: [none, 166, none, none],
  vm86old: [none, 113, none, none],
};

export const callNames: readonly string[] = Object.keys(rows);

const columns: readonly CallTable[] = ["x86_64", "i386", "aarch64", "arm"];

/** `undefined` where there is no such call. */
export function callNumber(name: string, table: CallTable): number | undefined {
  const row = rows[name];
  if (!row) throw new Error(`The table of system calls has no "${name}"`);
  return row[columns.indexOf(table)];
}
