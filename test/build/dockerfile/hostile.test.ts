// Contexts, archives and commands that mean harm, or are only wrong: refused, and nothing of this machine gets into an image.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { collect } from "../../../src/core/bytes.ts";
import { startLoopback } from "../../kit/loopback.ts";
import { file, folder, type RootFile, symlink, tarOf } from "../../sandbox/host-root.ts";
import { needsSandbox } from "../../sandbox/open.ts";
import { type Files, filesOf, openWorld } from "./world.ts";

interface Refused {
  readonly name: string;
  readonly files: Files;
  readonly dockerfile: string;
  readonly code: string;
  readonly message: RegExp;
  readonly ignore?: string;
}

const refused: readonly Refused[] = [
  {
    name: "a link to a file of this machine",
    files: { passwd: "-> /etc/passwd" },
    dockerfile: "COPY passwd /",
    code: "STEP_FAILED",
    message: /leads to "\/etc\/passwd", out of the build context/,
  },
  {
    name: "a link that climbs out",
    files: { "a/b/up": "-> ../../../x" },
    dockerfile: "COPY a/b/up /",
    code: "STEP_FAILED",
    message: /out of the build context/,
  },
  {
    name: "a folder behind a link that leaves",
    files: { out: "-> /etc" },
    dockerfile: "COPY out/passwd /",
    code: "STEP_FAILED",
    message: /out of the build context/,
  },
  {
    name: "links in a circle",
    files: { a: "-> b", b: "-> a" },
    dockerfile: "COPY a /",
    code: "STEP_FAILED",
    message: /leads to "itself"/,
  },
  {
    name: "an archive behind a link that leaves",
    files: { "a.tar": "-> ../x.tar" },
    dockerfile: "ADD a.tar /",
    code: "STEP_FAILED",
    message: /out of the build context/,
  },
  {
    name: "a file that is not there",
    files: {},
    dockerfile: "COPY nothing /",
    code: "STEP_FAILED",
    message: /"nothing": it is not in the build context/,
  },
  {
    name: "a path above the context",
    files: {},
    dockerfile: "COPY ../../etc/hostname /",
    code: "STEP_FAILED",
    message: /it is not in the build context/,
  },
  {
    name: "a file that is left out",
    files: { secret: "s" },
    ignore: "secret",
    dockerfile: "COPY secret /",
    code: "STEP_FAILED",
    message: /left out by .dockerignore/,
  },
  {
    name: "a file whose name is a whiteout",
    files: { "d/.wh.x": "" },
    dockerfile: "COPY d /",
    code: "STEP_FAILED",
    message: /means a removed file in a layer/,
  },
  {
    name: "a folder where a file is",
    files: { f: "f", "d/x": "x" },
    dockerfile: "COPY f /x\nCOPY d /x/",
    code: "STEP_FAILED",
    message: /a file is there, wanted a folder/,
  },
  {
    name: "a file where a folder is",
    files: { f: "f", "d/f/x": "x" },
    dockerfile: "COPY d /\nCOPY f /",
    code: "STEP_FAILED",
    message: /a folder is there/,
  },
  {
    name: "an owner that the image has not",
    files: { f: "f" },
    dockerfile: "COPY --chown=nobody f /",
    code: "STEP_FAILED",
    message: /\/etc\/passwd has no user "nobody"/,
  },
  {
    name: "a git repository",
    files: {},
    dockerfile: "ADD https://github.com/moby/buildkit.git#v1 /",
    code: "DOCKERFILE_UNSUPPORTED",
    message: /does not read git repositories/,
  },
  {
    name: "a git repository by ssh",
    files: {},
    dockerfile: "ADD git@github.com:moby/buildkit.git /",
    code: "DOCKERFILE_UNSUPPORTED",
    message: /does not read git repositories/,
  },
];

describe("a Dockerfile is refused", () => {
  for (const { name, files, dockerfile, code, message, ignore = "" } of refused) {
    it(`with ${name}`, async () => {
      using world = openWorld(files);
      const building = world.build(`FROM scratch\n${dockerfile}\n`, { ignoreText: ignore });
      await assert.rejects(building, { code, message });
    });
  }
});

const archive = (files: readonly RootFile[]): Promise<Uint8Array> =>
  collect(tarOf(files), { maxBytes: 1 << 20, what: "an archive" });

describe("an archive in ADD", () => {
  const add = "FROM scratch\nCOPY tree /\nADD a.tar /x/\n";

  it("goes nowhere but below its place", async () => {
    using world = openWorld({
      "tree/link": "-> /real",
      "tree/real/in": "in",
      "a.tar": await archive([
        symlink("up", "../../.."),
        file("up/etc/passwd", "p"),
        symlink("abs", "/real"),
        file("abs/f", "f"),
      ]),
    });
    const root = await (await world.build(add)).root();
    assert.ok(root.includes('etc/passwd 0644 0:0 "p"'), "as a program with this root would");
    assert.ok(root.includes('real/f 0644 0:0 "f"'));
  });

  it("cannot climb by its names", async () => {
    using world = openWorld({ "tree/y": "", "a.tar": await archive([file("../../evil", "e")]) });
    await assert.rejects(world.build(add), { code: "ARCHIVE_UNSAFE_PATH" });
  });

  it("cannot remove files by names of whiteouts", async () => {
    using world = openWorld({ "tree/y": "", "a.tar": await archive([file(".wh.y", "")]) });
    await assert.rejects(world.build(add), { code: "STEP_FAILED", message: /means a removed file/ });
  });

  it("that is cut short is refused, and nothing is kept of it", async () => {
    const whole = await archive([folder("d"), file("d/f", "f".repeat(5000))]);
    using world = openWorld({ "tree/y": "", "a.tar": whole.subarray(0, 3000) });
    await assert.rejects(world.build(add), { code: "ARCHIVE_BROKEN" });
    await assert.rejects(world.build(add), { code: "ARCHIVE_BROKEN" });
  });
});

