/** How much larger a root is than its layers as they are stored: compressed ones of text reach this. */
const GROWTH = 6;
/** For what the command writes. */
const ROOM_BYTES = 512 << 20;

/**
 * How many bytes of memory a root of these layers may take; `undefined` when the disk is the better place. Never more than
 * half of what is free.
 */
export function memoryFor(
  layerBytes: readonly number[],
  availableBytes: number = process.availableMemory(),
): number | undefined {
  const limit = Math.floor(availableBytes / 2);
  const wanted = layerBytes.reduce((sum, one) => sum + one, 0) * GROWTH + ROOM_BYTES;
  return wanted <= limit ? limit : undefined;
}
