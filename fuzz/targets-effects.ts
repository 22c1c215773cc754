// Files of packages that effects read: shared objects, ld.so.conf, certificates, BusyBox.
import { noXattrs } from "../src/archive/entry.ts";
import type { GeneratedFile } from "../src/packages/contract.ts";
import { memoryAccess } from "../src/packages/memory-access.ts";
import { readApplets } from "../src/rootfs/effects/busybox-folder.ts";
import type { EffectContext } from "../src/rootfs/effects/contract.ts";
import { readSharedObject } from "../src/rootfs/effects/elf.ts";
import { ldSoCache } from "../src/rootfs/effects/ld-so-cache.ts";
import { subjectHash } from "../src/rootfs/effects/subject-hash.ts";
import { resolvePath } from "../src/rootfs/resolve.ts";
import { makeSharedObject } from "../test/kit/elf.ts";
import { treeOf } from "../test/kit/tree.ts";
import { assertInside, Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { mutateStanzas } from "./mutate-text.ts";

const elf: Target = {
  name: "elf",
  codes: [],
  open: () => ({
    corpus: [makeSharedObject("libx.so.1"), ...fixtures("**/*.so*", 8)],
    words: ["\x7fELF", "../", "/"],
    run(input) {
      const found = readSharedObject(memoryAccess(input));
      if (found?.soname !== undefined && found.soname.length > 256) throw new Fault("a SONAME without end");
    },
  }),
};

/** Up to the first empty line is a configuration file; what follows is a shared object. */
const ldConf: Target = {
  name: "ld-so-cache",
  codes: ["EFFECT_FAILED"],
  open: () => ({
    corpus: [
      Buffer.concat([Buffer.from("# x\n/usr/lib/x\ninclude *.conf\n\n"), makeSharedObject("libx.so.1")]),
      Buffer.concat([Buffer.from("/opt/lib/\ninclude /etc/ld.so.conf.d/*.conf\n\n"), makeSharedObject("liby.so.2")]),
      Buffer.concat([Buffer.from("/usr/lib\n\n"), makeSharedObject("../../x.so")]),
    ],
    mutate: (input, random) =>
      mutateStanzas(input, random, ["include *", "include a.conf", "/usr/lib", "[", "**", "?"]),
    words: ["include ", "*", "**/", "[z-a]", "/", "../", "\n\n", "//", "/usr/lib"],
    run(input) {
      const { files } = ldSoCache.apply(ldContext(input));
      for (const file of files) assertGenerated(file);
    },
  }),
};

function assertGenerated(file: GeneratedFile): void {
  assertInside(file.path, "path of a generated file");
  if (file.kind === "symlink" && file.target.includes("/")) throw new Fault(`a library links to "${file.target}"`);
}

function ldContext(input: Uint8Array): EffectContext {
  const blank = Buffer.from(input).indexOf("\n\n");
  const conf = blank < 0 ? input : input.subarray(0, blank + 1);
  const object = blank < 0 ? new Uint8Array(0) : input.subarray(blank + 2);
  const tree = treeOf([
    "etc/",
    "etc/ld.so.conf.d/",
    "lib -> usr/lib",
    "usr/",
    "usr/lib/",
    "usr/lib/x/",
    "opt/",
    "opt/lib/",
  ]);
  const contents = new Map<string, Uint8Array>([
    ["etc/ld.so.conf", Buffer.from("include /etc/ld.so.conf.d/*.conf\n")],
    ["etc/ld.so.conf.d/a.conf", conf],
    ["etc/ld.so.conf.d/b.conf", conf],
    ["usr/lib/libx.so.1.0", object],
    ["usr/lib/x/liby.so", object],
  ]);
  for (const [path, { byteLength }] of contents) {
    const common = { path, mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };
    tree.set(path, { entry: { ...common, kind: "file", sizeBytes: byteLength }, owner: "x", content: undefined });
  }
  const read = (path: string): Uint8Array =>
    contents.get(resolvePath(tree, path, { last: true }) ?? "") ?? new Uint8Array(0);
  return {
    tree,
    read,
    open: (path) => memoryAccess(read(path)),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "debian", release: "trixie" },
    users: [],
    groups: [],
    epoch: 0,
    packages: [{ name: "libc6", version: "2.41-12", control: [] }],
  };
}

/** A certificate in all that its subject's place needs: version, serial, algorithm, issuer, validity, subject. */
function makeCertificate(): Uint8Array {
  const node = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(content);
    return Buffer.concat([Uint8Array.of(tag, body.length), body]);
  };
  const pair = (tag: number, text: string): Uint8Array =>
    node(0x31, node(0x30, node(0x06, Uint8Array.of(0x55, 4, 3)), node(tag, Buffer.from(text))));
  const name = node(0x30, pair(0x13, "  A  b "), pair(0x0c, "Root"), pair(0x1e, "\0a\0b"));
  const empty = node(0x30);
  return node(0x30, node(0x30, node(0xa0), node(0x02, Uint8Array.of(1)), empty, name, empty, name));
}

const certificate: Target = {
  name: "certificate",
  codes: ["EFFECT_FAILED"],
  open: () => ({
    corpus: [makeCertificate()],
    words: [Uint8Array.of(0x30, 0x80), Uint8Array.of(0x31, 0), Uint8Array.of(0x1e, 3), " ", "\u00e9"],
    run(input) {
      if (!/^[0-9a-f]{8}$/.test(subjectHash(input))) throw new Fault("no hash");
    },
  }),
};

const busybox: Target = {
  name: "busybox",
  codes: ["EFFECT_FAILED"],
  open: () => ({
    corpus: [Buffer.from("\x7fELF..[\0[[\0acpid\0adduser\0busybox\0cat\0ls\0\0.."), Buffer.from("[\0[[\0ash\0")],
    words: ["[\0[[\0", "\0", "..\0", "../x\0", "a/b\0"],
    run(input) {
      for (const name of readApplets(input)) {
        if (name === "." || name === ".." || name.includes("/")) throw new Fault(`applet "${name}"`);
      }
    },
  }),
};

export const effectTargets: readonly Target[] = [elf, ldConf, certificate, busybox];
