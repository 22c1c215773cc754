// Paths of the image's tree on the host's disk. No link of the tree is ever followed by the host's kernel: where a link must
// be followed, it is followed here, and stays inside.
import { lstatSync, readlinkSync, type Stats } from "node:fs";
import { encodeName } from "../archive/tar-name.ts";
import { DodaiError } from "../core/dodai-error.ts";

/** Where an entry lies; bytes when its name is not UTF-8. */
export function diskPath(root: string, path: string): string | Buffer {
  if (path === ".") return root;
  if (path.isWellFormed()) return `${root}/${path}`;
  return Buffer.concat([Buffer.from(`${root}/`), encodeName(path)]);
}

/** As many as Linux follows (MAXSYMLINKS). */
const MAX_LINKS = 40;

/** A place in the tree: its path as in `Entry`, and whether something is there. */
export interface Place {
  readonly path: string;
  readonly kind: "file" | "directory" | "other" | "missing";
}

/** Follows links as a program whose root this is would. Throws SANDBOX_FAILED when they lead in a circle. */
export function resolveInside(root: string, wanted: string): Place {
  const todo = partsOf(wanted);
  const done: string[] = [];
  let links = 0;
  let kind: Place["kind"] = "directory";
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (part === "..") {
      done.pop();
      kind = "directory";
      continue;
    }
    const path = [...done, part].join("/");
    const stat: Stats | undefined =
      kind === "missing" ? undefined : lstatSync(`${root}/${path}`, { throwIfNoEntry: false });
    if (!stat?.isSymbolicLink()) {
      done.push(part);
      kind = stat === undefined ? "missing" : stat.isDirectory() ? "directory" : stat.isFile() ? "file" : "other";
      continue;
    }
    if (++links > MAX_LINKS) {
      throw new DodaiError("SANDBOX_FAILED", `Cannot find "${wanted}" in the root: its links lead in a circle`);
    }
    const target = readlinkSync(`${root}/${path}`);
    if (target.startsWith("/")) done.length = 0;
    todo.unshift(...partsOf(target));
  }
  return { path: done.join("/") || ".", kind };
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");
