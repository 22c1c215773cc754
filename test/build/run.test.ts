// `dodai run` as a process: real images, a real sandbox, and what is left afterwards.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { planRun } from "../../src/build/run-plan.ts";
import { memoryFor } from "../../src/build/sandbox-place.ts";
import { collect } from "../../src/core/bytes.ts";
import { platformOfHost } from "../../src/core/platform.ts";
import type { RecipeConfig } from "../../src/core/recipe.ts";
import type { ReadConfig } from "../../src/image/read-documents.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { detectModes } from "../../src/sandbox/sandbox.ts";
import { type Ended, runDodai, startDodai } from "../kit/build.ts";
import { file as drawnFile, folder, makeBundle, makeLayer, tarOfDrawn } from "../kit/image.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { file, hostRoot, tarOf } from "../sandbox/host-root.ts";
import { needsSandbox } from "../sandbox/open.ts";
import { hostProcessesWith } from "../sandbox/processes.ts";

const host = platformOfHost(process.arch);
const hostText = `${host.os}/${host.architecture}${host.variant === undefined ? "" : `/${host.variant}`}`;

const otherIds = await needsOtherIds();

const settings: RecipeConfig = {
  entrypoint: ["/bin/sh", "-c"],
  cmd: ['echo "default: $*"; echo "$PWD $HOME $COLOR"'],
  env: { PATH: "/bin", COLOR: "blue" },
  user: "app",
  workdir: "/work/here",
};

