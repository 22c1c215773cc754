// RUNs of a stage share one root. Each Dockerfile is built twice: in one go, and line by line, so that every RUN has a root that is
// laid out anew from the layers below it. What commands see, and what they leave, has to be the same.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needsSandbox } from "../../sandbox/open.ts";
import { filesOf, openWorld } from "./world.ts";

const socketAt = (path: string): string => `perl -e 'socket(S,1,1,0); bind(S, pack("Sa*",1,"${path}\\0")) or die'`;

/** What commands do to a folder of their own, one after the other. */
const changes: readonly { readonly name: string; readonly steps: readonly string[] }[] = [
  { name: "times", steps: ["echo 1 > a; touch -d @5 old; mkdir e", "echo 2 >> a; touch e/x"] },
  { name: "removed", steps: ["mkdir e; echo 1 > e/f", "rm -r e", "mkdir e"] },
  { name: "file-folder", steps: ["mkdir d; touch d/x", "rm -r d; touch d", "rm d; mkdir d; touch d/y"] },
  { name: "hardlinks", steps: ["echo 1 > a; ln a b", "echo 2 >> a", "ln b c; rm a"] },
  {
    name: "owners",
    steps: [
      "mkdir -m 1777 d; touch d/a; chown 5:6 d/a; chmod 4755 d/a; cp /bin/true cap; setcap cap_net_raw+ep cap",
      "chmod 700 d; chown 7 cap; mkdir -m 2755 s",
      "chmod 2755 d; touch s/b",
    ],
  },
  { name: "socket", steps: [socketAt("s"), "ls > list; touch s"] },
  { name: "socket-over", steps: ["echo 1 > s", `rm s; ${socketAt("s")}`, "cat s > t"] },
  { name: "links", steps: ["ln -s nowhere l; mknod p p", "rm l; ln -s other l"] },
  { name: "mounts", steps: ["touch /dev/x /dev/shm/y /tmp/z", "ls /dev /dev/shm /tmp > list"] },
];

/** All that a step can see of what earlier ones left. Sizes of folders are the disk's own. */
const see = (name: string): string =>
  `RUN for f in /* /etc/* /f/* /f/*/* /f/*/*/*; do case $f in /proc|/sys|/dev|/tmp|/etc/resolv.conf) ;; *) if [ -d "$f" ]; then stat -c "%n %F %Y %a %u:%g" "$f"; else stat -c "%n %F %Y %a %u:%g %s" "$f"; fi; esac; done > /tmp/seen-${name} 2>&1; true`;

function linesOfChanges(): readonly string[] {
  return [0, 1, 2].map((at) => {
    const commands = changes.flatMap(({ name, steps }) => {
      const step = steps[at];
      return step === undefined ? [] : [`mkdir -p /f/${name}; cd /f/${name}; ${step}`];
    });
    return `RUN set -e; ${commands.join("; ")}`;
  });
}

const dockerfiles: readonly { readonly name: string; readonly lines: readonly string[] }[] = [
  { name: "changes of every kind", lines: linesOfChanges() },
  {
    name: "layers of COPY and ADD between",
    lines: [
      "RUN mkdir -p /f/e; echo 1 > /f/e/f; echo 1 > /two; ln -s e /f/l; echo 'u:x:7:8::/home/u:/bin/sh' >> /etc/passwd",
      "COPY tree /f/",
      "COPY --chown=3:4 --chmod=600 more /f/e/f",
      "ADD r.tar /",
      "WORKDIR /f/new/deep",
      "USER u",
      "RUN mkdir /tmp/h; echo $HOME > /tmp/h/home; id > /tmp/h/id; pwd > /tmp/h/pwd; ls -R /f /etc > /tmp/h/all",
      "USER root",
      "RUN cat /two >> /f/two; rm -r /f/e",
    ],
  },
  {
    name: "what has to be laid out anew",
    lines: [
      "RUN mkdir -p /f/e; ln -s e /f/l; echo 1 > /f/e/f",
      "COPY tree /f/l/",
      "RUN ls /f/e > /f/list",
      "WORKDIR /w",
      "RUN rm -r /w",
    ],
  },
  {
    name: "mounts over what is there",
    lines: [
      "RUN mkdir -p /f/e; echo 1 > /f/e/f",
      "RUN --mount=target=/f/e,source=tree,rw --mount=type=tmpfs,target=/f/e/sub ls -R /f/e > /f/list; touch /f/e/sub/x /f/e/y",
      "RUN cat /f/e/f",
    ],
  },
];

describe("RUNs that share a root", await needsSandbox("sh", "stat", "perl", "setcap"), () => {
  for (const { name, lines } of dockerfiles) {
    it(`give the same as those with a root each: ${name}`, async () => {
      const files = await filesOf({
        files: { "tree/a": "a", "tree/sub/b": "b", more: "more", "r.tar": "" },
        runs: true,
      });
      const steps = lines.flatMap((line, at) => (line.startsWith("RUN") ? [line, see(String(at))] : [line]));
      const text = ["FROM scratch", "ADD root.tar /", ...steps];
      const textTo = (end: number): string => `${text.slice(0, end).join("\n")}\n`;
      using whole = openWorld(files);
      using single = openWorld(files);
      const together = await whole.build(textTo(text.length));
      for (const [at, line] of text.entries()) if (line.startsWith("RUN")) await single.build(textTo(at + 1));
      const apart = await single.build(textTo(text.length));
      assert.deepEqual(await together.layers(), await apart.layers());
      assert.deepEqual(together.diffIds, apart.diffIds);
    });
  }
});
