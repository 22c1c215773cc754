// Every distribution of rpm packages from a mirror of its own form on this machine, since theirs are far away: found, taken
// without signatures as told, and a database where and how the release has it.
import assert from "node:assert/strict";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { build } from "../../src/build/build.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { almalinux } from "../../src/distros/almalinux/almalinux.ts";
import { amazonlinux } from "../../src/distros/amazonlinux/amazonlinux.ts";
import { centos } from "../../src/distros/centos/centos.ts";
import { fedora } from "../../src/distros/fedora/fedora.ts";
import { opensuse } from "../../src/distros/opensuse/opensuse.ts";
import { rockylinux } from "../../src/distros/rockylinux/rockylinux.ts";
import { baseRecipe } from "../../src/distros/rpm-family.ts";
import { readNdb } from "../../src/packages/rpm/ndb.ts";
import { needs, run } from "../kit/oracle.ts";
import { writeRepository } from "../kit/repository.ts";
import { makeRpmRepository } from "../kit/rpm-repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const official = { archive: undefined, security: undefined, snapshot: undefined };
const amd64 = parsePlatform("linux/amd64");

const wanted = [
  [almalinux, "10"],
  [amazonlinux, "2"],
  [amazonlinux, "2023"],
  [centos, "7"],
  [centos, "stream9"],
  [fedora, "44"],
  [opensuse, "leap-15.6"],
  [opensuse, "leap-16.0"],
  [opensuse, "tumbleweed"],
  [rockylinux, "9"],
] as const;

describe("the full image", needs("rpm"), () => {
  for (const [distribution, release] of wanted) {
    it(`of ${distribution.name} ${release} comes from a mirror`, async (t) => {
      const folder = await temporaryFolder(t);
      await chmod(folder, 0o755);
      const mirror = join(folder, "mirror");
      const { name } = distribution;
      const recipe = { ...baseRecipe("x", { name, release }, "full"), platforms: [amd64], scripts: "emulate" as const };
      const mirrors = { ...official, archive: [mirror] };
      const { repositories, requests, rpmDatabase } = distribution.supply(recipe, amd64, mirrors);
      const names = requests.map(({ request }) => request);
      for (const [at, { suite }] of repositories.entries()) {
        // Each repository has some of them.
        const packages = names.filter((_, place) => place % repositories.length === at).map((one) => ({ name: one }));
        await writeRepository(join(mirror, suite), makeRpmRepository({ packages }));
      }
      await mkdir(join(folder, "out"));
      const root = join(folder, "out/root");
      await build({
        hostRoot: "",
        now: new Date("2100-01-01"),
        recipe,
        cacheDirectory: join(folder, "cache"),
        environment: { [`DODAI_MIRROR_${name.toUpperCase()}`]: mirror },
        insecureUnsigned: true,
        outputs: [{ kind: "dir", destination: root }],
      });
      assert.ok(rpmDatabase);
      const keys = rpmDatabase.keys.map(() => "gpg-pubkey");
      assert.deepEqual(await installed(root, rpmDatabase), [...keys, ...names].toSorted());
    });
  }
});

async function installed(
  root: string,
  { folder, backend }: { readonly folder: string; readonly backend: string },
): Promise<readonly string[]> {
  if (backend === "ndb") {
    const { records } = readNdb(await readFile(join(root, folder, "Packages.db")), "x");
    return records.map(({ bytes }) => nameOf(bytes)).toSorted();
  }
  const define = backend === "sqlite" ? [] : ["--define", "_db_backend bdb_ro"];
  const text = run("rpm", [...define, "--root", root, "--dbpath", `/${folder}`, "-qa", "--qf", "%{NAME}\n"]);
  return text.trim().split("\n").toSorted();
}

/** Of a header as a database has it, by its tag alone. */
function nameOf(bytes: Uint8Array): string {
  const header = Buffer.from(bytes);
  const count = header.readUInt32BE(0);
  for (let at = 8; at < 8 + 16 * count; at += 16) {
    if (header.readUInt32BE(at) !== 1000) continue;
    const start = 8 + 16 * count + header.readUInt32BE(at + 8);
    return header.subarray(start, header.indexOf(0, start)).toString();
  }
  return assert.fail("it has no name");
}
