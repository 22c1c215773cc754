// Answers to chown and its kin in mode `single`: the guard passes on what a program asked the kernel, and waits. Whom the file
// was to be given to is kept, and the program hears that it was done.
//
// A program may change its files while we look. So every step of a path is opened from the folder before it, links are followed
// here, and nothing but folders of the program's own namespace is ever in reach.
import { chownSync, closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync } from "node:fs";
import type { Socket } from "node:net";
import { decodeName } from "../archive/tar-name.ts";
import type { Owner, Owners } from "./owners.ts";
import { type CallTable, callNumber } from "./system-calls.ts";

/** `struct seccomp_notif` and `struct seccomp_notif_resp` of linux/seccomp.h, in bytes. */
const QUESTION_BYTES = 80;
const ANSWER_BYTES = 24;

export interface OwnerContext {
  readonly owners: Owners;
  /** The root that commands have. */
  readonly merged: string;
  /** The /proc that the command sees, as it is reached from here. */
  proc(): string;
}

/** Answers as long as the guard asks. */
export function answerOwners(socket: Socket, context: OwnerContext): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (; waiting.length >= QUESTION_BYTES; waiting = waiting.subarray(QUESTION_BYTES)) {
      const answer = Buffer.alloc(ANSWER_BYTES);
      waiting.copy(answer, 0, 0, 8); // the question's id
      answer.writeInt32LE(answerTo(waiting, context), 16);
      socket.write(answer);
    }
  });
}

/** Zero, or an error's number below zero. */
function answerTo(question: Buffer, context: OwnerContext): number {
  const asked = parseQuestion(question);
  if (!asked) return -ENOSYS;
  const open: number[] = [];
  try {
    giveFile(asked, context, open);
    return 0;
  } catch (error) {
    if (error instanceof Error && "errno" in error && typeof error.errno === "number") return error.errno;
    throw error;
  } finally {
    for (const file of open) closeSync(file);
  }
}

const ENOENT = 2;
const EBADF = 9;
const EFAULT = 14;
const ENAMETOOLONG = 36;
const ENOSYS = 38;
const ELOOP = 40;

interface Question {
  readonly pid: number;
  readonly call: string;
  readonly args: readonly bigint[];
}

/** AUDIT_ARCH_* of linux/audit.h. */
const tables: ReadonlyMap<number, CallTable> = new Map([
  [0xc000_003e, "x86_64"],
  [0x4000_0003, "i386"],
  [0xc000_00b7, "aarch64"],
  [0x4000_0028, "arm"],
]);

const calls = ["chown", "chown32", "fchown", "fchown32", "fchownat", "lchown", "lchown32"];

function parseQuestion(bytes: Buffer): Question | undefined {
  const table = tables.get(bytes.readUInt32LE(20));
  const number = bytes.readInt32LE(16);
  const call = table && calls.find((name) => callNumber(name, table) === number);
  if (table === undefined || call === undefined) return undefined;
  const args = [0, 1, 2, 3, 4].map((index) => bytes.readBigUInt64LE(32 + 8 * index));
  // The plain names of 32-bit tables have ids of 16 bits.
  const isShort = (table === "i386" || table === "arm") && !call.endsWith("32") && call !== "fchownat";
  const first = call === "fchownat" ? 2 : 1;
  for (const index of [first, first + 1]) args[index] = BigInt(idOf(args[index] ?? 0n, isShort));
  return { pid: bytes.readUInt32LE(8), call, args };
}

const LEAVE = 0xffff_ffff;

function idOf(value: bigint, isShort: boolean): number {
  const id = Number(value & (isShort ? 0xffffn : 0xffff_ffffn));
  return isShort && id === 0xffff ? LEAVE : id;
}

/** Files that it opens are the caller's to close. */
function giveFile(question: Question, { owners, merged, proc }: OwnerContext, open: number[]): void {
  const { pid, call, args } = question;
  const process = `${proc()}/${pid}`;
  const isOpenFile = call.startsWith("fchown") && call !== "fchownat";
  const [uid = 0n, gid = 0n] = call === "fchownat" ? args.slice(2) : args.slice(1);
  const file = isOpenFile ? openedFile(process, args[0], open) : find(question, proc(), open);
  const before = fstatSync(file, { bigint: true });
  // What is mounted in the root is no part of the image.
  if (before.dev !== lstatSync(merged, { bigint: true }).dev) return;
  const at = `/proc/self/fd/${file}`;
  const path = decodeName(readlinkSync(at, { encoding: "buffer" })).replace(/^\/+/, "");
  const owner = owners.ownerOf(path, before);
  // The kernel's own part: the file is copied up, and loses setuid, setgid and capabilities, as it does when it is given away.
  chownSync(at, 0, 0);
  const given = { path, stat: fstatSync(file, { bigint: true }), isNamed: !isOpenFile };
  owners.give(given, withIds(owner, Number(uid), Number(gid)));
}

