// File capabilities: rpm keeps them as the text of cap_to_text(3), the file system as an attribute (capabilities(7), "File
// capability extended attribute versioning").
import { DodaiError } from "../../core/dodai-error.ts";

/** In the order of their numbers, linux/capability.h. */
const names: readonly string[] = (
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service " +
  "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin " +
  "sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override " +
  "mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split(" ");

const VFS_CAP_REVISION_2 = 0x0200_0000;
const VFS_CAP_FLAGS_EFFECTIVE = 1;

interface Sets {
  effective: bigint;
  inheritable: bigint;
  permitted: bigint;
}

/**
 * The value of `security.capability` for a text like `cap_net_admin,cap_net_raw=ep` or `= cap_setuid+ep`; `undefined` when
 * the text gives nothing. Throws PACKAGE_BROKEN.
 */
export function parseCapabilities(text: string): Uint8Array | undefined {
  const sets: Sets = { effective: 0n, inheritable: 0n, permitted: 0n };
  for (const clause of text.trim().split(/\s+/)) if (clause !== "") applyClause(sets, clause, text);
  const { effective, inheritable, permitted } = sets;
  if ((effective | inheritable | permitted) === 0n) return undefined;
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE((VFS_CAP_REVISION_2 | (effective === 0n ? 0 : VFS_CAP_FLAGS_EFFECTIVE)) >>> 0, 0);
  for (const half of [0, 1]) {
    const part = (set: bigint): number => Number((set >> BigInt(32 * half)) & 0xffff_ffffn);
    bytes.writeUInt32LE(part(permitted), 4 + 8 * half);
    bytes.writeUInt32LE(part(inheritable), 8 + 8 * half);
  }
  return bytes;
}

/** Names, then operators with flags: `cap_kill,cap_chown+ep-i`. Without names "=" means all of them. */
function applyClause(sets: Sets, clause: string, text: string): void {
  const [, list = "", actions = ""] = /^([a-z0-9_,]*)((?:[=+-][eip]*)+)$/i.exec(clause) ?? [];
  if (actions === "") throw broken(text, clause);
  const mask = list === "" || list === "all" ? (1n << BigInt(names.length)) - 1n : maskOf(list, text);
  if (list === "" && !actions.startsWith("=")) throw broken(text, clause);
  for (const [action] of actions.matchAll(/[=+-][eip]*/gi)) {
    const flags = action.slice(1).toLowerCase();
    if (action.startsWith("=")) clear(sets, mask, "eip");
    if (action.startsWith("-")) clear(sets, mask, flags);
    else raise(sets, mask, flags);
  }
}

function maskOf(list: string, text: string): bigint {
  return list.split(",").reduce((mask, word) => {
    const number = names.indexOf(word.toLowerCase().replace(/^cap_/, ""));
    if (number < 0) throw broken(text, word);
    return mask | (1n << BigInt(number));
  }, 0n);
}

function clear(sets: Sets, mask: bigint, flags: string): void {
  if (flags.includes("e")) sets.effective &= ~mask;
  if (flags.includes("i")) sets.inheritable &= ~mask;
  if (flags.includes("p")) sets.permitted &= ~mask;
}

function raise(sets: Sets, mask: bigint, flags: string): void {
  if (flags.includes("e")) sets.effective |= mask;
  if (flags.includes("i")) sets.inheritable |= mask;
  if (flags.includes("p")) sets.permitted |= mask;
}

function broken(text: string, part: string): DodaiError {
  return new DodaiError(
    "PACKAGE_BROKEN",
    `Cannot read capabilities "${text.slice(0, 200)}": "${part.slice(0, 60)}" is none`,
  );
}
