// Full images of Debian itself: what its own scripts do in the sandbox, what dodai does in their place, and what mmdebstrap
// makes of the same packages. Fetches some 60 MB from whatever mirror this machine has.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import type { Entry } from "../../src/archive/entry.ts";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { build } from "../../src/build/build.ts";
import type { BuildOptions } from "../../src/build/contract.ts";
import { mirrorSettings } from "../../src/build/mirror-settings.ts";
import { findRecipe } from "../../src/build/recipes.ts";
import { DodaiError, errorKinds } from "../../src/core/dodai-error.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { officialMirrors } from "../../src/distros/debian/repositories.ts";
import { openSandbox } from "../../src/sandbox/sandbox.ts";
import { needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { needsSandbox } from "../sandbox/open.ts";
import { accountOf, findUser } from "../sandbox/user.ts";
import { hashOf } from "./picture.ts";

const releases = ["trixie", "bookworm"] as const;
const epoch = 1_763_900_000;

describe("Debian's own packages", await skipReason(), () => {
  const shared = mkdtempSync(join(tmpdir(), "dodai-test-"));
  chmodSync(shared, 0o755);
  after(() => rmSync(shared, { recursive: true, force: true }));

  const options = (recipe: Recipe, changes: Partial<BuildOptions> = {}): BuildOptions => ({
    recipe,
    cacheDirectory: join(shared, "cache"),
    environment: process.env,
    sourceDateEpoch: epoch,
    lockFile: join(shared, `${recipe.distribution.release}.lock.json`),
    outputs: [],
    ...changes,
  });

  for (const release of releases) {
    const recipe = minbaseOf(release);
    const tar = (): string => join(shared, `${release}.tar`);

    test(`minbase of ${release} is the same whether its scripts run or are emulated`, async () => {
      const { lock } = await import("../../src/build/lock.ts");
      await lock(options(recipe));
      const emulated = await build(options(recipe, { scripts: "emulate" }));
      const ran = await build(options(recipe, { scripts: "run", outputs: [{ kind: "tar", destination: tar() }] }));
      assert.equal(ran.digest, emulated.digest);
      const done = new Set(ran.platforms[0]?.scripts.map((one) => one.done));
      assert.deepEqual([...done].sort(), ["not-needed", "run"]);
    });

    test(`dpkg and apt in ${release} find nothing to complain of`, async (t) => {
      const folder = await temporaryFolder(t);
      const sandbox = await openSandbox({ directory: join(folder, "sandbox") });
      t.after(() => sandbox.close());
      await sandbox.layOut(bytesOf(readFileSync(tar())));
      const environment = { PATH: "/usr/sbin:/usr/bin", LC_ALL: "C.UTF-8" };
      for (const words of [
        ["dpkg", "--audit"],
        ["dpkg", "-V"],
      ] as const) {
        const { exitCode, lastOutput } = await sandbox.run({ words: ["/usr/bin/env", ...words], environment });
        assert.deepEqual([exitCode, lastOutput], [0, ""], words.join(" "));
      }
      const check = await sandbox.run({ words: ["/usr/bin/apt-get", "check"], environment });
      assert.equal(check.exitCode, 0, check.lastOutput);
    });

    test(
      `minbase of ${release} differs from mmdebstrap's only where docs/debian.md says so`,
      needs("mmdebstrap"),
      async (t) => {
        const theirs = await mmdebstrap(t, release);
        const compared = join(shared, `${release}.compared.tar`);
        // mmdebstrap takes usrmerge for bookworm, with all of perl, where official images have usr-is-merged.
        const packages = release === "bookworm" ? ["usr-is-merged", "usrmerge"] : [];
        const wanted = {
          ...recipe,
          name: "compared",
          packages: packages.map((request) => ({ request, exclude: false })),
        };
        await build(
          options(wanted, {
            scripts: "run",
            lockFile: join(shared, "none"),
            outputs: [{ kind: "tar", destination: compared }],
          }),
        );
        const [ours, others] = [readTree(readFileSync(compared)), readTree(theirs)];
        const differing = [...new Set([...ours.keys(), ...others.keys()])].filter(
          (path) => ours.get(path) !== others.get(path),
        );
        const unexplained = differing.filter((path) => !explained.some((pattern) => pattern.test(path)));
        assert.deepEqual(
          unexplained.map((path) => [path, ours.get(path), others.get(path)]),
          [],
        );
      },
    );
  }

  const users = [
    { who: "an ordinary user", user: findUser(), missing: "a user with ids in /etc/subuid" },
    { who: "an ordinary user with one id", user: accountOf("nobody"), missing: "the user nobody" },
  ];
  for (const { who, user, missing } of users) {
    test(`${who}, in another year, zone and umask, makes the same bits`, {
      ...(user ? {} : { skip: `needs ${missing}` }),
    }, async (t) => {
      if (!user) return;
      const recipe = minbaseOf("trixie");
      const expected = await build(options(recipe, { scripts: "run" }));
      const folder = await temporaryFolder(t);
      chownSync(folder, user.uid, user.gid);
      const text = "distro: debian:trixie\nvariant: minbase\nscripts: run\n";
      const script = `umask 077; printf '${text.replaceAll("\n", "\\n")}' >minbase.yaml; cp ${join(shared, "trixie.lock.json")} minbase.lock.json
exec ${process.execPath} ${join(import.meta.dirname, "../../src/cli/main.ts")} build minbase.yaml --locked --progress quiet -o type=oci,dest=x.tar -t minbase`;
      const environment = {
        ...process.env,
        HOME: folder,
        USER: user.name,
        TZ: "Pacific/Kiritimati",
        LC_ALL: "C",
        SOURCE_DATE_EPOCH: String(epoch),
        XDG_CACHE_HOME: folder,
      };
      const { NODE_TEST_CONTEXT: _, ...env } = environment as Record<string, string | undefined>;
      const ids = ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups", "sh", "-c", script];
      const { status, stdout, stderr } = spawnSync("setpriv", ids, { cwd: folder, env, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      const [mine] = expected.platforms;
      assert.match(stdout, /^sha256:/);
      assert.equal(layersIn(join(folder, "x.tar")).join(), mine?.layers.map(({ digest }) => digest).join());
    });
  }

  async function mmdebstrap(t: TestContext, release: string): Promise<Uint8Array> {
    const folder = await temporaryFolder(t);
    const { archive = [officialMirrors.archive], security = [officialMirrors.security] } = await mirrorSettings(
      "debian",
      { environment: process.env },
    );
    const [main, updates, fixes] = [
      `${archive[0]} ${release} main`,
      `${archive[0]} ${release}-updates main`,
      `${security[0]} ${release}-security main`,
    ];
    const include = release === "bookworm" ? ["--include=usr-is-merged"] : [];
    const target = join(folder, "root.tar");
    run(
      "mmdebstrap",
      [
        "--variant=minbase",
        "--quiet",
        ...include,
        release,
        target,
        ...[main, updates, fixes].map((one) => `deb ${one}`),
      ],
      {
        env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch), TMPDIR: folder },
      },
    );
    return readFileSync(target);
  }
});

/** The table of docs/debian.md, "Differences". */
const explained: readonly RegExp[] = [
  /^dev\/./,
  /^etc\/(?:fstab|hostname|resolv\.conf)$/,
  /^etc\/apt\/sources\.list(?:\.d\/debian\.sources)?$/,
  /^var\/lib\/apt\/extended_states$/,
  /^var\/(?:cache\/apt\/archives|lib\/apt\/lists)\/(?:lock|partial)$/,
  /^var\/lib\/dpkg\/(?:available|statoverride)$/,
  /^var\/(?:cache\/debconf|lib\/dpkg)\/[^/]*-old$/,
  /^etc\/shells$/,
];

function minbaseOf(release: string): Recipe {
  const recipe = findRecipe(`debian:${release}`)?.recipe;
  if (!recipe) throw new Error(`There is no recipe of ${release}`);
  return { ...recipe, name: "minbase", variant: "minbase" };
}

async function skipReason(): Promise<{ readonly skip?: string }> {
  if (process.env.DODAI_TEST_ARCHIVE !== "1") return { skip: "DODAI_TEST_ARCHIVE=1 lets it fetch packages" };
  const sandbox = await needsSandbox();
  if (sandbox.skip !== undefined) return sandbox;
  try {
    const { resolve } = await import("../../src/build/resolve.ts");
    const cacheDirectory = mkdtempSync(join(tmpdir(), "dodai-test-"));
    await resolve({ recipe: minbaseOf("trixie"), cacheDirectory, environment: process.env }).finally(() =>
      rmSync(cacheDirectory, { recursive: true }),
    );
    return {};
  } catch (error) {
    if (!(error instanceof DodaiError) || errorKinds[error.code] === "build") throw error;
    return { skip: `Debian's archive is not to be had: ${error.message}` };
  }
}

/** One text a path: kind, mode, owner, link, content, attributes. Further names of a file count as files. */
function readTree(tar: Uint8Array): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  const tree = new Map<string, string>();
  for (const { entry, body } of readTarBuffer(tar, {
    maxEntries: 1e6,
    maxTotalBytes: 2 ** 31,
    maxHeaderBytes: 1 << 20,
  })) {
    const path = entry.path;
    contents.set(
      path,
      entry.kind === "hardlink" ? (contents.get(entry.target) ?? "") : entry.kind === "file" ? hashOf(body) : "",
    );
    tree.set(path, describeEntry(entry, contents.get(path) ?? ""));
  }
  return tree;
}

function describeEntry({ kind, mode, uid, gid, xattrs, ...rest }: Entry, content: string): string {
  const target = kind === "symlink" && "target" in rest ? rest.target : "";
  const attributes = [...xattrs].map(([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`).join();
  return [kind === "hardlink" ? "file" : kind, mode.toString(8), uid, gid, target, content, attributes].join(" ");
}

function layersIn(archive: string): readonly string[] {
  const files = new Map(
    [...readTarBuffer(readFileSync(archive), { maxEntries: 1e3, maxTotalBytes: 2 ** 31, maxHeaderBytes: 1 << 20 })].map(
      ({ entry, body }) => [entry.path, body],
    ),
  );
  const json = (path: string): unknown => JSON.parse(Buffer.from(files.get(path) ?? []).toString());
  const { manifests } = json("index.json") as { manifests: [{ digest: string }] };
  const { layers } = json(`blobs/${manifests[0].digest.replace(":", "/")}`) as { layers: { digest: string }[] };
  return layers.map(({ digest }) => digest);
}

async function* bytesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
