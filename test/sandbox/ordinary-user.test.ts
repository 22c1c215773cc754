// Run as root, the tests of this folder run once more as an ordinary user that has ids in /etc/subuid.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { userInfo } from "node:os";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { hasProgram } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { findUser, type User } from "./user.ts";

const user = findUser();

describe("as an ordinary user with subordinate ids", skipReason(), () => {
  for (const name of ["run", "changes", "lifetime"]) {
    it(`the tests of ${name} pass`, async (t) => {
      if (!user) throw new Error("No user has ids in /etc/subuid: useradd makes one that has");
      const folder = await temporaryFolder(t);
      chownSync(folder, user.uid, user.gid);
      const test = fileURLToPath(new URL(`./${name}.test.ts`, import.meta.url));
      const ids = ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups"];
      const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
      const { status, stdout, stderr } = spawnSync(
        "setpriv",
        [...ids, process.execPath, "--test", "--test-timeout=30000", test],
        {
          encoding: "utf8",
          env: { ...environment, HOME: folder, TMPDIR: folder, USER: user.name },
        },
      );
      assert.equal(status, 0, `${stdout}\n${stderr}`);
      assert.match(stdout, /pass [1-9][0-9]*/);
    });
  }
});

function skipReason(): { readonly skip?: string } {
  if (userInfo().uid !== 0) return { skip: "you are an ordinary user: the tests themselves run as one" };
  if (user && !canRead(user)) return { skip: "needs a checkout that everybody can read" };
  if (process.env.DODAI_REQUIRE_ORACLES === "1") return {};
  if (!hasProgram("newuidmap")) return { skip: "needs newuidmap" };
  return user ? {} : { skip: "needs a user with ids in /etc/subuid" };
}

/** Where a checkout lies is nobody's oracle: root's own folder is closed to others. */
function canRead({ uid, gid }: User): boolean {
  const words = ["--reuid", String(uid), "--regid", String(gid), "--clear-groups", "test", "-r"];
  return spawnSync("setpriv", [...words, fileURLToPath(import.meta.url)]).status === 0;
}
