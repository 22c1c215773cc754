// Run as root, the tests of this folder run once more as ordinary users: one that has ids in /etc/subuid, and one that has none.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { userInfo } from "node:os";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { accountOf, findUser, type User } from "./user.ts";

const users = [
  {
    who: "with subordinate ids",
    mode: "subordinate",
    user: findUser(),
    missing: "a user with ids in /etc/subuid",
    programs: ["newuidmap"],
  },
  // On every distribution, and nobody gives it ids.
  { who: "with one id", mode: "single", user: accountOf("nobody"), missing: "the user nobody", programs: [] },
];

for (const { who, mode, user, missing, programs } of users) {
  describe(`as an ordinary user ${who}`, skipReason(user, missing, programs), () => {
    for (const name of ["run", "changes", "lifetime", "hostile", "emulation"]) {
      it(`the tests of ${name} pass`, async (t) => {
        if (!user) throw new Error(`There is no ${missing}: useradd makes one that has`);
        const folder = await temporaryFolder(t);
        chownSync(folder, user.uid, user.gid);
        const test = fileURLToPath(new URL(`./${name}.test.ts`, import.meta.url));
        const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
        const { status, stdout, stderr } = spawnSync(
          "setpriv",
          [...idsOf(user), process.execPath, "--test", "--test-timeout=30000", test],
          {
            encoding: "utf8",
            env: { ...environment, HOME: folder, TMPDIR: folder, USER: user.name, DODAI_TEST_SANDBOX_MODE: mode },
          },
        );
        assert.equal(status, 0, `${stdout}\n${stderr}`);
        assert.match(stdout, /pass [1-9][0-9]*/);
      });
    }
  });
}

function skipReason(user: User | undefined, missing: string, programs: readonly string[]): { readonly skip?: string } {
  if (userInfo().uid !== 0) return { skip: "you are an ordinary user: the tests themselves run as one" };
  if (user && !canRead(user)) return { skip: "needs a checkout that everybody can read" };
  if (process.env.DODAI_REQUIRE_ORACLES === "1") return {};
  const absent = programs.filter((name) => !hasProgram(name));
  if (absent.length > 0) return { skip: `needs ${absent.join(", ")}` };
  return user ? {} : { skip: `needs ${missing}` };
}

function idsOf({ uid, gid }: User): readonly string[] {
  return ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"];
}

/** Where a checkout lies is nobody's oracle: root's own folder is closed to others. */
function canRead(user: User): boolean {
  return spawnSync("setpriv", [...idsOf(user), "test", "-r", fileURLToPath(import.meta.url)]).status === 0;
}
