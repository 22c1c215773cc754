// Programs for other processors: the kernel hands them to qemu where binfmt_misc says so (kernel documentation,
// admin-guide/binfmt-misc). What is said in a user namespace of its own (Linux 6.7) holds in that namespace alone: nothing is
// ever said on the host's behalf.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import { findProgram, mustRun } from "./program.ts";

/** How a program tells for which processor it is: what the ELF header has (System V ABI, "ELF Header"), and qemu's name. */
interface Processor {
  readonly qemu: string;
  readonly bits: 32 | 64;
  readonly machine: number;
  readonly isBigEndian?: boolean;
}

/** By OCI's name. */
const processors: ReadonlyMap<string, Processor> = new Map<string, Processor>([
  ["386", { qemu: "i386", bits: 32, machine: 3 }],
  ["amd64", { qemu: "x86_64", bits: 64, machine: 62 }],
  ["arm", { qemu: "arm", bits: 32, machine: 40 }],
  ["arm64", { qemu: "aarch64", bits: 64, machine: 183 }],
  ["loong64", { qemu: "loongarch64", bits: 64, machine: 258 }],
  ["mips64le", { qemu: "mips64el", bits: 64, machine: 8 }],
  ["ppc64le", { qemu: "ppc64le", bits: 64, machine: 21 }],
  ["riscv64", { qemu: "riscv64", bits: 64, machine: 243 }],
  ["s390x", { qemu: "s390x", bits: 64, machine: 22, isBigEndian: true }],
]);

/** What a machine's own kernel runs, by `process.arch`. */
const native: Readonly<Record<string, readonly string[]>> = { x64: ["amd64", "386"], arm64: ["arm64"] };

/** A line that makes the kernel start an emulator; `undefined` where none is needed: it is native, or the host has one. */
export type Registration = string | undefined;

/** Throws SANDBOX_UNAVAILABLE when there is no emulator. */
export function planEmulation(platform: Platform | undefined): Registration {
  if (!platform || native[process.arch]?.includes(platform.architecture)) return undefined;
  const processor = processors.get(platform.architecture);
  if (processor && isRegistered(processor.qemu)) return undefined;
  const emulator = processor && findEmulator(processor.qemu);
  if (processor && emulator !== undefined) return formatRegistration(processor, emulator);
  const name = formatPlatform(platform);
  throw new DodaiError(
    "SANDBOX_UNAVAILABLE",
    `Cannot run programs for ${name}: this machine is ${process.arch}, and has no static emulator for them`,
    {
      fix: `Install the package qemu-user-static${processor ? ` (the program qemu-${processor.qemu}-static)` : ""}, or build on a ${name} machine, or with "--scripts emulate", which runs nothing.`,
    },
  );
}

const hostTable = "/proc/sys/fs/binfmt_misc";

/** Whether the host's administrator has set it up so that it works in any root (flag F). */
function isRegistered(qemu: string): boolean {
  if (!existsSync(hostTable)) return false;
  return readdirSync(hostTable).some((name) => {
    if (name === "register" || name === "status") return false;
    const text = readFileSync(`${hostTable}/${name}`, "utf8");
    return (
      /^enabled$/m.test(text) &&
      /^flags: .*F/m.test(text) &&
      new RegExp(`^interpreter .*qemu-${qemu}\\b`, "m").test(text)
    );
  });
}

/** One that needs no libraries: in the image there would be none for it. */
function findEmulator(qemu: string): string | undefined {
  const paths = [findProgram(`qemu-${qemu}-static`), findProgram(`qemu-${qemu}`)];
  return paths.find((path) => path !== undefined && isStatic(path));
}

const PT_INTERP = 3;

/** Whether a 64-bit program names no loader. */
function isStatic(path: string): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(path, "r");
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  const [offset, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  for (let at = offset; at < offset + size * count; at += size) {
    if (at + 4 > head.length || head.readUInt32LE(at) === PT_INTERP) return false;
  }
  return head.readUInt32BE(0) === 0x7f454c46 && size > 0;
}

/** Flags: the emulator is opened now (F), gets the program's name (P) and its open file (O), and setuid counts (C). */
function formatRegistration({ qemu, bits, machine, isBigEndian = false }: Processor, emulator: string): string {
  const magic = Buffer.alloc(20);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, isBigEndian ? 2 : 1, 1]).copy(magic);
  const mask = Buffer.alloc(20, 0xff);
  mask[7] = 0; // whose ABI it is
  // e_type: 2 is a program, 3 one that can lie anywhere.
  if (isBigEndian) {
    magic.writeUInt16BE(2, 16);
    magic.writeUInt16BE(machine, 18);
    mask[17] = 0xfe;
  } else {
    magic.writeUInt16LE(2, 16);
    magic.writeUInt16LE(machine, 18);
    mask[16] = 0xfe;
  }
  const quote = (bytes: Buffer): string => [...bytes].map((one) => `\\x${one.toString(16).padStart(2, "0")}`).join("");
  return `:dodai-${qemu}:M::${quote(magic)}:${quote(mask)}:${emulator}:POCF`;
}

/** In a user namespace of its own. Throws SANDBOX_UNAVAILABLE when the kernel has no table for each of those. */
export async function registerEmulator(registration: string): Promise<void> {
  try {
    await mustRun(["mount", "-i", "-n", "-t", "binfmt_misc", "binfmt_misc", hostTable]);
    writeFileSync(`${hostTable}/register`, registration);
  } catch (cause) {
    throw new DodaiError(
      "SANDBOX_UNAVAILABLE",
      "Cannot set up an emulator: the kernel has no binfmt_misc of its own for user namespaces (Linux 6.7)",
      {
        cause,
        fix: 'Let the administrator set up qemu for the whole machine (Debian: packages qemu-user-static and binfmt-support), or build with "--scripts emulate", which runs nothing.',
      },
    );
  }
}
