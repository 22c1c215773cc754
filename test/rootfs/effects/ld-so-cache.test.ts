import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Entry, noXattrs } from "../../../src/archive/entry.ts";
import { openFileAccess } from "../../../src/io/file-access.ts";
import type { EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { ldSoCache } from "../../../src/rootfs/effects/ld-so-cache.ts";
import { formatCache } from "../../../src/rootfs/effects/ld-so-cache-format.ts";
import { resolvePath } from "../../../src/rootfs/resolve.ts";
import type { TreeNode } from "../../../src/rootfs/tree.ts";
import { needs, run } from "../../kit/oracle.ts";

test(
  "the cache of this machine's libraries is byte for byte that of ldconfig",
  needs("/usr/sbin/ldconfig", "dpkg-query"),
  () => {
    const folder = mkdtempSync(join(tmpdir(), "dodai-ldconfig-"));
    try {
      const oracle = join(folder, "ld.so.cache");
      // -X makes no links, so the machine stays as it is.
      run("/usr/sbin/ldconfig", ["-X", "-C", oracle]);
      const { files } = ldSoCache.apply(hostContext());
      const made = files.find(({ path }) => path === "etc/ld.so.cache");
      assert.ok(made?.kind === "file");
      assert.deepEqual(Buffer.from(made.bytes), readFileSync(oracle));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

/** The host's own libraries as a tree. */
function hostContext(): EffectContext {
  const tree = new Map<string, TreeNode>();
  for (const path of ["etc", "lib", "lib64", "lib32", "usr", "usr/local", "opt"]) add(tree, path);
  for (const path of [
    "etc/ld.so.conf",
    "etc/ld.so.conf.d",
    "usr/lib",
    "usr/lib32",
    "usr/lib64",
    "usr/local/lib",
    "opt",
  ])
    walk(tree, path);
  const version = run("dpkg-query", ["-W", "-f", `\${Version}`, "libc-bin"]);
  return {
    tree,
    read: (path) => readFileSync(`/${resolvePath(tree, path, { last: true })}`),
    open: (path) => openFileAccess(`/${resolvePath(tree, path, { last: true })}`),
    platform: { os: "linux", architecture: process.arch === "x64" ? "amd64" : "arm64" },
    distribution: { name: "debian", release: "bookworm" },
    users: [],
    groups: [],
    epoch: 0,
    packages: [{ name: "libc-bin", version, control: [] }],
  };
}

for (const count of [1, 2, 3]) {
  test(`a cache of before glibc 2.32 with ${count} libraries is read by ldconfig`, needs("/usr/sbin/ldconfig"), () => {
    const folder = mkdtempSync(join(tmpdir(), "dodai-ldconfig-"));
    const names = Array.from({ length: count }, (_, index) => `liba${index}.so.1`);
    const entries = names.map((soname) => ({ soname, path: `/lib64/${soname}`, flags: 0x303, kernel: 0x20620 }));
    const bytes = Buffer.from(formatCache(entries, { writer: "GNU libc", release: "2.17", littleEndian: true }));
    try {
      writeFileSync(join(folder, "cache"), bytes);
      const told = run("/usr/sbin/ldconfig", ["-p", "-C", join(folder, "cache")]);
      for (const name of names) assert.match(told, new RegExp(`${name} .* => /lib64/${name}`));
      // The older form has an even number of entries, and ends where the newer may begin.
      assert.equal(bytes.readUInt32LE(12), count + (count % 2));
      assert.equal(bytes.indexOf("glibc-ld.so.cache1.1") % 8, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

function walk(tree: Map<string, TreeNode>, path: string): void {
  if (add(tree, path) === "directory") for (const name of readdirSync(`/${path}`)) walk(tree, `${path}/${name}`);
}

function add(tree: Map<string, TreeNode>, path: string): Entry["kind"] | undefined {
  const found = lstatSync(`/${path}`, { throwIfNoEntry: false });
  const common = { path, mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };
  const entry: Entry | undefined = found?.isDirectory()
    ? { ...common, kind: "directory" }
    : found?.isSymbolicLink()
      ? { ...common, kind: "symlink", target: readlinkSync(`/${path}`) }
      : found?.isFile()
        ? { ...common, kind: "file", sizeBytes: found.size }
        : undefined;
  if (entry) tree.set(path, { entry, owner: undefined, content: undefined });
  return entry?.kind;
}
