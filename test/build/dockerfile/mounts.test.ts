import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needsSandbox } from "../../sandbox/open.ts";
import { filesOf, openWorld } from "./world.ts";

const base = "FROM scratch AS base\nADD root.tar /\n";

/** Each RUN prints to /out what it sees. */
const cases: readonly { readonly name: string; readonly lines: string; readonly out: string }[] = [
  {
    name: "a cache begins with what a stage has, and goes on from there",
    lines:
      "FROM base AS seed\nRUN mkdir -p /seed/d; echo s > /seed/d/f; chown 5:6 /seed/d/f\nFROM base\nRUN --mount=type=cache,target=/c,from=seed,source=/seed,uid=7,gid=8,mode=700 stat -c '%u:%g %a %n' /c /c/d/f > /out; echo 1 > /c/d/f\nRUN --mount=type=cache,target=/c,from=seed,source=/seed,uid=7,gid=8,mode=700 cat /c/d/f >> /out\nRUN --mount=type=cache,target=/c ls /c >> /out",
    out: "7:8 700 /c\n5:6 644 /c/d/f\n1\n",
  },
  {
    name: "a cache that is read only",
    lines: "FROM base\nRUN --mount=type=cache,target=/c,ro touch /c/x 2> /dev/null || echo no > /out",
    out: "no\n",
  },
  {
    name: "a disk in memory has its size",
    lines:
      "FROM base\nRUN --mount=type=tmpfs,target=/t,size=64k dd if=/dev/zero of=/t/x bs=1k count=100 2> /dev/null || stat -c %s /t/x > /out",
    out: "65536\n",
  },
  {
    name: "a bind mount is read only without rw",
    lines:
      "FROM base\nRUN --mount=target=/b,source=ctx touch /b/x 2> /dev/null || ls /b > /out\nRUN --mount=target=/b,source=ctx,rw touch /b/x; ls /b >> /out",
    out: "f\nf\nx\n",
  },
  {
    name: "mounts lie in each other, however they are ordered",
    lines:
      "FROM base\nRUN --mount=target=/b/in/deep,source=ctx/f --mount=target=/b,source=ctx,rw --mount=type=cache,target=/b/c ls -R /b > /out",
    out: "/b:\nc\nf\nin\n\n/b/c:\n\n/b/in:\ndeep\n",
  },
];

describe("RUN --mount", await needsSandbox("sh", "stat", "dd"), () => {
  for (const { name, lines, out } of cases) {
    it(name, async () => {
      using world = openWorld(await filesOf({ files: { "ctx/f": "f" }, runs: true }));
      const built = await world.build(`${base}${lines}\n`);
      const root = await built.root();
      assert.ok(root.includes(`out 0644 0:0 ${JSON.stringify(out)}`));
      assert.deepEqual(
        root.filter((line) => /^[bct]\//.test(line)),
        [],
      );
    });
  }
});
