import assert from "node:assert/strict";
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createGunzip } from "node:zlib";
import { formatPlatform, type Platform } from "../../src/core/platform.ts";
import { planEmulation } from "../../src/sandbox/emulation.ts";
import { detectModes, openSandbox } from "../../src/sandbox/sandbox.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const isArm = process.arch === "arm64";
const foreign = isArm
  ? { architecture: "amd64", machine: "x86_64", qemu: "qemu-x86_64-static" }
  : { architecture: "arm64", machine: "aarch64", qemu: "qemu-aarch64-static" };
const platform: Platform = { os: "linux", architecture: foreign.architecture };
const alpine = `alpine/minirootfs/alpinelinux+docker-alpine/${foreign.machine}/alpine-minirootfs-3.20.3-${foreign.machine}.tar.gz`;
const table = "/proc/sys/fs/binfmt_misc";
const hostTable = (): readonly string[] => (existsSync(table) ? readdirSync(table) : []);

describe("programs for another processor", needs(foreign.qemu, fixture(alpine)), async () => {
  for (const { mode, missing } of await detectModes()) {
    it(
      `run in mode ${mode}, and the host is told nothing`,
      missing === undefined ? {} : { skip: missing },
      async (t) => {
        const before = hostTable();
        const directory = join(await temporaryFolder(t), "sandbox");
        const sandbox = await openSandbox({ directory, modes: [mode], platform });
        try {
          await sandbox.layOut(createReadStream(fixture(alpine)).pipe(createGunzip()));
          const script = "uname -m; chown 5:6 /etc/motd; (sh -c 'echo $0' child)";
          const words = ["/bin/sh", "-c", script] as const;
          const { exitCode, lastOutput } = await sandbox.run({
            words,
            environment: { PATH: "/bin" },
            timeoutMs: 60_000,
          });
          assert.equal(lastOutput, `${foreign.machine}\nchild\n`);
          assert.equal(exitCode, 0);
          const changes: string[] = [];
          for await (const change of sandbox.changes()) {
            if (change.kind === "removed") continue;
            for await (const _chunk of change.body);
            changes.push(`${change.entry.path} ${change.entry.uid}:${change.entry.gid}`);
          }
          assert.deepEqual(changes, ["etc/motd 5:6"]);
          assert.deepEqual(hostTable(), before);
        } finally {
          await sandbox.close();
        }
      },
    );
  }

  it("are known by their ELF header", needs(foreign.qemu), (t) => {
    const line = planEmulation({ os: "linux", architecture: "arm64" });
    if (isArm || line === undefined) return t.skip("this machine runs them by itself");
    // As qemu-binfmt-conf.sh has it.
    const magic = `\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01${"\\x00".repeat(9)}\\x02\\x00\\xb7\\x00`;
    const mask = `${"\\xff".repeat(7)}\\x00${"\\xff".repeat(8)}\\xfe\\xff\\xff\\xff`;
    assert.match(line, /^:dodai-aarch64:M::.*:\/.*qemu-aarch64-static:POCF$/);
    assert.ok(line.includes(`:${magic}:${mask}:`), line);
  });
});

describe("an emulator", () => {
  for (const architecture of isArm ? ["arm64"] : ["amd64", "386"]) {
    it(`is not needed for ${architecture} here`, () => {
      assert.equal(planEmulation({ os: "linux", architecture }), undefined);
    });
  }

  it("that nobody has is asked for before anything is made", async (t) => {
    const directory = join(await temporaryFolder(t), "sandbox");
    const unknown: Platform = { os: "linux", architecture: "vax" };
    await assert.rejects(
      openSandbox({ directory, platform: unknown }),
      (error: Error & { code: string; fix: string }) => {
        assert.equal(error.code, "SANDBOX_UNAVAILABLE");
        assert.ok(error.message.startsWith(`Cannot run programs for ${formatPlatform(unknown)}: `), error.message);
        assert.match(error.fix, /qemu-user-static.*--scripts emulate/);
        return true;
      },
    );
    assert.equal(existsSync(directory), false);
  });
});
