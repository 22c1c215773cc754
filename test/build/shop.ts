// The packages that goldens and reproducibility tests build from: small, and between them every kind of thing that a
// package can hold. Links come last in each tree, as dpkg-deb orders them.
import type { DebSpec } from "../kit/deb.ts";

/** Made for this test; valid from 2026 to 2081. */
const exampleRoot = `-----BEGIN CERTIFICATE-----
MIIBgzCCATWgAwIBAgIUPqqZsmPMORdDifWl4xRjL9va3NgwBQYDK2VwMDYxCzAJ
BgNVBAYTAlhYMRAwDgYDVQQKDAdFeGFtcGxlMRUwEwYDVQQDDAxFeGFtcGxlIFJv
b3QwIBcNMjYxMTI0MDkxMTQyWhgPMjA4MTA4MjcwOTExNDJaMDYxCzAJBgNVBAYT
AlhYMRAwDgYDVQQKDAdFeGFtcGxlMRUwEwYDVQQDDAxFeGFtcGxlIFJvb3QwKjAF
BgMrZXADIQBOw+yPCkSPnm4WAbF0RTBywSAcpznUVLC26KFZDcU4DaNTMFEwHQYD
VR0OBBYEFKTdGdRlh0ETqahaDPf99z8LF+D1MB8GA1UdIwQYMBaAFKTdGdRlh0ET
qahaDPf99z8LF+D1MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA8Dk4bHSPumTQ
DtLg7vbM6vXN7eb0UFk9R8yvdehwNkZjlhBKhvVyaogzepdjlW84tXw0w91K3mI7
ctxRG6YwBw==
-----END CERTIFICATE-----
`;

/** cap_net_raw=ep as Linux keeps it: VFS_CAP_REVISION_2, effective, bit 13 permitted. */
const netRaw: Uint8Array = Buffer.from("0100000200200000000000000000000000000000", "hex");

/** Bytes that hardly compress, the same each time (a linear congruential generator). */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

export const shop: readonly DebSpec[] = [
  {
    name: "base-files",
    version: "13",
    tree: [
      { path: "etc/debian_version", content: "13.0\n" },
      { path: "usr/lib/os-release", content: 'ID=debian\nNAME="Debian GNU/Linux"\n' },
      { path: "tmp", kind: "directory", mode: 0o1777 },
      { path: "var/mail", kind: "directory", mode: 0o2775, gid: 8 },
      { path: "etc/os-release", kind: "symlink", target: "../usr/lib/os-release" },
    ],
  },
  {
    name: "ca-certificates",
    version: "2025",
    architecture: "all",
    tree: [{ path: "usr/share/ca-certificates/example/Example_Root.crt", content: exampleRoot }],
    control: { postinst: "#!/bin/sh\n" },
  },
  {
    // Ships both sides of the merged /usr, and no links itself.
    name: "split",
    tree: [
      { path: "bin/y", content: "y\n", mode: 0o755 },
      { path: "lib/x", content: "x\n" },
      { path: "lib/firmware/blob", content: "blob\n" },
      { path: "usr/lib/v", content: "v\n" },
      { path: "usr/bin/w", kind: "symlink", target: "../../bin/y" },
    ],
  },
  {
    name: "old-tool",
    tree: [
      { path: "usr/bin/old-tool", content: "old\n", mode: 0o755 },
      { path: "usr/share/tool/data", content: "data of the old tool\n" },
    ],
  },
  {
    name: "new-tool",
    version: "2.0-1",
    fields: { Replaces: "old-tool" },
    tree: [
      { path: "usr/bin/new-tool", content: "new\n", mode: 0o755 },
      { path: "usr/share/tool/data", content: "data of the new tool\n" },
    ],
  },
  {
    name: "names",
    fields: { Source: "languages (3)" },
    tree: [
      { path: "usr/bin/perl", content: noise(5000), mode: 0o755 },
      { path: "usr/bin/perl5", kind: "hardlink", target: "usr/bin/perl" },
      { path: "usr/bin/perl5.40", kind: "hardlink", target: "usr/bin/perl" },
      { path: "usr/lib/empty", content: "" },
    ],
  },
  {
    name: "names-docs",
    architecture: "all",
    fields: { Source: "languages (3)" },
    tree: [
      { path: "usr/share/doc/names/copyright", content: "free\n" },
      { path: "usr/share/doc/names/examples/one.gz", content: "one\n" },
      { path: "usr/share/man/man1/perl.1.gz", content: "man\n" },
      { path: "usr/share/man/de/man1/perl.1.gz", content: "Mann\n" },
    ],
  },
  {
    name: "powers",
    tree: [
      { path: "usr/bin/passwd", content: "set\n", mode: 0o4755 },
      { path: "usr/bin/chage", content: "group\n", mode: 0o2755, gid: 42 },
      { path: "usr/bin/ping", content: "echo\n", mode: 0o755, xattrs: { "security.capability": netRaw } },
      { path: "var/spool/powers", kind: "directory", mode: 0o1733, uid: 1, gid: 3000000 },
    ],
    compression: "zstd",
  },
  {
    name: "settings",
    tree: [
      { path: "etc/settings.conf", content: "a = 1\n" },
      { path: "etc/settings.d/more.conf", content: "b = 2\n", mode: 0o600 },
      { path: "usr/bin/settings", content: "settings\n", mode: 0o755 },
    ],
    control: {
      conffiles: "/etc/settings.conf\n/etc/settings.d/more.conf\n",
      postinst: "#!/bin/sh\nset -e\n",
      triggers: "interest-noawait /usr/share/settings\n",
    },
  },
];