describe("a file from the network", () => {
  it("is taken once its checksum is right, and then from the cache", async () => {
    await using server = await startServer("content");
    using world = openWorld({});
    const url = `http://127.0.0.1:${server.port}/dir/file%20name.txt?x=1`;
    const sum = "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
    const text = `FROM scratch\nADD --checksum=${sum} ${url} /d/\n`;
    const built = await world.build(text);
    assert.deepEqual(await built.root(), ["d/ 0755 0:0", 'd/file name.txt 0600 0:0 "content"']);
    await world.build(`${text}LABEL a=1\n`, { offline: true });
    assert.equal(server.seen.length, 1);
    await assert.rejects(world.build(text.replace("ed7", "ed8")), { code: "DIGEST_MISMATCH" });
    await assert.rejects(world.build(`FROM scratch\nADD ${url} /d/\n`, { offline: true }), { code: "NETWORK_OFFLINE" });
  });

  it("that is not there is told", async () => {
    await using server = await startServer(undefined);
    using world = openWorld({});
    const building = world.build(`FROM scratch\nADD http://user:secret@127.0.0.1:${server.port}/x /\n`);
    await assert.rejects(building, (error: Error & { code?: string }) => {
      assert.equal(error.code, "DOWNLOAD_FAILED");
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
});

async function startServer(
  content: string | undefined,
): Promise<{ readonly port: number; readonly seen: readonly unknown[] } & AsyncDisposable> {
  const loopback = await startLoopback((_, response) => {
    response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  return { port: loopback.port, seen: loopback.seen, [Symbol.asyncDispose]: async () => void (await loopback.close()) };
}

describe("RUN", await needsSandbox("sh", "cat", "ls", "rm", "touch"), () => {
  const base = "FROM scratch\nADD root.tar /\n";

  it("sees secrets that no layer, config or cache key has", async () => {
    using world = openWorld(await filesOf({ runs: true }));
    const value = "s3cr3t-of-the-test";
    const built = await world.build(
      `${base}RUN --mount=type=secret,id=a,target=/etc/token --mount=type=secret,id=b,env=TOKEN [ "$TOKEN" = "x$(cat /etc/token)" ] && echo ok > /ok\n`,
      {
        secrets: [
          { id: "a", kind: "value", value },
          { id: "b", kind: "value", value: `x${value}` },
        ],
      },
    );
    const root = await built.root();
    assert.ok(root.includes('ok 0644 0:0 "ok\\n"'));
    assert.ok(!root.some((line) => line.startsWith("etc/token")));
    assert.deepEqual(filesWith(world.folder, value), []);
  });

  it("leaves nothing of what is mounted, and its changes there are gone", async () => {
    using world = openWorld({ ...(await filesOf({ runs: true })), "ctx/a": "a" });
    const built = await world.build(
      `${base}RUN --mount=type=bind,source=ctx,target=/ctx,rw --mount=type=tmpfs,target=/t --mount=type=cache,target=/c touch /ctx/b /t/b /c/b && rm /ctx/a && ls /ctx /c > /seen\nRUN --mount=type=cache,target=/c ls /c /ctx > /again 2>&1 || true\n`,
    );
    const root = await built.root();
    assert.ok(root.some((line) => line.startsWith("seen ") && line.includes("b\\n")));
    assert.ok(root.some((line) => line.startsWith("again ") && line.includes("/c:\\nb")));
    assert.deepEqual(
      root.filter((line) => /^(?:ctx|t|c)\//.test(line)),
      [],
    );
  });

  it("that fails tells its place and its last words", async () => {
    using world = openWorld(await filesOf({ runs: true }));
    await assert.rejects(world.build(`${base}LABEL a=1\nRUN echo last words && \\\n  exit 3\n`), {
      code: "STEP_FAILED",
      message: /exit code 3\n {2}last words/,
      where: { file: "Dockerfile", line: 4, column: 1 },
    });
  });

  it("that does not end is ended", async () => {
    using world = openWorld(await filesOf({ runs: true }));
    const building = world.build(`${base}RUN while true; do touch /x; done\n`, { runTimeoutSeconds: 1 });
    await assert.rejects(building, { code: "STEP_FAILED", message: /had not ended after 1 seconds/ });
  });

  it("without what it requires is refused before it runs", async () => {
    using world = openWorld(await filesOf({ runs: true }));
    const secret = world.build(`${base}RUN --mount=type=secret,id=x,required=true true\n`);
    await assert.rejects(secret, { code: "STEP_FAILED", message: /requires the secret "x"/ });
    const agent = world.build(`${base}RUN --mount=type=ssh,required true\n`);
    await assert.rejects(agent, { code: "STEP_FAILED", message: /requires the SSH agent "default"/ });
  });
});

/** Files below a folder that hold a text. */
function filesWith(top: string, text: string): readonly string[] {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}
