// What the dynamic loader's cache wants to know of a shared object: its SONAME and for which ABI it is. Little of the file is
// read. Layouts as of the System V ABI, "Object Files" and "Dynamic Section".
import { DodaiError } from "../../core/dodai-error.ts";
import type { RandomAccess } from "../../packages/contract.ts";

export interface SharedObject {
  /** DT_SONAME; `undefined` when it has none, or one that is no plain file name. */
  readonly soname: string | undefined;
  /** glibc's flags: FLAG_ELF_LIBC6 and the ABI (sysdeps/generic/ldconfig.h). */
  readonly flags: number;
  readonly littleEndian: boolean;
  /** The oldest kernel that it runs on, as glibc puts it in a number: 2.6.32 is 0x20620. 0 when it does not say. */
  readonly kernel: number;
}

const libc6 = 0x0003;
const dynamicObject = 3;
const loadSegment = 1;
const dynamicSegment = 2;
const noteSegment = 4;
const maxNoteBytes = 1 << 16;
const tagEnd = 0;
const tagStringTable = 5;
const tagSoname = 14;
const headerBytes = 64;
/** No real object has as many; bounds against forged ones. */
const maxSegments = 1024;
const maxDynamicBytes = 1 << 20;
const maxSonameBytes = 256;

/** ABI flag by machine number, for 64-bit objects unless said otherwise. */
function abiFlag(machine: number, is64: boolean, flags: number): number | undefined {
  switch (machine) {
    case 3: // EM_386
      return is64 ? undefined : 0;
    case 62: // EM_X86_64: 32 bits is x32
      return is64 ? 0x0300 : 0x0800;
    case 183: // EM_AARCH64
      return is64 ? 0x0a00 : undefined;
    case 40: // EM_ARM: hard float, soft float, or neither said
      return (flags & 0x400) !== 0 ? 0x0900 : (flags & 0x200) !== 0 ? 0x0b00 : 0;
    case 21: // EM_PPC64
      return 0x0500;
    case 22: // EM_S390
      return is64 ? 0x0400 : 0;
    case 243: // EM_RISCV: double or soft float
      return (flags & 0x6) === 0x4 ? 0x1000 : 0x0f00;
    case 258: // EM_LOONGARCH: double or soft float
      return (flags & 0x7) === 0x3 ? 0x1200 : 0x1100;
    case 8: // EM_MIPS: n64
      return is64 ? 0x0700 : 0;
    default:
      return undefined;
  }
}

/** `undefined` for anything that is not a whole shared object of an ABI that glibc has. */
export function readSharedObject(file: RandomAccess): SharedObject | undefined {
  if (file.sizeBytes < headerBytes) return undefined;
  const bytes = file.read(0, headerBytes);
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") !== "\x7fELF") return undefined;
  const kind: Kind = { is64: bytes[4] === 2, littleEndian: bytes[5] === 1 };
  const header = viewOf(bytes, kind);
  if (header.half(16) !== dynamicObject) return undefined;
  const abi = abiFlag(header.half(18), kind.is64, header.word(kind.is64 ? 48 : 36));
  if (abi === undefined) return undefined;
  try {
    const segments = segmentsOf(file, header, kind);
    return {
      soname: sonameOf(file, segments, kind),
      kernel: kernelOf(file, segments, kind),
      flags: libc6 | abi,
      littleEndian: kind.littleEndian,
    };
  } catch (error) {
    // Places outside the file: it is cut off or forged.
    if (error instanceof RangeError || error instanceof DodaiError) return undefined;
    throw error;
  }
}

interface Kind {
  readonly is64: boolean;
  readonly littleEndian: boolean;
}

interface View {
  half(at: number): number;
  word(at: number): number;
  /** An address or offset of the object's class. */
  address(at: number): number;
}

function viewOf(bytes: Uint8Array, { is64, littleEndian }: Kind): View {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    half: (at) => view.getUint16(at, littleEndian),
    word: (at) => view.getUint32(at, littleEndian),
    address: (at) => (is64 ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian)),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly sizeBytes: number;
}

function segmentsOf(file: RandomAccess, header: View, kind: Kind): readonly Segment[] {
  const { is64 } = kind;
  const entryBytes = header.half(is64 ? 54 : 42);
  const count = Math.min(header.half(is64 ? 56 : 44), maxSegments);
  const table = viewOf(file.read(header.address(is64 ? 32 : 28), entryBytes * count), kind);
  return Array.from({ length: count }, (_, index) => {
    const at = index * entryBytes;
    return {
      type: table.word(at),
      offset: table.address(at + (is64 ? 8 : 4)),
      address: table.address(at + (is64 ? 16 : 8)),
      sizeBytes: table.address(at + (is64 ? 32 : 16)),
    };
  });
}

function sonameOf(file: RandomAccess, segments: readonly Segment[], kind: Kind): string | undefined {
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  if (!dynamic) return undefined;
  const step = kind.is64 ? 16 : 8;
  const sizeBytes = Math.min(dynamic.sizeBytes, maxDynamicBytes);
  const tags = viewOf(file.read(dynamic.offset, sizeBytes), kind);
  let soname: number | undefined;
  let strings: number | undefined;
  for (let at = 0; at + step <= sizeBytes && tags.address(at) !== tagEnd; at += step) {
    if (tags.address(at) === tagSoname) soname = tags.address(at + step / 2);
    if (tags.address(at) === tagStringTable) strings = tags.address(at + step / 2);
  }
  if (soname === undefined || strings === undefined) return undefined;
  const table = strings;
  const load = segments.find(
    ({ type, address, sizeBytes: length }) => type === loadSegment && table >= address && table < address + length,
  );
  return load && textAt(file, table - load.address + load.offset + soname);
}

/** The note NT_GNU_ABI_TAG for Linux: its name "GNU", type 1, then the system and three parts of a version. */
function kernelOf(file: RandomAccess, segments: readonly Segment[], kind: Kind): number {
  for (const { type, offset, sizeBytes } of segments) {
    if (type !== noteSegment || sizeBytes > maxNoteBytes) continue;
    const bytes = file.read(offset, sizeBytes);
    const notes = viewOf(bytes, kind);
    for (let at = 0; at + 32 <= sizeBytes; ) {
      const [nameBytes, contentBytes] = [notes.word(at), notes.word(at + 4)];
      const isAbi = nameBytes === 4 && contentBytes >= 16 && notes.word(at + 8) === 1;
      if (isAbi && Buffer.from(bytes.subarray(at + 12, at + 16)).toString("latin1") === "GNU\0") {
        const [system, ...parts] = [16, 20, 24, 28].map((place) => notes.word(at + place));
        if (system === 0) return parts.reduce((all, part) => (all << 8) | (part & 0xff), 0);
      }
      at += 12 + 4 * (Math.ceil(nameBytes / 4) + Math.ceil(contentBytes / 4));
    }
  }
  return 0;
}

function textAt(file: RandomAccess, offset: number): string | undefined {
  const bytes = file.read(offset, Math.min(maxSonameBytes, file.sizeBytes - offset));
  const end = bytes.indexOf(0);
  const text = end < 0 ? "" : Buffer.from(bytes.subarray(0, end)).toString("latin1");
  // It becomes the name of a link beside the library, so it must be one name: no "/", no "..".
  return /^[ -.0-~]+$/.test(text) && text !== "." && text !== ".." ? text : undefined;
}
