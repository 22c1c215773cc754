// What the dynamic loader's cache wants to know of a shared object: its SONAME and for which ABI it is.
// Layouts as of the System V ABI, "Object Files" and "Dynamic Section".

export interface SharedObject {
  /** DT_SONAME; `undefined` when it has none. */
  readonly soname: string | undefined;
  /** glibc's flags: FLAG_ELF_LIBC6 and the ABI (sysdeps/generic/ldconfig.h). */
  readonly flags: number;
  readonly littleEndian: boolean;
}

const libc6 = 0x0003;
const dynamicObject = 3;
const loadSegment = 1;
const dynamicSegment = 2;
const tagEnd = 0;
const tagStringTable = 5;
const tagSoname = 14;
/** No real object has as many; a bound against forged ones. */
const maxHeaders = 4096;
const maxTags = 65536;

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
export function readSharedObject(bytes: Uint8Array): SharedObject | undefined {
  if (bytes.byteLength < 64 || bytes[0] !== 0x7f || Buffer.from(bytes.subarray(1, 4)).toString("latin1") !== "ELF")
    return undefined;
  const is64 = bytes[4] === 2;
  const littleEndian = bytes[5] === 1;
  try {
    const view = reader(bytes, is64, littleEndian);
    if (view.half(16) !== dynamicObject) return undefined;
    const abi = abiFlag(view.half(18), is64, view.word(is64 ? 48 : 36));
    return abi === undefined ? undefined : { soname: sonameOf(view), flags: libc6 | abi, littleEndian };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Reader {
  readonly is64: boolean;
  half(at: number): number;
  word(at: number): number;
  /** An address or offset of the object's class. */
  address(at: number): number;
  text(at: number): string;
}

function reader(bytes: Uint8Array, is64: boolean, littleEndian: boolean): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    is64,
    half: (at) => view.getUint16(at, littleEndian),
    word: (at) => view.getUint32(at, littleEndian),
    address: (at) => (is64 ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian)),
    text: (at) => {
      const end = bytes.indexOf(0, at);
      if (at >= bytes.byteLength || end < 0) throw new RangeError("a text without end");
      return Buffer.from(bytes.subarray(at, end)).toString("latin1");
    },
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly sizeBytes: number;
}

function segmentsOf(view: Reader): readonly Segment[] {
  const { is64 } = view;
  const start = view.address(is64 ? 32 : 28);
  const entryBytes = view.half(is64 ? 54 : 42);
  const count = Math.min(view.half(is64 ? 56 : 44), maxHeaders);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * entryBytes;
    return {
      type: view.word(at),
      offset: view.address(at + (is64 ? 8 : 4)),
      address: view.address(at + (is64 ? 16 : 8)),
      sizeBytes: view.address(at + (is64 ? 32 : 16)),
    };
  });
}

function sonameOf(view: Reader): string | undefined {
  const segments = segmentsOf(view);
  const dynamic = segments.find(({ type }) => type === dynamicSegment);
  if (!dynamic) return undefined;
  const step = view.is64 ? 16 : 8;
  let soname: number | undefined;
  let strings: number | undefined;
  for (let index = 0; index < Math.min(dynamic.sizeBytes / step, maxTags); index++) {
    const at = dynamic.offset + index * step;
    const tag = view.address(at);
    if (tag === tagEnd) break;
    if (tag === tagSoname) soname = view.address(at + step / 2);
    if (tag === tagStringTable) strings = view.address(at + step / 2);
  }
  if (soname === undefined || strings === undefined) return undefined;
  const table = strings;
  const load = segments.find(
    ({ type, address, sizeBytes }) => type === loadSegment && table >= address && table < address + sizeBytes,
  );
  return load && view.text(table - load.address + load.offset + soname);
}
