// Contexts that are not the Dockerfile's folder: tars, and those that the caller names.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { collect } from "../../../src/core/bytes.ts";
import { runCli } from "../../cli/world.ts";
import { file, folder, hardlink, type RootFile, symlink, tarOf } from "../../sandbox/host-root.ts";
import { openWorld } from "./world.ts";

const tar = async (files: readonly RootFile[]): Promise<Uint8Array> =>
  gzipSync(await collect(tarOf(files), { maxBytes: 1 << 20, what: "a context" }));

describe("a context that is a tar", () => {
  it("is read without being unpacked", async () => {
    using world = openWorld({});
    const contextArchive = join(world.folder, "context.tgz");
    const files = [
      file("./a", "1"),
      file("sub/run", "2", { mode: 0o755, uid: 7 }),
      hardlink("twin", "sub/run"),
      symlink("out", "/etc/passwd"),
      file("ignored", "3"),
      folder("empty", { mode: 0o700 }),
      file("a", "last"),
    ];
    writeFileSync(contextArchive, await tar(files));
    const built = await world.build("FROM scratch\nCOPY . /c/\n", { contextArchive, ignoreText: "ignored\n" });
    assert.deepEqual(await built.root(), [
      "c/ 0755 0:0",
      'c/a 0644 0:0 "last"',
      "c/empty/ 0700 0:0",
      "c/out -> /etc/passwd",
      "c/sub/ 0755 0:0",
      'c/sub/run 0755 0:0 "2"',
      'c/twin 0755 0:0 "2"',
    ]);
    const leaving = world.build("FROM scratch\nCOPY out /p\n", { contextArchive });
    await assert.rejects(leaving, { code: "STEP_FAILED" });
  });

  it("is refused when its names climb, or when it is none", async () => {
    using world = openWorld({});
    const contextArchive = join(world.folder, "context.tgz");
    writeFileSync(contextArchive, await tar([file("../a", "1")]));
    const climbing = world.build("FROM scratch\nCOPY . /\n", { contextArchive });
    await assert.rejects(climbing, { code: "ARCHIVE_UNSAFE_PATH" });
    writeFileSync(contextArchive, "text");
    await assert.rejects(world.build("FROM scratch\n", { contextArchive }), { code: "FILE_UNREADABLE" });
  });
});

describe("a context with a name", () => {
  const text =
    "FROM scratch AS other\nCOPY missing /\nFROM base\nCOPY --from=Src d/f /f\nFROM other\nCOPY --from=1 / /all/\n";

  it("stands for stages and images of that name", async () => {
    using world = openWorld({});
    const at = (name: string): string => join(world.folder, name);
    for (const name of ["src/d", "base", "other"]) mkdirSync(at(name), { recursive: true });
    for (const name of ["src/d/f", "src/no", "base/b", "other/o"]) writeFileSync(at(name), name);
    writeFileSync(at("src/.dockerignore"), "no\n");
    const namedContexts = Object.fromEntries(
      ["src", "base", "other"].map((name) => [name, { kind: "folder", path: at(name) } as const]),
    );
    const built = await world.build(text, { namedContexts });
    assert.deepEqual(await built.root(), [
      "all/ 0755 0:0",
      'all/b 0644 0:0 "base/b"',
      'all/f 0644 0:0 "src/d/f"',
      'o 0644 0:0 "other/o"',
    ]);
  });

  it("may be an image", async () => {
    using world = openWorld({ a: "a" });
    const layout = join(world.folder, "base.oci");
    await world.buildOnly("FROM scratch\nCOPY a /below\n", { outputs: [{ kind: "oci-layout", destination: layout }] });
    const namedContexts = { alpine: { kind: "image", name: `oci-layout://${layout}` } } as const;
    const built = await world.build("FROM alpine:latest\nCOPY a /\n", { namedContexts });
    assert.deepEqual(await built.root(), ['a 0644 0:0 "a"', 'below 0644 0:0 "a"']);
  });
});

describe("dodai build", () => {
  const input = (bytes: Uint8Array) => ({
    read: async function* () {
      yield bytes;
    },
  });

  it("takes a Dockerfile or a context from standard input", async () => {
    const seen: unknown[] = [];
    const library = {
      buildDockerfile: async (options: {
        readonly dockerfile: unknown;
        readonly contextArchive?: string | undefined;
      }) => {
        seen.push([options.dockerfile, options.contextArchive !== undefined]);
        throw new Error("seen");
      },
    };
    using world = openWorld({});
    const { context: cwd } = world;
    const text = "FROM scratch\n";
    await runCli(["build", "-"], { cwd, library, stdin: input(Buffer.from(text)) });
    await runCli(["build", "-f", "-", "."], { cwd, library, stdin: input(Buffer.from(text)) });
    const context = await tar([file("x/Dockerfile", "FROM a\n")]);
    await runCli(["build", "-f", "x/Dockerfile", "-"], { cwd, library, stdin: input(context) });
    assert.deepEqual(seen, [
      [{ file: "<stdin>", text }, false],
      [{ file: "<stdin>", text }, false],
      [{ file: "x/Dockerfile", text: "FROM a\n" }, true],
    ]);
  });

  const refused = [
    { name: "a remote context", words: ["build", "https://example.com/a.git"], message: /fetches no contexts/ },
    { name: "both from standard input", words: ["build", "-f", "-", "-"], message: /the same standard input/ },
    { name: "a flag of docker's, with what to do", words: ["build", ".", "--load"], message: /docker load -i/ },
    { name: "another, by its letter", words: ["build", ".", "-q"], message: /--progress quiet/ },
    { name: "a cache of another kind", words: ["build", ".", "--cache-to", "type=gha"], message: /type "gha"/ },
    { name: "a named git repository", words: ["build", ".", "--build-context", "a=git@x:y"], message: /fetches no/ },
    { name: "a named context without a name", words: ["build", ".", "--build-context", "./a"], message: /NAME=PLACE/ },
  ];
  for (const { name, words, message } of refused) {
    it(`refuses ${name}`, async () => {
      using world = openWorld({ Dockerfile: "FROM scratch\n" });
      const { exitCode, stderr } = await runCli(words, { cwd: world.context });
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, message);
    });
  }

  it("--check tells of mistakes and builds nothing", async () => {
    using world = openWorld({ Dockerfile: "from scratch\nENV a b\n" });
    const { exitCode, stderr } = await runCli(["build", ".", "--check"], { cwd: world.context });
    assert.equal(exitCode, 1);
    assert.match(stderr, /Dockerfile:2:1: LegacyKeyValueFormat/);
    assert.match(stderr, /2 warnings/);
  });
});
