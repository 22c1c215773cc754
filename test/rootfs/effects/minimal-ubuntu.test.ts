// Effects where scripts of a minimal Ubuntu differ from Debian's, on extracts of what its packages hold. What is expected is
// what the scripts themselves left there.
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import type { EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { effectNamed } from "../../../src/rootfs/effects/effects.ts";
import { formatCache } from "../../../src/rootfs/effects/ld-so-cache-format.ts";
import { treeOf } from "../../kit/tree.ts";

interface World {
  readonly files?: Readonly<Record<string, string>>;
  /** Scripts by package. */
  readonly packages?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** `PATH` → content or `-> TARGET`; "" for folders. */
function madeBy(name: string, { files = {}, packages = {} }: World): ReadonlyMap<string, string> {
  const read = (path: string): Uint8Array => Buffer.from(files[path] ?? "");
  const context: EffectContext = {
    tree: treeOf(Object.keys(files)),
    read,
    open: (path) => memoryAccess(read(path)),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "ubuntu", release: "noble" },
    users: [],
    groups: [],
    epoch: 0,
    packages: Object.entries(packages).map(([one, members]) => ({
      name: one,
      version: "2.39-0ubuntu8",
      control: Object.entries(members).map(([member, text]) => ({
        name: member,
        mode: 0o755,
        bytes: Buffer.from(text),
      })),
    })),
  };
  return new Map(
    effectNamed(name)
      .apply(context)
      .files.map((file) => {
        if (file.kind === "symlink") return [file.path, `-> ${file.target}`];
        return [file.path, file.kind === "file" ? Buffer.from(file.bytes).toString("latin1") : ""];
      }),
  );
}

test("base-files copies and makes what its script lists, under Ubuntu's name", () => {
  const postinst = `  install_from_default profile       /etc/profile
  install_from_default networks      /etc/networks
  install_local_dir /usr/local
  install_local_dir /usr/local/bin
`;
  const files = Object.fromEntries(
    ["profile", "networks", "motd"].map((name) => [`usr/share/base-files/${name}`, name]),
  );
  const made = madeBy("base-files", { files, packages: { "base-files": { postinst } } });
  assert.equal(made.get("etc/networks"), "networks");
  assert.equal(made.get("etc/motd"), undefined);
  assert.equal(made.get("etc/dpkg/origins/default"), "-> ubuntu");
  const local = [...made.keys()].filter((path) => path.startsWith("usr/local") && path !== "usr/local/man");
  assert.deepEqual(local, ["usr/local", "usr/local/bin"]);
});

describe("diversions", () => {
  const listed = (packages: World["packages"]): readonly string[] =>
    (madeBy("diversions", packages ? { packages } : {}).get("var/lib/dpkg/diversions") ?? "").trimEnd().split("\n");

  it("of noble keep all merged folders, each once", () => {
    const preinst = `USR_MERGE="bin lib64 lib64 sbin"
	for d in $USR_MERGE; do
		# Install DEP17 M4 protective diversions
		dpkg-divert --quiet --package base-files --add --no-rename --divert /$d.usr-is-merged /$d
	done
`;
    const lines = listed({ "base-files": { preinst } });
    assert.deepEqual(lines.filter((_, at) => at % 3 === 0).toSorted(), ["/bin", "/lib64", "/sbin"]);
    assert.deepEqual(lines.slice(0, 3), ["/sbin", "/sbin.usr-is-merged", "base-files"]);
  });

  it("keep libraries that moved while their package was renamed", () => {
    const preinst = `    for lib in e2p.so.2 ext2fs.so.2; do
	dpkg-divert --package libext2fs2t64 --no-rename --divert "/lib/x86_64-linux-gnu/lib$lib.usr-is-merged" --add "/lib/x86_64-linux-gnu/lib$lib"
    done
`;
    assert.deepEqual(listed({ libext2fs2t64: { preinst } }), [
      "/lib/x86_64-linux-gnu/libe2p.so.2",
      "/lib/x86_64-linux-gnu/libe2p.so.2.usr-is-merged",
      "libext2fs2t64",
      "/lib/x86_64-linux-gnu/libext2fs.so.2",
      "/lib/x86_64-linux-gnu/libext2fs.so.2.usr-is-merged",
      "libext2fs2t64",
    ]);
  });
});

test("the environment has the search path that PAM's script writes", () => {
  const postinst = `\t\t\techo 'PATH="/usr/bin:/snap/bin"' >> "$DPKG_ROOT"/etc/environment\n`;
  const made = madeBy("pam-modules", { packages: { "libpam-modules": { postinst } } });
  assert.equal(made.get("etc/environment"), 'PATH="/usr/bin:/snap/bin"\n');
});

test("the cache of libraries names who built the C library", () => {
  const bytes = formatCache([], { writer: "Ubuntu GLIBC 2.39-0ubuntu8", release: "2.39", littleEndian: true });
  assert.match(
    Buffer.from(bytes).toString("latin1"),
    /ldconfig \(Ubuntu GLIBC 2\.39-0ubuntu8\) stable release version 2\.39$/,
  );
});

test("the start-up script of procps is linked, and base-files' timer enabled", () => {
  const procps = madeBy("init-scripts", {
    files: { "etc/init.d/procps": "# Default-Start:     S\n# Default-Stop:\n" },
  });
  assert.equal(procps.get("etc/rcS.d/S01procps"), "-> ../init.d/procps");
  const timer = madeBy("systemd-units", {
    files: { "usr/lib/systemd/system/motd-news.timer": "[Install]\nWantedBy=timers.target\n" },
    packages: { "base-files": { postinst: "\t\tdeb-systemd-helper enable 'motd-news.timer' >/dev/null || true\n" } },
  });
  assert.equal(
    timer.get("etc/systemd/system/timers.target.wants/motd-news.timer"),
    "-> /usr/lib/systemd/system/motd-news.timer",
  );
});
