// How tests show an archive: one line per entry.
import { createHash } from "node:crypto";
import type { Entry } from "../../src/archive/entry.ts";
import { encodeName } from "../../src/archive/tar-name.ts";

/** `file 0644 0:0 1700000000 etc/motd 3 sha1`, with link target, device and attributes where there are any. */
export function describeEntry(entry: Entry, body: Uint8Array): string {
  const { kind, mode, uid, gid, mtime, path } = entry;
  const words = [
    kind,
    mode.toString(8).padStart(4, "0"),
    `${uid}:${gid}`,
    String(mtime),
    quote(path),
    ...detail(entry, body),
  ];
  for (const [name, value] of [...entry.xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    words.push(`${name}=${Buffer.from(value).toString("hex")}`);
  }
  return words.join(" ");
}

function detail(entry: Entry, body: Uint8Array): string[] {
  switch (entry.kind) {
    case "file":
      return [String(entry.sizeBytes), createHash("sha1").update(body).digest("hex").slice(0, 12)];
    case "symlink":
    case "hardlink":
      return ["->", quote(entry.target)];
    case "character-device":
    case "block-device":
      return [`${entry.major},${entry.minor}`];
    default:
      return [];
  }
}

/** ASCII as it is, other bytes as `\xff`, the same in `oracle.py`. */
function quote(name: string): string {
  return encodeName(name)
    .toString("latin1")
    .replace(/[^!-[\]-~]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