const withIds = (owner: Owner, uid: number, gid: number): Owner => ({
  uid: uid === LEAVE ? owner.uid : uid,
  gid: gid === LEAVE ? owner.gid : gid,
});

/** As Linux has them on all of Node's architectures; `fs.constants` is without them. */
const O_PATH = 0o10000000;
const AT_FDCWD = -100n;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;

function opened(path: string, open: number[]): number {
  const file = openSync(path, O_PATH);
  open.push(file);
  return file;
}

/** A file that the process has open. */
function openedFile(process: string, number: bigint | undefined, open: number[]): number {
  try {
    return opened(`${process}/fd/${BigInt.asIntN(32, number ?? -1n)}`, open);
  } catch {
    throw errorOf(EBADF);
  }
}

function find({ pid, call, args }: Question, proc: string, open: number[]): number {
  const process = `${proc}/${pid}`;
  const [first = 0n, second = 0n] = args;
  const isAt = call === "fchownat";
  const path = readText(`${process}/mem`, isAt ? second : first);
  const flags = isAt ? Number(args[4] ?? 0n) : call.startsWith("lchown") ? AT_SYMLINK_NOFOLLOW : 0;
  const isFromHere = !isAt || BigInt.asIntN(32, first) === AT_FDCWD;
  const start = isFromHere ? opened(`${process}/cwd`, open) : openedFile(process, first, open);
  if (path === "" && (flags & AT_EMPTY_PATH) !== 0) return start;
  if (path === "") throw errorOf(ENOENT);
  const root = opened(`${process}/root`, open);
  const procDevice = lstatSync(proc, { bigint: true }).dev;
  return walk({ root, start, path, followsLast: (flags & AT_SYMLINK_NOFOLLOW) === 0, pid, procDevice }, open);
}

interface Walk {
  readonly root: number;
  readonly start: number;
  /** One character for each byte. */
  readonly path: string;
  readonly followsLast: boolean;
  /** Whom /proc/self is about. */
  readonly pid: number;
  readonly procDevice: bigint;
}

/** As many as Linux follows (MAXSYMLINKS). */
const MAX_LINKS = 40;
/** More than any path of a program has, and fewer than files may be open. */
const MAX_STEPS = 1000;

function walk(walk: Walk, open: number[]): number {
  const { root, start, path, followsLast } = walk;
  const todo = partsOf(path);
  let at = path.startsWith("/") ? root : start;
  const enter = (next: number): void => {
    open.push(next);
    at = next;
  };
  let links = 0;
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (open.length > MAX_STEPS) throw errorOf(ELOOP);
    if (part === ".." && isSame(at, root)) continue;
    const name = Buffer.from(`/proc/self/fd/${at}/${part}`, "latin1");
    const next = openSync(name, O_PATH | constants.O_NOFOLLOW);
    const stat = fstatSync(next, { bigint: true });
    if (!stat.isSymbolicLink() || (todo.length === 0 && !followsLast)) {
      enter(next);
      continue;
    }
    closeSync(next);
    if (++links > MAX_LINKS) throw errorOf(ELOOP);
    if (stat.dev === walk.procDevice) {
      // Links in /proc lead to things, not to names; the kernel knows where to.
      if (part === "self") todo.unshift(String(walk.pid));
      else enter(openSync(name, O_PATH));
      continue;
    }
    const target = readlinkSync(name, { encoding: "latin1" });
    todo.unshift(...partsOf(target));
    if (target.startsWith("/")) at = root;
  }
  return at;
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

const isSame = (a: number, b: number): boolean => {
  const [left, right] = [fstatSync(a, { bigint: true }), fstatSync(b, { bigint: true })];
  return left.ino === right.ino && left.dev === right.dev;
};

function errorOf(number: number): Error {
  return Object.assign(new Error(`The answer is error ${number}`), { errno: -number });
}

const PAGE_BYTES = 4096;
const MAX_PATH_BYTES = 4096;

/** A string in a process's memory, up to its end; no read goes past the page that it may end in. */
function readText(memory: string, address: bigint): string {
  const file = openSync(memory, constants.O_RDONLY);
  try {
    let text = "";
    for (let at = address; text.length < MAX_PATH_BYTES; ) {
      const bytes = Buffer.alloc(PAGE_BYTES - Number(at % BigInt(PAGE_BYTES)));
      const count = readMemory(file, bytes, at);
      const piece = bytes.toString("latin1", 0, count);
      const end = piece.indexOf("\0");
      if (end >= 0) return text + piece.slice(0, end);
      text += piece;
      at += BigInt(count);
    }
    throw errorOf(ENAMETOOLONG);
  } finally {
    closeSync(file);
  }
}

function readMemory(file: number, bytes: Buffer, at: bigint): number {
  try {
    const count = readSync(file, bytes, 0, bytes.length, at);
    if (count > 0) return count;
  } catch {
    // Nothing is there, or it is no address at all.
  }
  throw errorOf(EFAULT);
}
