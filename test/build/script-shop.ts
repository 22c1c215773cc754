// Packages whose scripts really run in tests: the host's own dpkg, with the few programs that it and they need, as a package.

import type { DebSpec } from "../kit/deb.ts";
import { type HostFile, hostPrograms } from "../kit/host-programs.ts";

/** Those that dpkg looks for before it begins, then those that scripts and the trace use. */
const programs = [
  ...["dpkg", "dpkg-deb", "dpkg-split", "dpkg-query", "sh", "rm", "tar", "diff", "ldconfig", "start-stop-daemon"],
  ...["cat", "chmod", "chown", "date", "find", "ln", "mkdir", "mknod", "mv", "setsid", "sleep", "touch"],
];

let made: DebSpec | undefined;

/** Made once: it has some megabytes. */
export function hostDpkg(): DebSpec {
  made ??= {
    name: "dpkg",
    version: "1.22.0",
    fields: { Essential: "yes" },
    compression: "none",
    tree: [
      ...hostPrograms(programs).map(({ path, bytes }: HostFile) => ({
        path: path.replace(/^bin\//, "usr/bin/"),
        content: bytes,
        mode: 0o755,
      })),
      { path: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\n" },
      { path: "etc/group", content: "root:x:0:\nmail:x:8:\n" },
      { path: "var/log", kind: "directory" },
    ],
  };
  return made;
}

/** A package with scripts: `#!/bin/sh` and `set -e` come in front of each. */
export function scripted(
  name: string,
  scripts: Readonly<Record<string, string>>,
  more: Partial<DebSpec> = {},
): DebSpec {
  const control = Object.entries(scripts).map(([script, text]) => [script, `#!/bin/sh\nset -e\n${text}\n`]);
  return { name, fields: { Depends: "dpkg" }, ...more, control: { ...Object.fromEntries(control), ...more.control } };
}
