import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { digest, runCli, temporaryFolder } from "./world.ts";

const failing = (error: unknown) => ({
  library: {
    build: async (): Promise<never> => {
      throw error;
    },
  },
});

/** Words and what they give; `golden` has the exact text of each. */
const mistakes: readonly { readonly name: string; readonly words: readonly string[] }[] = [
  { name: "unknown command", words: ["bild"] },
  { name: "command nothing is near to", words: ["frobnicate"] },
  { name: "unknown command below cache", words: ["cache", "siez"] },
  { name: "unknown flag", words: ["build", "distroless/base", "--ofline"] },
  { name: "unknown short flag", words: ["build", "distroless/base", "-z"] },
  { name: "missing recipe", words: ["build"] },
  { name: "missing package", words: ["why", "distroless/base"] },
  { name: "one argument too many", words: ["build", "distroless/base", "another"] },
  { name: "missing value", words: ["build", "distroless/base", "-o"] },
  { name: "wrong value", words: ["build", "distroless/base", "--scripts", "emulte"] },
  { name: "value given twice", words: ["build", "distroless/base", "--scripts", "run", "--scripts", "skip"] },
  { name: "unknown platform", words: ["build", "distroless/base", "--platform", "linux/vax"] },
  { name: "unknown output", words: ["build", "distroless/base", "-o", "type=oic"] },
  { name: "output to a registry with dest", words: ["build", "distroless/base", "-o", "type=registry,dest=a/b"] },
  { name: "output to a registry without a name", words: ["build", "distroless/base", "-o", "type=registry"] },
  { name: "output to a file with ref", words: ["build", "distroless/base", "-o", "type=oci,ref=a/b"] },
  { name: "push without a name", words: ["build", "distroless/base", "--push"] },
  {
    name: "push under a name with a digest",
    words: ["build", "distroless/base", "-o", `type=registry,ref=a/b@${digest}`],
  },
  { name: "push under one name twice", words: ["build", "distroless/base", "-t", "a/b", "-t", "a/b:latest", "--push"] },
  { name: "cache that is no registry", words: ["build", "distroless/base", "--cache-from", "type=local,src=x"] },
  { name: "pull of what is no name", words: ["pull", "https://registry.example/app"] },
  { name: "pull to a kind that is for builds", words: ["pull", "debian", "-o", "type=context"] },
  { name: "push to nowhere", words: ["push", "app.tar"] },
  { name: "push of a file that is not there", words: ["push", "app.tar", "registry.example/app"] },
  { name: "copy of a file that is not there", words: ["copy", "./app", "registry.example/app"] },
  { name: "copy of what refers to a file", words: ["copy", "debian", "x.tar", "--referrers"] },
  { name: "inspect with two documents", words: ["inspect", "debian", "--raw", "--config"] },
  { name: "output that is only a path", words: ["build", "distroless/base", "-o", "base.tar"] },
  { name: "output without a type", words: ["build", "distroless/base", "-o", "dest=base.tar"] },
  { name: "output to standard output", words: ["build", "distroless/base", "-o", "type=tar,dest=-"] },
  {
    name: "two outputs in one place",
    words: ["build", "distroless/base", "-o", "type=oci", "-o", "type=tar,dest=distroless-base.tar"],
  },
  { name: "unknown recipe", words: ["build", "distroles/base"] },
  { name: "recipe nothing is near to", words: ["build", "frobnicate"] },
  { name: "file that is not there", words: ["build", "nowhere.yaml"] },
  { name: "kickstart file", words: ["build", "centos.ks"] },
  { name: "Dockerfile", words: ["build", "./Dockerfile"] },
  { name: "prune without a limit", words: ["cache", "prune"] },
  { name: "size without a unit that is known", words: ["cache", "prune", "--max-size", "5 parsecs"] },
  { name: "age without a unit", words: ["cache", "prune", "--older-than", "30"] },
  { name: "unknown shell", words: ["completion", "tcsh"] },
];

test("mistakes on the command line", async (t) => {
  const told: string[] = [];
  for (const { name, words } of mistakes) {
    const ran = await runCli(words);
    assert.equal(ran.exitCode, 2, name);
    assert.equal(ran.stdout, "", name);
    told.push(`${name}: dodai ${words.join(" ")}\n${ran.stderr}`);
  }
  t.assert.fileSnapshot(told.join("\n"), "test/golden/cli/refused/command-line.txt", { serializers: [String] });
});

test("SOURCE_DATE_EPOCH must be seconds", async () => {
  for (const text of ["x", "-1", "1.5", "99999999999999", "1e9"]) {
    const ran = await runCli(["build", "distroless/base"], { env: { SOURCE_DATE_EPOCH: text } });
    assert.equal(ran.exitCode, 2, text);
    assert.match(ran.stderr, /Cannot use SOURCE_DATE_EPOCH/);
  }
});

