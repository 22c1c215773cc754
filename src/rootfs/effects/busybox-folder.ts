// A shell for looking around in an image that has none: /busybox with a link for every applet.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Effect } from "./contract.ts";

const binary = "usr/bin/busybox";

export const busyboxFolder: Effect = {
  name: "busybox-folder",
  summary: "links every applet of BusyBox in /busybox, when BusyBox is there",
  covers: [],
  apply: ({ tree, read }) => {
    if (!tree.has(binary)) return { files: [], removed: [] };
    const applets = readApplets(read(binary));
    const links = applets.map((name) => ({ kind: "symlink", path: `busybox/${name}`, target: "busybox" }) as const);
    const self = { kind: "symlink", path: "busybox/busybox", target: `../${binary}` } as const;
    return { files: [{ kind: "directory", path: "busybox", mode: 0o755 }, self, ...links], removed: [] };
  },
};

/**
 * Names of the applets, from the binary's own table: NUL-terminated, sorted by bytes, `[` and `[[` first (BusyBox
 * include/applets.src.h). Read, not run, so that any architecture's binary will do. Throws EFFECT_FAILED.
 */
export function readApplets(bytes: Uint8Array): readonly string[] {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf("[\0[[\0", 0, "latin1");
  const names: string[] = [];
  for (let at = start; start >= 0; ) {
    const end = bytes.indexOf(0, at);
    const name = end < 0 ? "" : Buffer.from(bytes.subarray(at, Math.min(end, at + 64))).toString("latin1");
    const last = names.at(-1);
    if (!/^[a-z0-9_.[-]+$/.test(name) || (last !== undefined && name <= last)) break;
    names.push(name);
    at = end + 1;
  }
  if (names.length < 3) {
    throw new DodaiError("EFFECT_FAILED", `Cannot list the applets of "/${binary}": it has no table of their names`);
  }
  return names.filter((name) => name !== "busybox");
}