describe("dodai run", { concurrency: 3, ...(await needsSandbox()) }, () => {
  let place = "";
  before(async () => {
    place = await mkdtemp(join(tmpdir(), "dodai-test-"));
    const below = await collect(tarOf([...hostRoot(), file("etc/gone", "x"), file("etc/motd", "old\n")]), {
      maxBytes: 1 << 28,
      what: "root",
    });
    const above = tarOfDrawn([drawnFile("etc/.wh.gone", ""), drawnFile("etc/motd", "new\n"), folder("home")]);
    const layers = [makeLayer("programs", below), makeLayer("changes", above, "zstd")];
    const bundle = makeBundle({ platforms: [hostText], names: ["app:1"], layers, settings });
    await outputs.oci({ bundle, destination: join(place, "app-1.tar"), baseName: "app" });
    await writeFile(join(place, "input.txt"), "from the host\n");
    await writeFile(join(place, "root.tar"), below);
  });
  after(async () => {
    assert.deepEqual(await readdir(join(place, "cache/tmp")), [], "what runs leave in the cache");
    await rm(place, { recursive: true });
  });

  const environment = (): Record<string, string> => ({ DODAI_CACHE_DIR: join(place, "cache"), FROM_HOST: "here" });
  const dodaiRun = (...words: readonly string[]): Promise<Ended> =>
    runDodai(["run", ...words], { cwd: place, env: environment() });

  // Each is a whole run: what needs no sandbox is in the tables below.
  const rows: readonly { name: string; words: readonly string[]; stdout: string }[] = [
    { name: "runs what the image says, as it says", words: ["app:1"], stdout: "default: \n/work/here / blue\n" },
    {
      name: "merges the image's layers",
      words: ["--entrypoint", "/bin/sh", "app-1.tar", "--", "-c", "cat /etc/motd; ls -d /home; test ! -e /etc/gone"],
      stdout: "new\n/home\n",
    },
    {
      name: "has the variables that it is given, and none of the host's",
      words: [
        "-e",
        "COLOR",
        "-e",
        "FROM_HOST",
        "-e",
        "A=b  c",
        "app:1",
        "--",
        'echo "$COLOR.$FROM_HOST.$A.$DODAI_CACHE_DIR."',
      ],
      stdout: ".here.b  c..\n",
    },
    {
      name: "starts in a folder, made when it is not there, as root with root's home",
      words: ["-w", "/a/b", "--user", "0", "app:1", "--", "readlink /proc/self/cwd; id -u; echo $HOME"],
      stdout: "/a/b\n0\n/\n",
    },
    {
      name: "shows a file of the host, and has no network",
      words: ["-v", "input.txt:/in:ro", "app:1", "--", "cat /in; (echo x >/in) 2>/dev/null || grep -c : /proc/net/dev"],
      stdout: "from the host\n1\n",
    },
    { name: "runs a bare root", words: ["root.tar", "--", "/bin/cat", "/etc/motd"], stdout: "old\n" },
  ];
  for (const { name, words, stdout } of rows) {
    it(name, async () => {
      assert.deepEqual(await dodaiRun(...words), { status: 0, signal: null, stdout, stderr: "" });
    });
  }

  it("is the image's user, and the one that is asked for", otherIds, async () => {
    const usual = await dodaiRun("app:1", "--", "id");
    assert.equal(usual.stdout, "uid=1000(app) gid=1000(app) groups=1000(app),42(shadow)\n");
    assert.equal((await dodaiRun("--user", "daemon:app", "app:1", "--", "id -u; id -g")).stdout, "1\n1000\n");
  });

  it("writes into a folder of the host that it is shown", async () => {
    await mkdir(join(place, "out"));
    assert.equal((await dodaiRun("--user", "0", "-v", "./out:/out", "app:1", "--", "echo made >/out/file")).status, 0);
    assert.equal(await readFile(join(place, "out/file"), "utf8"), "made\n");
  });

  const codes = [
    { name: "128 + N for signal N", command: ["sh", "-c", "kill -KILL $$"], code: 137 },
    { name: "127 for what is not there", command: ["nothing-of-this-name"], code: 127 },
    { name: "126 for what cannot be run", command: ["/etc/motd"], code: 126 },
  ];
  for (const { name, command, code } of codes) {
    it(`ends with ${name}`, async () => {
      assert.equal((await dodaiRun("--entrypoint", "", "app:1", "--", ...command)).status, code);
    });
  }

  it("keeps standard output and error apart, and the exit code", async () => {
    const ended = await dodaiRun("app:1", "--", "echo out; echo error >&2; exit 7");
    assert.deepEqual(ended, { status: 7, signal: null, stdout: "out\n", stderr: "error\n" });
  });

  it("reads standard input with -i, and none without", async () => {
    const piped = (flags: string): Promise<Ended> =>
      runDodai([...flags.split(" "), "app:1", "--", "cat; echo end"], {
        cwd: place,
        env: environment(),
        before: "echo piped |",
      });
    assert.equal((await piped("run -i")).stdout, "piped\nend\n");
    assert.equal((await piped("run --network")).stdout, "end\n");
  });

  it("gives a terminal that the command can name", async () => {
    const inTerminal =
      "exec python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'";
    const ended = await runDodai(["run", "-it", "app:1", "--", "tty"], {
      cwd: place,
      env: environment(),
      before: inTerminal,
    });
    assert.deepEqual([ended.stdout.trim(), ended.status], ["/dev/console", 0]);
  });

  for (const [signal, status] of [
    ["SIGINT", 42],
    ["SIGTERM", 43],
  ] as const) {
    it(`lets the command take ${signal}, and leaves nothing`, async () => {
      const marker = `${(signal === "SIGINT" ? 83_000 : 84_000) + process.pid / 10_000_000}`;
      const script = `trap 'exit 42' INT; trap 'exit 43' TERM; echo ready >/out/${signal}; sleep ${marker} & wait`;
      await mkdir(join(place, "signals"), { recursive: true });
      const words = ["run", "--user", "0", "-v", "./signals:/out", "app:1", "--", script];
      const started = startDodai(words, { cwd: place, env: environment() });
      while (!existsSync(join(place, "signals", signal))) await new Promise((done) => setTimeout(done, 20));
      started.kill(signal);
      assert.equal((await started.ended).status, status);
      assert.deepEqual(hostProcessesWith(marker), []);
    });
  }

  it("removes, without a command yet, what it laid out when it is interrupted", async () => {
    const cache = join(place, "interrupted");
    const env = { ...environment(), DODAI_CACHE_DIR: cache };
    const started = startDodai(["run", "app:1", "--", "echo ran"], { cwd: place, env });
    while (!existsSync(join(cache, "tmp")) || (await readdir(join(cache, "tmp"))).length === 0) {
      await new Promise((done) => setTimeout(done, 5));
    }
    started.kill("SIGINT");
    const { status, stdout } = await started.ended;
    assert.deepEqual([status, stdout], [130, ""]);
    assert.deepEqual(await readdir(join(cache, "tmp")), []);
  });

  it("tells of an image that changed, and runs nothing", async () => {
    const bytes = await readFile(join(place, "app-1.tar"));
    const at = bytes.length - 4096;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(join(place, "changed.tar"), bytes);
    const { status, stdout } = await dodaiRun("changed.tar", "--", "echo ran");
    assert.ok(status === 1 || status === 4);
    assert.equal(stdout, "");
  });

  const busybox = fixture("oci/busybox-layouts/docker-library+busybox/latest-1/glibc/amd64");
  const official = host.architecture === "amd64" ? needs(busybox) : { skip: "the fixture is for amd64" };
  it("runs the official busybox", official, async () => {
    const layout = join(place, "busybox");
    await cp(busybox, layout, { recursive: true });
    run("chmod", ["-R", "u+w", layout]);
    for (const name of await readdir(layout, { recursive: true })) {
      if (!name.endsWith(".SYMLINK")) continue;
      await symlink((await readFile(join(layout, name), "utf8")).trim(), join(layout, name.replace(".SYMLINK", "")));
    }
    const script = "busybox | head -n 1; ls -l /bin/sh | cut -c 1-10; echo $HOME";
    const { stdout, status } = await dodaiRun("busybox", "--", "sh", "-c", script);
    assert.match(stdout, /^BusyBox v1\.37.*\n-rwxr-xr-x\n\/root\n$/);
    assert.equal(status, 0);
  });
});