test("faults of a recipe are drawn with their lines", async (t) => {
  const cwd = temporaryFolder(t);
  const long = `${"x".repeat(150)}: 1`;
  writeFileSync(
    join(cwd, "app.yaml"),
    `distro: debian:trixie\npackage: [curl]\nfiles:\n  - {path: etc/motd, content: a}\n\t\n`.replace("\t\n", "") +
      `config: {enviroment: {A: "https://u:secret@h"}, ${long}}\nlayers: {strategy: groupd}\n`,
  );
  const ran = await runCli(["build", "app.yaml"], { cwd });
  assert.equal(ran.exitCode, 2);
  assert.doesNotMatch(ran.stderr, /secret/);
  t.assert.fileSnapshot(ran.stderr, "test/golden/cli/refused/recipe.txt", { serializers: [String] });
});

test("faults of an apko recipe are drawn with their lines", async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "apko.yaml"), "contents:\n  pakages: [busybox]\n");
  const ran = await runCli(["build", "apko.yaml"], { cwd });
  assert.equal(ran.exitCode, 2);
  assert.match(ran.stderr, /2 \| {3}pakages: \[busybox\]\n.*\^{7}\n {2}fix: Did you mean "packages"\?/);
});

test("a name whose file is there without its ending is helped on", async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "app.yaml"), "distro: debian:trixie\n");
  assert.match((await runCli(["build", "app"], { cwd })).stderr, /Did you mean the file "app.yaml"\?/);
});

describe("the display of an error", () => {
  const chain = new DodaiError("DOWNLOAD_FAILED", 'Cannot fetch "https://u:pw@mirror.example/x": no mirror answered', {
    where: "https://u:pw@mirror.example/x",
    fix: "Try again.",
    cause: new Error("getaddrinfo failed", { cause: new DodaiError("NETWORK_OFFLINE", "Cannot fetch: offline") }),
  });

  it("tells reasons, and never credentials", async () => {
    const { stderr } = await runCli(["build", "distroless/base"], failing(chain));
    assert.equal(
      stderr,
      `dodai: error[DOWNLOAD_FAILED]: Cannot fetch "https://***@mirror.example/x": no mirror answered
  at https://***@mirror.example/x
  fix: Try again.
  because: getaddrinfo failed
    because: error[NETWORK_OFFLINE]: Cannot fetch: offline
  see: docs/errors/DOWNLOAD_FAILED.md
`,
    );
  });

  it("takes control characters out of what others wrote", async () => {
    const error = new DodaiError("PACKAGE_BROKEN", 'Cannot read "a\x1b]0;owned\x07\x1b[2J": broken');
    const { stderr } = await runCli(["build", "distroless/base"], failing(error));
    assert.doesNotMatch(stderr, /[^\P{Cc}\n]/u);
  });

  it("is colored on a terminal", async () => {
    const { stderr } = await runCli(["build", "distroless/base"], { ...failing(chain), stderr: { colors: true } });
    assert.ok(stderr.includes("\x1b[31m"));
  });

  it("says of anything unexpected that it is a bug", async () => {
    const { stderr, exitCode } = await runCli(
      ["build", "distroless/base"],
      failing(new TypeError("x is not a function")),
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /^dodai: bug: TypeError: x is not a function\n.*report it.*\n.*DODAI_DEBUG=1/);
    assert.doesNotMatch(stderr, /\.ts:\d/);
  });

  it("has the stack of a bug under DODAI_DEBUG=1", async () => {
    const options = { ...failing(new TypeError("x")), env: { DODAI_DEBUG: "1" } };
    assert.match((await runCli(["build", "distroless/base"], options)).stderr, /errors\.test\.ts:\d/);
  });
});

describe("--json", () => {
  it("gives errors on standard output too", async () => {
    const error = new DodaiError("DIGEST_MISMATCH", `Cannot use a: its digest is ${digest}`, {
      where: "a",
      fix: "Try.",
    });
    const { stdout } = await runCli(["build", "distroless/base", "--json"], failing(error));
    assert.deepEqual(JSON.parse(stdout), {
      schemaVersion: 1,
      error: { code: "DIGEST_MISMATCH", message: error.message, where: "a", fix: "Try." },
    });
  });

  it("gives every fault of a recipe with its place", async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, "a.yaml"), "distro: debian\npackage: []\n");
    const { stdout } = await runCli(["resolve", "a.yaml", "--json"], { cwd });
    const { error } = JSON.parse(stdout) as { error: { faults: { where: unknown }[] } };
    assert.deepEqual(
      error.faults.map(({ where }) => where),
      [
        { file: "a.yaml", line: 1, column: 9 },
        { file: "a.yaml", line: 2, column: 1 },
      ],
    );
  });

  it("gives mistakes on the command line as well", async () => {
    const { stdout } = await runCli(["build", "--json"]);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, "USAGE");
  });
});
