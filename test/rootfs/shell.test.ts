// Simple commands of sh(1) done to a tree, and what is more than that.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startChange } from "../../src/rootfs/change.ts";
import { performShell } from "../../src/rootfs/shell/perform.ts";
import { treeOf } from "../kit/tree.ts";

const before = [
  ...[
    "etc/",
    "etc/passwd",
    "etc/shadow",
    "etc/a.conf",
    "etc/.hidden",
    "link -> etc",
    "srv/",
    "srv/deep/",
    "srv/deep/x",
  ],
];

/** Paths that are other than before, with text or target; `- path` for what is gone. */
function after(script: string, roots: readonly string[] = []): readonly string[] | number {
  const texts: Readonly<Record<string, string>> = {
    "etc/passwd": "root:x:0:0::/:/bin/sh\n",
    "etc/shadow": "root:*:1::::::\n",
  };
  const change = startChange(treeOf(before), new Map());
  const old = new Map(change.tree);
  const read = (path: string): Uint8Array => change.made.get(path)?.bytes ?? Buffer.from(texts[path] ?? "old\n");
  const done = performShell(script, { change, read, epoch: 1_700_000_000, format: "rpm", roots, isLogged: true });
  if ("unknownLine" in done) return done.unknownLine;
  const lines = [...change.tree].flatMap(([path, { entry }]) => {
    if (old.get(path)?.entry === entry) return [];
    const mode = entry.mode === 0o644 || entry.kind === "symlink" ? "" : ` ${entry.mode.toString(8)}`;
    if (entry.kind === "symlink") return [`${path} -> ${entry.target}`];
    return [`${path}${mode}${entry.kind === "file" ? ` = ${Buffer.from(read(path)).toString()}` : "/"}`];
  });
  return [...lines, ...[...old.keys()].filter((path) => !change.tree.has(path)).map((path) => `- ${path}`)];
}

const understood: readonly {
  readonly script: string;
  readonly result: readonly string[];
  readonly roots?: readonly string[];
}[] = [
  { script: "# nothing\n\n  set -eu; true && :\nset -o pipefail", result: [] },
  { script: "echo 'a b'  \"c\" d\\ e >/etc/new", result: ["etc/new = a b c d e\n"] },
  { script: "echo -n x >>/etc/a.conf", result: ["etc/a.conf = old\nx"] },
  { script: "> /etc/a.conf; echo x >/dev/null 2>&1", result: ["etc/a.conf = "] },
  { script: "echo x > /link/new || true", result: ["etc/new = x\n"] },
  { script: "/bin/date +%Y%m%d_%H%M > /etc/B", result: ["etc/B = 20231114_2213\n"] },
  {
    script: "rm -rf /srv \\\n  /nothing /etc/*",
    result: ["- etc/passwd", "- etc/shadow", "- etc/a.conf", "- srv", "- srv/deep", "- srv/deep/x"],
  },
  { script: "rm -f /etc/?.conf /etc/.hid*", result: ["- etc/a.conf", "- etc/.hidden"] },
  { script: "mkdir -p /srv/deep /srv/a/b", result: ["srv/a 755/", "srv/a/b 755/"] },
  { script: "ln -s x /etc/l; ln -snf y /link", result: ["etc/l -> x", "link -> y"] },
  { script: "chmod 0600 /etc/a.conf", result: ["etc/a.conf 600 = old\n"] },
  {
    script: "systemctl mask a.service b.target",
    result: [
      "etc/systemd 755/",
      "etc/systemd/system 755/",
      "etc/systemd/system/a.service -> /dev/null",
      "etc/systemd/system/b.target -> /dev/null",
    ],
  },
  { script: "passwd -l root", result: ["etc/shadow = root:!*:1::::::\n"] },
  { script: "touch /etc/a.conf /etc/t; exit 0\nwhat is this", result: ["etc/t = "] },
  {
    script: "umount /mnt/sysimage/run; echo x >/mnt/sysimage/etc/t",
    roots: ["/mnt/sysimage"],
    result: ["etc/t = x\n"],
  },
];

const more: readonly { readonly script: string; readonly line?: number; readonly roots?: readonly string[] }[] = [
  { script: "true\nif true; then :; fi", line: 2 },
  { script: "echo $HOME >/x" },
  { script: 'echo "`id`" >/x' },
  { script: "A=1 true" },
  { script: "echo a | cat" },
  { script: "cat <<EOF\nx\nEOF" },
  { script: "rm -f /etc/[a-z]*" },
  { script: "rm -f /etc/'*'" },
  { script: "rm /etc/nothing" },
  { script: "rm -f /srv" },
  { script: "rm -rf ../etc" },
  { script: "rm -rf /etc/../srv" },
  { script: "echo x >/no/where" },
  { script: "echo x >/srv" },
  { script: "echo a\\\\nb >/x" },
  { script: "mkdir /srv" },
  { script: "ln -s a /srv" },
  { script: "chmod u+x /etc/a.conf" },
  { script: "date -d now +%F >/x" },
  { script: "date +%c >/x" },
  { script: "umount /home" },
  { script: "systemctl start a" },
  { script: "passwd root" },
  { script: "sleep 1 &" },
  { script: "set -x" },
  { script: "echo x >/etc/t", roots: ["/mnt/sysimage"] },
  { script: "echo 'a" },
];

describe("plain commands of a script", () => {
  for (const { script, result, roots } of understood) {
    it(`are done: ${JSON.stringify(script)}`, () => assert.deepEqual(after(script, roots), result));
  }
  for (const { script, line = 1, roots } of more) {
    it(`do not have ${JSON.stringify(script)}`, () => assert.equal(after(script, roots), line));
  }
});