/** With one id alone nobody else can be become. */
async function needsOtherIds(): Promise<{ readonly skip?: string }> {
  const modes = await detectModes();
  const usable = modes.filter(({ missing }) => missing === undefined).map(({ mode }) => mode);
  return usable.some((mode) => mode !== "single") ? {} : { skip: "needs root or subordinate ids" };
}

describe("what a command starts with", () => {
  const config: ReadConfig = {
    platform: "linux/amd64",
    diffIds: [],
    entrypoint: ["/entry", "-x"],
    cmd: ["a", "b"],
    env: { PATH: "/only", TERM: "image" },
    user: "web:www",
    workdir: "srv/../app/",
  };
  const words = [
    { name: "entrypoint and command of the image", wishes: { command: [] }, expected: ["/entry", "-x", "a", "b"] },
    {
      name: "entrypoint of the image, command of the caller",
      wishes: { command: ["c"] },
      expected: ["/entry", "-x", "c"],
    },
    { name: "entrypoint of the caller alone", wishes: { command: [], entrypoint: "/e" }, expected: ["/e"] },
    { name: "both of the caller", wishes: { command: ["c"], entrypoint: "/e" }, expected: ["/e", "c"] },
    { name: "command of the caller alone", wishes: { command: ["c"], entrypoint: "" }, expected: ["c"] },
  ];
  for (const { name, wishes, expected } of words) {
    it(`is the ${name}`, () => assert.deepEqual(planRun(config, wishes).words, expected));
  }
  const nothing = [
    { name: "a bare root without a command", config: undefined, wishes: { command: [] } },
    { name: "an entrypoint that is taken away", config, wishes: { command: [], entrypoint: "" } },
    { name: "an empty word", config: undefined, wishes: { command: [""] } },
  ];
  for (const one of nothing) {
    it(`is not ${one.name}`, () => assert.throws(() => planRun(one.config, one.wishes), { code: "USAGE" }));
  }
  const passwd = "root:x:0:0::/root:/bin/sh\nweb:x:33:33::/var/www:/bin/sh\nodd:x:7\n";
  const homes = [
    { user: "", home: "/root" },
    { user: "web", home: "/var/www" },
    { user: "33:0", home: "/var/www" },
    { user: "99", home: "/" },
    { user: "odd", home: "/" },
  ];
  for (const { user, home } of homes) {
    it(`is the home "${home}" for the user "${user}"`, () => {
      assert.equal(planRun(config, { command: [], user }).environment({ passwd }).HOME, home);
    });
  }
  it("is the image's environment over the usual one, and the caller's over that", () => {
    const { environment, workdir, user } = planRun(config, { command: [], terminal: true, environment: { A: "1" } });
    assert.deepEqual(environment({ passwd }), { PATH: "/only", HOME: "/var/www", TERM: "image", A: "1" });
    assert.deepEqual([workdir, user], ["/app", "web:www"]);
  });
});

describe("memory for a root", () => {
  const rows = [
    { wanted: 4e9, available: 8e9, expected: 4e9 },
    { wanted: 1e9, available: 8e9, expected: 4e9 },
    { wanted: 1e9, available: 1e9, expected: undefined },
  ];
  for (const { wanted, available, expected } of rows) {
    it(`is ${expected ?? "the disk"} where ${wanted} bytes are wanted with ${available} free`, () => {
      assert.equal(memoryFor(wanted, available), expected);
    });
  }
});
