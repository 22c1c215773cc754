// The same rpm packages give the same digest, whoever builds, where, when, and on what: scripts, database and owners included.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { chmod, chown } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { type ProgramOptions, runDodai } from "../kit/build.ts";
import { hostPrograms } from "../kit/host-programs.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type Signer, writeRepository } from "../kit/repository.ts";
import type { RpmSpec } from "../kit/rpm.ts";
import { makeRpmRepository, type RpmRepositorySpec } from "../kit/rpm-repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { noise } from "./shop.ts";

const packages: readonly RpmSpec[] = [
  {
    name: "filesystem",
    tree: [
      { path: "", kind: "directory", mode: 0o555 },
      { path: "usr/bin", kind: "directory" },
      ...["bin", "lib", "lib64"].map((path) => ({ path, kind: "symlink", target: `usr/${path}` }) as const),
      { path: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\nserver:x:812:813::/:/bin/sh\n" },
      { path: "etc/group", content: "root:x:0:\nserver:x:813:\n" },
    ],
  },
  {
    name: "shell",
    provides: ["/bin/sh"],
    tree: hostPrograms(["sh", "cat", "date", "mkdir"]).map(({ path, bytes }) => ({
      path: path.replace(/^bin\//, "usr/bin/"),
      content: bytes,
      mode: 0o755,
    })),
  },
  {
    name: "app",
    requires: ["/bin/sh", "filesystem"],
    scripts: { post: "umask >/etc/umask; mkdir /srv/made; echo $TZ $LC_ALL $HOME $SOURCE_DATE_EPOCH >/srv/made/env" },
    tree: [
      { path: "usr/bin/app", content: "a", mode: 0o755, caps: "cap_net_raw=ep", inode: 9 },
      { path: "usr/bin/same", content: "a", mode: 0o755, caps: "cap_net_raw=ep", inode: 9 },
      { path: "srv", kind: "directory", user: "server", group: "server" },
      { path: "var/log/app", content: "", flags: 64 },
      { path: "usr/share/große", content: "ß" },
    ],
    compression: "zstd",
  },
  { name: "large", tree: [{ path: "usr/share/large", content: noise(2.2 * 2 ** 20) }], compression: "none" },
];
/** A user that owns nothing. */
const nobody = 65534;

interface Run extends Partial<ProgramOptions> {
  readonly repository?: Partial<RpmRepositorySpec>;
}

describe("the same bits of rpm packages", needs("gpg"), () => {
  const signer: Signer = createSigner("packager");
  after(() => signer.close());

  /** One run in a folder and with a cache of its own; what it printed. */
  async function runIn(t: TestContext, { repository, ...changes }: Run = {}): Promise<string> {
    const folder = await temporaryFolder(t);
    await chmod(folder, 0o755);
    const cwd = join(folder, "work");
    mkdirSync(cwd);
    if (changes.id !== undefined) await chown(cwd, changes.id, changes.id);
    const signed = packages.map((one) => ({ signer, ...one }));
    await writeRepository(join(folder, "archive"), makeRpmRepository({ packages: signed, ...repository }));
    writeFileSync(join(folder, "key.asc"), signer.key.armored);
    const lines = [
      "name: test",
      "distro: centos:stream9",
      "variant: empty",
      "platforms: [linux/amd64]",
      "scripts: run",
      "packages: [app, large]",
      "repositories:",
      `  - {url: "${join(folder, "archive")}", flat: ./, keys: [./key.asc], only: true}`,
    ];
    writeFileSync(join(folder, "recipe.yaml"), `${lines.join("\n")}\n`);
    const env = { DODAI_CACHE_DIR: join(cwd, "cache"), HOME: cwd, ...changes.env };
    const ended = await runDodai(["build", join(folder, "recipe.yaml")], { cwd, ...changes, env });
    assert.equal(ended.status, 0, ended.stderr);
    return ended.stdout.trim();
  }

  let known: string | undefined;
  const expected = async (t: TestContext): Promise<string> => {
    known ??= await runIn(t);
    return known;
  };

  const node24 = process.env.DODAI_TEST_NODE24 ?? "";
  const isRoot = process.getuid?.() === 0;
  const readable = isRoot && spawnSync(process.execPath, ["--version"], { uid: nobody, gid: nobody }).status === 0;
  const rows: readonly (readonly [name: string, changes: Run, options?: { readonly skip?: string }])[] = [
    ["again, in another folder", {}],
    ["under umask 077", { before: "umask 077; exec" }],
    [
      "in another time zone and locale",
      { env: { TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" }, before: "umask 0; exec" },
    ],
    ["on one processor", { before: "exec taskset -c 0" }, needs("taskset")],
    ["with packages and files of the index in another order", { repository: { packages: [] } }],
    ["with metadata in zstd", { repository: { compression: "zstd" } }],
    ["as an ordinary user", { id: nobody }, readable ? {} : { skip: "needs root, and a checkout that all can read" }],
    ["on Node 24", { node: node24 }, existsSync(node24) ? {} : { skip: "needs DODAI_TEST_NODE24" }],
  ];
  for (const [name, changes, options = {}] of rows) {
    test(`come out ${name}`, options, async (t) => {
      const { repository } = changes;
      const reversed = { packages: packages.toReversed().map((one) => ({ signer, ...one })) };
      const run = repository?.packages ? { ...changes, repository: reversed } : changes;
      assert.equal(await runIn(t, run), await expected(t));
    });
  }
});
