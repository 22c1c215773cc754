// Reading tar archives: as a stream of entries, or from bytes that are already here.
import { type Bytes, concatBytes } from "../core/bytes.ts";
import type { ArchiveItem, Entry } from "./entry.ts";
import type { TarEvent, TarSteps } from "./tar-input.ts";
import { type TarLimits, tarSteps } from "./tar-steps.ts";

export type { TarLimits } from "./tar-steps.ts";

/**
 * The entries of an archive, in its order. Bodies are views of the chunks that came in; what of a body nobody took is
 * passed over. Throws ARCHIVE_BROKEN, ARCHIVE_TOO_LARGE and ARCHIVE_UNSAFE_PATH.
 */
export async function* readTar(bytes: Bytes, limits: TarLimits): AsyncGenerator<ArchiveItem> {
  const source: Source = {
    steps: tarSteps(limits),
    chunks: bytes[Symbol.asyncIterator](),
    current: undefined,
    left: 0,
  };
  try {
    for (;;) {
      let event = step(source);
      if (event?.kind === "more") event = await stepAcross(source);
      if (event === undefined) return;
      if (event.kind !== "entry") continue;
      source.current = event.entry;
      source.left = sizeOf(event.entry);
      yield { entry: event.entry, body: source.left === 0 ? noBody : bodyOf(source, event.entry) };
    }
  } finally {
    await source.chunks.return?.();
  }
}

/** An entry and all its bytes: a view of the archive, except for sparse files. */
export interface TarRecord {
  readonly entry: Entry;
  readonly body: Uint8Array;
}

/** The same for an archive that is in memory. */
export function* readTarBuffer(bytes: Uint8Array, limits: TarLimits): Generator<TarRecord> {
  const steps = tarSteps(limits);
  const input = [bytes];
  const next = (): TarEvent | undefined => {
    let result = steps.next();
    while (!result.done && result.value.kind === "more") result = steps.next(input.pop());
    return result.done ? undefined : result.value;
  };
  for (let event = next(); event !== undefined; event = next()) {
    if (event.kind !== "entry") continue;
    const { entry } = event;
    const parts: Uint8Array[] = [];
    for (let left = sizeOf(entry); left > 0; ) {
      const data = next();
      if (data?.kind !== "data") throw new Error("The tar reader gave fewer bytes than the entry has");
      parts.push(data.bytes);
      left -= data.bytes.length;
    }
    yield { entry, body: concatBytes(parts) };
  }
}

/** A reader on its way: one for the entries and for the body of the entry that is out. */
interface Source {
  readonly steps: TarSteps<void>;
  readonly chunks: AsyncIterator<Uint8Array>;
  current: Entry | undefined;
  /** Bytes of the current entry's body that nobody took yet. */
  left: number;
}

function step(source: Source, chunk?: Uint8Array): TarEvent | undefined {
  const result = source.steps.next(chunk);
  if (result.done) return undefined;
  if (result.value.kind === "data") source.left -= result.value.bytes.length;
  return result.value;
}

/** What comes once the reader was given what it asked for. */
async function stepAcross(source: Source): Promise<TarEvent | undefined> {
  for (;;) {
    const { done, value } = await source.chunks.next();
    const event = step(source, done ? undefined : value);
    if (event?.kind !== "more") return event;
  }
}

async function* bodyOf(source: Source, entry: Entry): AsyncGenerator<Uint8Array> {
  for (;;) {
    if (source.current !== entry) throw new Error("The body of an entry was read after the next entry was asked for");
    if (source.left === 0) return;
    let event = step(source);
    if (event?.kind === "more") event = await stepAcross(source);
    if (event?.kind === "data") yield event.bytes;
  }
}

const sizeOf = (entry: Entry): number => (entry.kind === "file" ? entry.sizeBytes : 0);

const noBody: Bytes = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
