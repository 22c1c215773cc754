// A shared object made in memory, for tests of what reads them.

/** The smallest shared object that has a SONAME: header, two program headers, dynamic section, names. */
export function makeSharedObject(soname: string): Uint8Array {
  const bytes = Buffer.alloc(64 + 2 * 56 + 3 * 16 + 64);
  const dynamicAt = 64 + 2 * 56;
  const stringsAt = dynamicAt + 3 * 16;
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(3, 16); // ET_DYN
  bytes.writeUInt16LE(62, 18); // EM_X86_64
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(2, 56);
  const segment = (at: number, type: number, offset: number, size: number): void => {
    bytes.writeUInt32LE(type, at);
    bytes.writeBigUInt64LE(BigInt(offset), at + 8);
    bytes.writeBigUInt64LE(BigInt(offset), at + 16);
    bytes.writeBigUInt64LE(BigInt(size), at + 32);
  };
  segment(64, 1, 0, bytes.length);
  segment(64 + 56, 2, dynamicAt, 3 * 16);
  bytes.writeBigUInt64LE(14n, dynamicAt); // DT_SONAME
  bytes.writeBigUInt64LE(1n, dynamicAt + 8);
  bytes.writeBigUInt64LE(5n, dynamicAt + 16); // DT_STRTAB
  bytes.writeBigUInt64LE(BigInt(stringsAt), dynamicAt + 24);
  bytes.write(soname, stringsAt + 1, "latin1");
  return bytes;
}
