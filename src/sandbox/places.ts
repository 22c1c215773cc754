// The folders of a sandbox on the host's disk.
import { join } from "node:path";

export interface Places {
  readonly directory: string;
  /** What was laid out. */
  readonly root: string;
  /** What commands changed before the last `goOn`, a folder each; with `root` the lower folders of the overlay. */
  readonly below: string;
  /** All of the lower folders seen as one. */
  readonly lower: string;
  /** What commands changed. */
  readonly upper: string;
  readonly work: string;
  /** All seen as one: the root of commands. */
  readonly merged: string;
  /** What commands see as mounts. */
  readonly aside: string;
  /** The /tmp of commands. */
  readonly temporary: string;
  /** Where a command's own sysfs is mounted, outside its root, for its loopback device. */
  readonly sysfs: string;
  /** A disk in memory with the guard (guard-program.ts): the host's may not let programs run. */
  readonly programs: string;
  readonly guard: string;
  readonly sessionTable: string;
  readonly commandTable: string;
  /** Standard input and output of commands: pipes with names, because a program may open /dev/stdout, which sockets refuse. */
  readonly inputPipe: string;
  readonly outputPipe: string;
}

export function placesOf(directory: string): Places {
  const at = (name: string): string => join(directory, name);
  return {
    directory,
    root: at("root"),
    below: at("below"),
    lower: at("lower"),
    upper: at("upper"),
    work: at("work"),
    merged: at("merged"),
    aside: at("aside"),
    temporary: at("temporary"),
    sysfs: at("sysfs"),
    programs: at("programs"),
    guard: at("programs/guard"),
    sessionTable: at("session.fstab"),
    commandTable: at("command.fstab"),
    inputPipe: at("input"),
    outputPipe: at("output"),
  };
}
