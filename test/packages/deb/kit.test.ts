import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { controlText, type DebSpec, makeDeb, packagesText } from "../../kit/deb.ts";
import { needs, run } from "../../kit/oracle.ts";

const spec: DebSpec = {
  name: "hello",
  version: "1:2.0-1",
  fields: { Depends: "libc6 (>= 2.36)", "Multi-Arch": "same" },
  tree: [
    { path: "usr/bin/hello", content: "#!/bin/sh\n", mode: 0o4755 },
    { path: "usr/bin/hi", kind: "symlink", target: "hello" },
    { path: "usr/bin/hey", kind: "hardlink", target: "usr/bin/hello" },
  ],
  control: { postinst: "#!/bin/sh\n" },
};

for (const compression of ["none", "gzip"] as const) {
  test(`dpkg-deb reads the kit's packages, compression ${compression}`, needs("dpkg-deb"), () => {
    const folder = mkdtempSync(join(tmpdir(), "dodai-kit-"));
    try {
      const deb = join(folder, "hello.deb");
      writeFileSync(deb, makeDeb({ ...spec, compression }));
      assert.equal(run("dpkg-deb", ["-f", deb]), controlText(spec));
      const listed = run("dpkg-deb", ["-c", deb], { env: { ...process.env, TZ: "UTC" } });
      assert.deepEqual(listed.replace(/ +/g, " ").split("\n"), [
        "drwxr-xr-x root/root 0 2023-11-14 22:13 ./",
        "drwxr-xr-x root/root 0 2023-11-14 22:13 ./usr/",
        "drwxr-xr-x root/root 0 2023-11-14 22:13 ./usr/bin/",
        "-rwsr-xr-x root/root 10 2023-11-14 22:13 ./usr/bin/hello",
        "lrwxrwxrwx root/root 0 2023-11-14 22:13 ./usr/bin/hi -> hello",
        "hrw-r--r-- root/root 0 2023-11-14 22:13 ./usr/bin/hey link to ./usr/bin/hello",
        "",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("the kit makes the same bytes each time", () => {
  assert.deepEqual(makeDeb(spec), makeDeb(spec));
  assert.equal(packagesText([spec]), packagesText([spec]));
});
