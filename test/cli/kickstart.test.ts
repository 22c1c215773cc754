import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import type { BuildOptions, CommonOptions } from "../../src/build/contract.ts";
import { resultOf, runCli, temporaryFolder } from "./world.ts";

const kickstart = `url --url=https://dl.rockylinux.org/pub/rocky/9/BaseOS/$basearch/os/
text
%packages --nocore
bash
%end
`;

describe("a kickstart is built", () => {
  const rows: readonly { readonly name: string; readonly file: string; readonly words: readonly string[] }[] = [
    { name: "by its name", file: "base.ks", words: ["build", "base.ks"] },
    { name: "by what is in it", file: "base.cfg", words: ["build", "base.cfg"] },
    { name: "without an ending", file: "anaconda-ks", words: ["build", "./anaconda-ks"] },
    { name: "with -f", file: "base.cfg", words: ["build", "-f", "base.cfg"] },
    { name: "as another distribution", file: "base.ks", words: ["build", "base.ks", "--distro", "almalinux:10"] },
  ];
  for (const { name, file, words } of rows) {
    it(name, async (t) => {
      const cwd = temporaryFolder(t);
      writeFileSync(join(cwd, file), kickstart);
      const seen: BuildOptions[] = [];
      const build = async (one: BuildOptions) => {
        seen.push(one);
        return resultOf(one);
      };
      const { exitCode, stderr } = await runCli(words, { cwd, library: { build } });
      assert.equal(exitCode, 0, stderr);
      const [{ recipe, lockFile, outputs }] = seen as [BuildOptions & { lockFile: string }];
      const plain = file.replace(/\.\w+$/, "");
      assert.equal(recipe.distribution.name, words.includes("--distro") ? "almalinux" : "rockylinux");
      assert.deepEqual(
        recipe.packages.map(({ request }) => request),
        ["bash"],
      );
      assert.equal(lockFile, join(cwd, `${plain}.lock.json`));
      assert.equal(outputs[0]?.destination, join(cwd, `${plain}.tar`));
    });
  }
});

test("what is unknown in a kickstart is an error with its place, or a warning of its recipe", async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "a.ks"), `${kickstart}bootlader --location=none\n`);
  const { exitCode, stderr } = await runCli(["resolve", "a.ks"], { cwd });
  assert.equal(exitCode, 2);
  assert.match(
    stderr,
    /error\[KICKSTART_SYNTAX\]: Cannot read "bootlader"[\s\S]*at a.ks:6:1[\s\S]*Did you mean "bootloader"\?/,
  );
  const seen: CommonOptions[] = [];
  const resolve = async (one: CommonOptions) => {
    seen.push(one);
    return { platforms: [] };
  };
  assert.equal((await runCli(["resolve", "a.ks", "--allow-unknown"], { cwd, library: { resolve } })).exitCode, 0);
  assert.match(seen[0]?.recipe.warnings?.join("\n") ?? "", /a.ks:6:1: "bootlader" is passed over/);
});

describe("dodai import", () => {
  it("writes the recipe to standard output, and what is to be known beside it", async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, "a.ks"), kickstart);
    const { exitCode, stdout, stderr } = await runCli(["import", "a.ks"], { cwd });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^# Made from a.ks by "dodai import"[\s\S]*\nname: a\ndistro: rockylinux:9\n/);
    assert.equal((await runCli(["import", "a.ks", "-o", "-"], { cwd })).stdout, stdout);
    assert.equal(stderr, "dodai: warning: a.ks: of no effect in a container image: text\n");
  });
  it("writes a file, and never over one that is there", async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, "a.ks"), kickstart);
    const words = ["import", "a.ks", "-o", "new/a.yaml"];
    assert.equal((await runCli(words, { cwd })).stdout, "new/a.yaml\n");
    assert.match(readFileSync(join(cwd, "new/a.yaml"), "utf8"), /^packages:\n {2}- bash\n/m);
    const again = await runCli(words, { cwd });
    assert.equal(again.exitCode, 2);
    assert.match(again.stderr, /it is there already/);
  });
  const refused: readonly { readonly name: string; readonly words: readonly string[]; readonly state: RegExp }[] = [
    { name: "what is no kickstart", words: ["import", "a.txt"], state: /it is no kickstart/ },
    { name: "what is not there", words: ["import", "none.ks"], state: /there is no such file/ },
    { name: "another ending", words: ["import", "a.ks", "-o", "a.txt"], state: /does not end in .yaml/ },
    {
      name: "flags of kickstarts with other recipes",
      words: ["build", "distroless/base", "--distro", "centos:7"],
      state: /it is for kickstarts/,
    },
    { name: "a context beside -f", words: ["build", "-f", "a.ks", "."], state: /a kickstart has no context/ },
    {
      name: "a distribution that is none",
      words: ["import", "a.ks", "--distro", "centos"],
      state: /it is not NAME:RELEASE/,
    },
  ];
  for (const { name, words, state } of refused) {
    it(`refuses ${name}`, async (t) => {
      const cwd = temporaryFolder(t);
      writeFileSync(join(cwd, "a.ks"), kickstart);
      writeFileSync(join(cwd, "a.txt"), "hello\n");
      const { exitCode, stderr } = await runCli(words, { cwd });
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, state);
    });
  }
});
