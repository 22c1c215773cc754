// How the two halves of a sandbox talk: frames over one socket. A frame is a byte that says what it is, a length, and as many
// bytes. Messages are JSON; data frames between a message and an end frame are one stream of bytes.
import type { Duplex } from "node:stream";
import type { Bytes } from "../core/bytes.ts";

export type Frame =
  | { readonly kind: "message"; readonly value: unknown }
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

export interface Channel {
  /** The next frame; `undefined` when the other half is gone. */
  next(): Promise<Frame | undefined>;
  /** The data frames up to the end frame. Stopping early leaves the rest in the channel. */
  data(): Bytes;
  send(message: object): Promise<void>;
  sendData(bytes: Uint8Array): Promise<void>;
  sendEnd(): Promise<void>;
  close(): void;
}

const MESSAGE = 1;
const DATA = 2;
const END = 3;
const HEADER_BYTES = 5;
/** A message holds at most a list of paths. */
const MAX_MESSAGE_BYTES = 256 << 20;
const MAX_DATA_BYTES = 1 << 20;
/** Bytes that wait in memory before the other half is held back. */
const MAX_WAITING_BYTES = 4 << 20;

export function openChannel(socket: Duplex): Channel {
  const frames = receive(socket);
  const write = (kind: number, bytes: Uint8Array): Promise<void> => {
    if (socket.destroyed) return Promise.resolve();
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header.writeUInt8(kind, 0);
    header.writeUInt32LE(bytes.byteLength, 1);
    socket.cork();
    socket.write(header);
    const isReady = bytes.byteLength === 0 || socket.write(bytes);
    socket.uncork();
    return isReady ? Promise.resolve() : drained(socket);
  };
  return {
    next: frames.next,
    data: async function* () {
      for (;;) {
        const frame = await frames.next();
        if (frame === undefined) throw new Error("The other half of the sandbox went away in the middle of its data");
        if (frame.kind === "message") throw new Error("A message came in the middle of data");
        if (frame.kind === "end") return;
        yield frame.bytes;
      }
    },
    send: (message) => write(MESSAGE, Buffer.from(JSON.stringify(message))),
    sendData: async (bytes) => {
      for (let at = 0; at < bytes.byteLength; at += MAX_DATA_BYTES) {
        await write(DATA, bytes.subarray(at, at + MAX_DATA_BYTES));
      }
    },
    sendEnd: () => write(END, new Uint8Array(0)),
    close: () => void socket.destroy(),
  };
}

/** When there is room again, or nobody to write to. */
function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}

interface Frames {
  next(): Promise<Frame | undefined>;
}

function receive(socket: Duplex): Frames {
  const waiting: Frame[] = [];
  let waitingBytes = 0;
  let isOver = false;
  let wake: ((frame: Frame | undefined) => void) | undefined;
  const give = (frame: Frame): void => {
    if (wake) {
      const resolve = wake;
      wake = undefined;
      resolve(frame);
      return;
    }
    waiting.push(frame);
    if (frame.kind === "data") waitingBytes += frame.bytes.byteLength;
    if (waitingBytes > MAX_WAITING_BYTES) socket.pause();
  };
  const over = (): void => {
    isOver = true;
    wake?.(undefined);
    wake = undefined;
  };
  const parse = frameParser(give);
  socket.on("data", (chunk: Buffer) => parse(chunk));
  socket.on("end", over);
  socket.on("close", over);
  // A reset is an end: who waits for an answer says what is missing.
  socket.on("error", over);
  return {
    next: () => {
      const frame = waiting.shift();
      if (frame === undefined) {
        return isOver ? Promise.resolve(undefined) : new Promise((resolve) => (wake = resolve));
      }
      if (frame.kind === "data") {
        waitingBytes -= frame.bytes.byteLength;
        if (socket.isPaused() && waitingBytes <= MAX_WAITING_BYTES / 2) socket.resume();
      }
      return Promise.resolve(frame);
    },
  };
}

/** Data comes on in the pieces in which it arrives; a message once it is whole. */
function frameParser(give: (frame: Frame) => void): (chunk: Buffer) => void {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let left = 0;
  let parts: Buffer[] = [];
  const finish = (): void => {
    headerBytes = 0;
    if (header[0] === END) give({ kind: "end" });
    if (header[0] !== MESSAGE) return;
    const value: unknown = JSON.parse(Buffer.concat(parts).toString());
    parts = [];
    give({ kind: "message", value });
  };
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      if (headerBytes < HEADER_BYTES) {
        const taken = chunk.copy(header, headerBytes, at, at + HEADER_BYTES - headerBytes);
        headerBytes += taken;
        at += taken;
        if (headerBytes < HEADER_BYTES) return;
        left = header.readUInt32LE(1);
        if (left > MAX_MESSAGE_BYTES) throw new Error(`A frame claims to have ${left} bytes`);
        if (left === 0) finish();
        continue;
      }
      const piece = chunk.subarray(at, at + left);
      at += piece.length;
      left -= piece.length;
      if (header[0] === DATA) give({ kind: "data", bytes: piece });
      else parts.push(piece);
      if (left === 0) finish();
    }
  };
}
