// Running programs in a root file system that is not the host's: own namespaces, nothing of the host in sight, and what
// changed comes back as a diff. Nothing else in dodai starts a process.
import type { ArchiveItem } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Platform } from "../core/platform.ts";

/**
 * How the host lets us be root inside: `root` as root; `subordinate` as a user with ids in /etc/subuid and /etc/subgid;
 * `single` as a user with its own id alone: files that are given away are root's inside, and their owners are kept beside the
 * disk, for `changes`; nobody else can be become, so `user` and programs that change their user only seem to (docs/sandbox.md).
 */
export type SandboxMode = "root" | "subordinate" | "single";

export interface SandboxOptions {
  /** A folder of our own, on a disk with room for the whole root; made when it is not there, and emptied on `close`. */
  readonly directory: string;
  /** Tried in turn; all when absent. */
  readonly modes?: readonly SandboxMode[];
  /** What the root's programs are for; this machine when absent. Those for others need an emulator (qemu-user-static). */
  readonly platform?: Platform | undefined;
  /**
   * Holds the root in memory, of at most this many bytes, instead of on the disk: much faster, and gone at once. Past it
   * writing fails as on a full disk.
   */
  readonly memoryBytes?: number | undefined;
  /**
   * Leaves commands in the caller's session, so that one with `inherit` has the caller's terminal as its own (Ctrl-C, job
   * control). Others then can reach that terminal too: only for what a person runs by hand.
   */
  readonly terminal?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SandboxCommand {
  /** Path inside the root, and arguments. */
  readonly words: readonly [string, ...string[]];
  /** The whole environment: nothing of the host's comes in. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workdir?: string;
  /** `uid`, `uid:gid`, `name`, `name:group`, resolved in the root's own passwd and group; root when absent. */
  readonly user?: string;
  /** Whether the host's network is there, with its resolv.conf; only loopback otherwise. */
  readonly network?: boolean;
  readonly timeoutMs?: number;
  /** What is read from standard input; empty when absent. `inherit` hands over the caller's terminal (`dodai run`). */
  readonly input?: Bytes | "inherit";
  /** `inherit` hands over the caller's own standard output and error, also without the caller's input (`dodai run`). */
  readonly output?: "inherit" | undefined;
  /**
   * A folder of the root in which the command finds what has changed so far, as overlayfs keeps it: what is gone is a
   * character device 0:0. The folder stays empty where there is no overlay.
   */
  readonly changesAt?: string;
  /** Folders of the root in which the root itself is seen once more. */
  readonly rootAt?: readonly string[];
  /** What is seen inside besides the root; a target may lie below that of another. */
  readonly mounts?: readonly SandboxMount[];
  /** Called with output as it comes; standard output and error in one. */
  readonly onOutput?: (chunk: Uint8Array) => void;
}

export interface SandboxMount {
  readonly source: MountSource;
  /** Absolute. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface FolderOwner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface KeptFolder {
  readonly kind: "kept";
  readonly path: string;
  readonly from: string | undefined;
  readonly owner: FolderOwner;
}

export type MountSource =
  /** A folder or file of the host. */
  | string
  /** A folder of the host that is made when it is not there, of a copy of what was laid out aside when `from` names that. */
  | KeptFolder
  /** What `layOutAside` laid out under this name. */
  | { readonly kind: "aside"; readonly name: string }
  /** An empty disk in memory, gone after the command. */
  | { readonly kind: "memory"; readonly maxBytes: number | undefined };

export interface SandboxResult {
  /** Exit code, or 128 + signal as a shell says it. */
  readonly exitCode: number;
  readonly timedOut: boolean;
  /** The last of what it wrote, bounded, for messages. */
  readonly lastOutput: string;
}

/** A difference to the root as it was laid out. Paths as in `Entry`. */
export type SandboxChange =
  | { readonly kind: "removed"; readonly path: string }
  /** New, or changed in content or metadata. The body must be consumed before the next change. */
  | ({ readonly kind: "entry" } & ArchiveItem);

export interface LayOutOptions {
  /** `private`: commands have an empty /tmp, and what they leave there is gone. `own`: /tmp is a folder like any other. */
  readonly tmp?: "private" | "own";
}

/** The one file or folder of the tar that `layOutAside` takes. */
export const asideContent = "content";

export interface Sandbox {
  readonly mode: SandboxMode;
  /** Lays out the root from an uncompressed tar. Once, before anything runs. Throws SANDBOX_FAILED. */
  layOut(tar: Bytes, options?: LayOutOptions): Promise<void>;
  /**
   * Lays out what commands see as a mount: the tar has one file or folder, called `asideContent`, and what is in it. It is no part
   * of `changes`, and gone after `goOn`. Owners are root's in mode `single`. Throws SANDBOX_FAILED.
   */
  layOutAside(name: string, tar: Bytes): Promise<void>;
  /** Runs a program and everything that it starts; none of it is left when this ends. Throws SANDBOX_FAILED, CANCELLED. */
  run(command: SandboxCommand): Promise<SandboxResult>;
  /** Sends a signal to the command that runs, and says whether one did. What it started gets nothing. */
  kill(signal: NodeJS.Signals): boolean;
  /** What is different from what was laid out, in tree order; a folder before what is in it. */
  changes(): AsyncIterable<SandboxChange>;
  /**
   * Once `changes` were read to their end: goes on from there, as if they had been laid out, with no time past `newestTime`
   * (seconds since 1970), and folders of which the time alone changed as they were. What is told as changed from now on
   * is what differs from that. Says whether the host can do so (it has an overlay); otherwise the sandbox is of no more use.
   */
  goOn(options: { readonly newestTime: number }): Promise<boolean>;
  /**
   * Behind `goOn`: lays out a layer over the root. Says whether that could be done; otherwise (a whiteout, a folder behind a link)
   * the sandbox is of no more use. Throws SANDBOX_FAILED.
   */
  layOver(tar: Bytes): Promise<boolean>;
  /** Ends every process, unmounts, removes everything. */
  close(): Promise<void>;
}
