// What a command in an image starts with: words, environment, user and folder, from the image's config and the caller's
// wishes, as `docker run` puts them together.
import { posix } from "node:path";
import { type ArchiveItem, noXattrs } from "../archive/entry.ts";
import { bytesOf, collect } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { parentsOf } from "../core/path-order.ts";
import type { ReadConfig } from "../image/read-documents.ts";
import type { RunOptions } from "./contract.ts";

export interface RunPlan {
  readonly words: readonly [string, ...string[]];
  /** Absolute. */
  readonly workdir: string;
  /** Empty for root. */
  readonly user: string;
  environment(notes: NotedRoot): Readonly<Record<string, string>>;
}

type Wishes = Pick<RunOptions, "command" | "entrypoint" | "environment" | "user" | "workdir" | "terminal">;

/** What Docker gives an image without PATH. */
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** `config` is `undefined` for a bare root. Throws USAGE when there is nothing to run. */
export function planRun(config: ReadConfig | undefined, wishes: Wishes): RunPlan {
  const user = wishes.user ?? config?.user ?? "";
  return {
    words: wordsOf(config, wishes),
    workdir: posix.resolve("/", wishes.workdir || config?.workdir || ""),
    user,
    environment: ({ passwd }) => {
      const all: Record<string, string | undefined> = {
        PATH: usualPath,
        HOME: homeOf(user, passwd),
        ...(wishes.terminal ? { TERM: "xterm" } : {}),
        ...config?.env,
        ...wishes.environment,
      };
      return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined));
    },
  };
}

function wordsOf(config: ReadConfig | undefined, { command, entrypoint }: Wishes): readonly [string, ...string[]] {
  const start = entrypoint === undefined ? (config?.entrypoint ?? []) : entrypoint === "" ? [] : [entrypoint];
  const rest = command.length > 0 || entrypoint !== undefined ? command : (config?.cmd ?? []);
  const [program, ...args] = [...start, ...rest];
  if (program !== undefined && program !== "") return [program, ...args];
  throw new DodaiError("USAGE", "Cannot run the image: it says no command, and none is given", {
    fix: 'Put one behind "--", as in "dodai run IMAGE -- /bin/sh".',
  });
}

/** Of the root's own passwd(5), as Docker sets HOME. */
function homeOf(user: string, passwd: string): string {
  const name = user.split(":")[0] || "0";
  const rows = passwd.split("\n").map((line) => line.split(":"));
  const row = rows.find((one) => one[0] === name) ?? rows.find((one) => one[2] === name);
  return row?.[5] || (name === "0" || name === "root" ? "/root" : "/");
}

/** What was seen of a root on its way into the sandbox. */
export interface NotedRoot {
  /** Text of its /etc/passwd. */
  passwd: string;
}

export function startNotes(): NotedRoot {
  return { passwd: "" };
}

const MAX_PASSWD_BYTES = 1 << 20;

/**
 * Passes items on, notes what `planRun` asks for, and at the end adds the working folder with its parents where they are
 * missing, as runtimes make it.
 */
export async function* notingItems(
  items: AsyncIterable<ArchiveItem>,
  notes: NotedRoot,
  workdir: string,
): AsyncGenerator<ArchiveItem> {
  const path = workdir.slice(1);
  const wanted = new Set(path === "" ? [] : [...parentsOf(path), path]);
  let isBlocked = false;
  for await (const item of notingPasswd(items, notes)) {
    const { entry } = item;
    // Through a link it may lead anywhere: the sandbox says whether it is there.
    if (wanted.delete(entry.path) && entry.kind !== "directory") isBlocked = true;
    yield item;
  }
  if (isBlocked) return;
  for (const folder of wanted) {
    const entry = { kind: "directory", path: folder, mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs } as const;
    yield { entry, body: bytesOf() };
  }
}

/** Passes items on, and notes the text of an /etc/passwd among them. */
export async function* notingPasswd(items: AsyncIterable<ArchiveItem>, notes: NotedRoot): AsyncGenerator<ArchiveItem> {
  for await (const { entry, body } of items) {
    if (entry.kind !== "file" || entry.path !== "etc/passwd" || entry.sizeBytes > MAX_PASSWD_BYTES) {
      yield { entry, body };
      continue;
    }
    const bytes = await collect(body, { maxBytes: MAX_PASSWD_BYTES, what: "/etc/passwd" });
    notes.passwd = Buffer.from(bytes).toString("utf8");
    yield { entry, body: bytesOf(bytes) };
  }
}
