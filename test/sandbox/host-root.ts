// A small root file system for tests: the host's own shell and a few programs with their libraries, as a tar.
import { type Entry, noXattrs } from "../../src/archive/entry.ts";
import { formatTarHeader, tarPadding, tarTrailer } from "../../src/archive/tar-write.ts";
import { hostPrograms } from "../kit/host-programs.ts";

const programs = [
  "tty",
  ...[
    "sh",
    "cat",
    "chgrp",
    "chmod",
    "chown",
    "chroot",
    "cp",
    "dd",
    "env",
    "grep",
    "head",
    "id",
    "ln",
    "ls",
    "mkdir",
    "mknod",
    "mount",
  ],
  ...[
    "mv",
    "perl",
    "readlink",
    "rm",
    "setcap",
    "setsid",
    "sleep",
    "stat",
    "touch",
    "true",
    "umount",
    "uname",
    "unshare",
  ],
];

/** The time of everything in it, in seconds since 1970. */
export const rootTime = 1_700_000_000;

export interface RootFile {
  readonly entry: Entry;
  readonly bytes?: Uint8Array;
}

type Details = Partial<Pick<Entry, "mode" | "uid" | "gid" | "xattrs">>;

export function folder(path: string, details: Details = {}): RootFile {
  return { entry: { kind: "directory", path, ...common, mode: 0o755, ...details } };
}

export function file(path: string, text: string | Uint8Array, details: Details = {}): RootFile {
  const bytes = Buffer.from(text);
  return { entry: { kind: "file", path, ...common, mode: 0o644, ...details, sizeBytes: bytes.length }, bytes };
}

export function symlink(path: string, target: string): RootFile {
  return { entry: { kind: "symlink", path, ...common, mode: 0o777, target } };
}

export function hardlink(path: string, target: string): RootFile {
  return { entry: { kind: "hardlink", path, ...common, mode: 0o644, target } };
}

const common = { uid: 0, gid: 0, mtime: rootTime, xattrs: noXattrs };

/** The programs, and accounts: root, daemon (1:1) and app (1000:1000, also in group 42). */
export function hostRoot(): readonly RootFile[] {
  const files = hostPrograms(programs).map(({ path, bytes }) => file(path, bytes, { mode: 0o755 }));
  return [
    folder("etc"),
    file("etc/passwd", "root:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"),
    file("etc/group", "root:x:0:\ndaemon:x:1:\nshadow:x:42:app\napp:x:1000:\n"),
    ...files,
  ];
}

export async function* tarOf(files: readonly RootFile[]): AsyncGenerator<Uint8Array> {
  for (const { entry, bytes } of files) {
    yield formatTarHeader(entry);
    if (bytes) yield* [bytes, Buffer.alloc(tarPadding(bytes.length))];
  }
  yield tarTrailer;
}
