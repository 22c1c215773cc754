// Steps of recipes that really run, with programs of the host as a package, and on real packages of CentOS 7 with their rpm.
import assert from "node:assert/strict";
import { globSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, chown } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions, BuildResult } from "../../src/build/contract.ts";
import type { DodaiError } from "../../src/core/dodai-error.ts";
import type { Recipe, RecipeStep } from "../../src/core/recipe.ts";
import { openWorkplace, runDodai, type Workplace } from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { hostPrograms } from "../kit/host-programs.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { needsSandbox } from "../sandbox/open.ts";
import { findUser } from "../sandbox/user.ts";
import { entriesOf, filesOf, readLayout } from "./picture.ts";
import { hostDpkg } from "./script-shop.ts";

const step = (script: string, more: Partial<RecipeStep> = {}): RecipeStep => ({
  script,
  interpreter: "/bin/sh",
  failure: "error",
  outside: false,
  ...more,
});

describe("steps of a recipe", { ...needs("gpg", "dpkg", "find"), ...(await needsSandbox("dpkg")) }, () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  const open = (t: TestContext, recipe: Partial<Recipe>): Promise<Workplace> =>
    openWorkplace(t, { signer, suites: { trixie: [hostDpkg()] }, recipe: { scripts: "run", ...recipe } });

  interface Built {
    readonly result: BuildResult;
    readonly entries: ReadonlyMap<string, ReturnType<typeof entriesOf>[number]>;
    readonly text: (path: string) => string | undefined;
    readonly events: readonly string[];
  }

  async function builtIn(place: Workplace, changes: Partial<BuildOptions> = {}): Promise<Built> {
    const events: string[] = [];
    const onEvent = (event: BuildEvent): void => {
      if (event.kind !== "progress") events.push(`${event.kind}: ${event.text}`);
    };
    const outputs = [{ kind: "oci-layout", destination: place.out("layout") }] as const;
    const result = await build(place.options({ outputs, onEvent, ...changes }));
    const [layer] = readLayout(place.out("layout")).layers;
    assert.ok(layer);
    const files = new Map(filesOf(layer.plain).map(({ entry, text }) => [entry.path, text]));
    const entries = new Map(entriesOf(layer.plain).map((entry) => [entry.path, entry]));
    return { result, entries, text: (path) => files.get(path), events };
  }

  const failureOf = (place: Workplace, changes: Partial<BuildOptions> = {}): Promise<DodaiError> =>
    build(place.options(changes)).then(
      () => assert.fail("the build did not fail"),
      (reason: unknown) => reason as DodaiError,
    );

  test("run one after the other on packages and files, and what they leave is in the image", async (t) => {
    const place = await open(t, {
      files: [{ kind: "file", path: "etc/words", mode: 0o644, uid: 0, gid: 0, content: "first\n" }],
      remove: ["/etc/scratch", "/etc/words", "/usr/bin/tar"],
      steps: [
        step(
          "echo second >>/etc/words; echo x >/etc/scratch; mkdir -p /srv/deep; chown 7:8 /srv/deep; tar --version >/srv/tar",
        ),
        step("cat /etc/scratch >>/etc/words; mkdir /run; echo kept >/run/here; rm /usr/bin/mkdir"),
      ],
    });
    const { entries, text, result } = await builtIn(place);
    assert.equal(text("etc/words"), "first\nsecond\nx\n");
    assert.deepEqual([entries.get("srv/deep")?.uid, entries.get("srv/deep")?.gid], [7, 8]);
    assert.equal(text("run/here"), "kept\n");
    const absent = ["etc/scratch", "usr/bin/mkdir", "usr/bin/tar", ".dodai"];
    assert.deepEqual(
      absent.filter((path) => entries.has(path)),
      [],
    );
    assert.deepEqual(
      result.platforms[0]?.steps?.map(({ step: at, done, exitCode, changed }) => ({ at, done, exitCode, changed })),
      [
        { at: 1, done: "run", exitCode: 0, changed: ["etc/scratch", "etc/words", "srv", "srv/deep", "srv/tar"] },
        { at: 2, done: "run", exitCode: 0, changed: ["etc/words", "run", "run/here", "usr/bin/mkdir"].sort() },
      ],
    );
  });

  const clock: readonly { readonly name: string; readonly script: string; readonly text: string }[] = [
    { name: "a stamp", script: "/bin/date +%Y%m%d_%H%M", text: "20250601_1200\n" },
    { name: "a combined flag", script: "date -uR", text: "Sun, 01 Jun 2025 12:00:00 +0000\n" },
    { name: "seconds", script: "date +%s; echo $SOURCE_DATE_EPOCH", text: "1748779200\n1748779200\n" },
    { name: "a date that is written out", script: "date -u -d 2001-02-03 +%F", text: "2001-02-03\n" },
    { name: "a form of ISO 8601", script: "date -u -Idate", text: "2025-06-01\n" },
  ];
  test("see the build's time", async (t) => {
    const steps = [step(clock.map(({ script }, at) => `(${script}) >/time-${at}`).join("\n"))];
    const { text, entries } = await builtIn(await open(t, { steps }));
    for (const [at, one] of clock.entries()) assert.equal(text(`time-${at}`), one.text, one.name);
    assert.equal(entries.get("usr/bin/date")?.kind, "file");
    assert.doesNotMatch(text("usr/bin/date") ?? "", /dodai/);
  });

  test("are not run again on the same root, and are when it changes", async (t) => {
    const place = await open(t, { steps: [step("echo >/made; exit 4", { failure: "warn" })] });
    const first = await builtIn(place);
    assert.ok(first.events.includes("warning: step 1 of the recipe ended with exit code 4"));
    const again = await builtIn(place, { outputs: [{ kind: "oci-layout", destination: place.out("again") }] });
    assert.ok(again.events.some((text) => text.includes("steps have run on this root before")));
    assert.ok(again.events.includes("warning: step 1 of the recipe ended with exit code 4"));
    assert.equal(again.result.digest, first.result.digest);
    const recipe = { ...place.recipe, hostname: "other" };
    const other = await builtIn(place, { recipe, outputs: [{ kind: "oci-layout", destination: place.out("other") }] });
    assert.ok(other.events.includes("stage: running step 1 of 1"));
  });

  test("outside find the root at /mnt/sysimage, and need no umount for its /run", async (t) => {
    const script = `set -eux
umount /mnt/sysimage/run
echo "$ANACONDA_ROOT_PATH" >/mnt/sysimage/etc/outside
test -d /mnt/sysroot/etc
test ! -e /mnt/sysimage/etc/nothing`;
    const log = "/mnt/sysimage/root/post.log";
    const lost = step("echo lost", { outside: true, log: "/tmp/lost.log" });
    const { text, entries } = await builtIn(await open(t, { steps: [step(script, { outside: true, log }), lost] }));
    assert.equal(text("etc/outside"), "/mnt/sysimage\n");
    assert.match(text("root/post.log") ?? "", /^\+ umount \/mnt\/sysimage\/run\n/);
    assert.ok(!entries.has("tmp/lost.log") && !entries.has("mnt/sysimage"));
  });

  test("have a log, which they may remove themselves", async (t) => {
    const steps = [
      step("echo out; echo err >&2", { log: "/var/log/deep/one.log" }),
      step("echo gone; rm /root/two.log", { log: "/root/two.log" }),
    ];
    const { text, entries, events } = await builtIn(await open(t, { steps }));
    assert.equal(text("var/log/deep/one.log"), "out\nerr\n");
    assert.ok(!entries.has("root/two.log") && events.includes("output: gone"));
  });

  test("that fail end the build with their code, place and last words", async (t) => {
    const position = { file: "base.ks", line: 7, column: 1 };
    const place = await open(t, { steps: [step("true"), step("echo told; echo more >&2; exit 3", { position })] });
    const error = await failureOf(place);
    assert.deepEqual([error.code, error.where], ["STEP_FAILED", position]);
    assert.equal(error.message, "Cannot run step 2 of the recipe: it ended with exit code 3\n  told\n  more");
    assert.deepEqual(readdirSync(join(place.cache, "tmp")), []);
  });

  test("that do not end are ended", async (t) => {
    const place = await open(t, { steps: [step("sleep 100", { failure: "warn" })] });
    const error = await failureOf(place, { scriptTimeoutSeconds: 1 });
    assert.match(error.message, /it had not ended after 1 seconds/);
  });

  test("run with what the recipe says, and without the network unless it says so", async (t) => {
    const steps = [
      step("false; echo >/not", { interpreter: "/bin/sh -e", failure: "warn" }),
      step("cat /proc/net/dev >/alone"),
      step("cat /proc/net/dev >/networked", { network: true }),
    ];
    const { text, entries } = await builtIn(await open(t, { steps }));
    assert.ok(!entries.has("not"));
    assert.deepEqual(
      [...(text("alone") ?? "").matchAll(/^ *(\w+):/gm)].map(([, name]) => name),
      ["lo"],
    );
    assert.ok([...(text("networked") ?? "").matchAll(/^ *(\w+):/gm)].length >= 1);
  });

  const systemPrograms = ["systemctl", "systemd-tmpfiles", "passwd"];
  test("may mask units, make folders of /run and lock root", needs(...systemPrograms), async (t) => {
    const own = hostDpkg().tree ?? [];
    const programs = hostPrograms(systemPrograms)
      .map(({ path, bytes }) => ({ path: path.replace(/^bin\//, "usr/bin/"), content: bytes, mode: 0o755 }))
      .filter(({ path }) => !own.some((one) => one.path === path));
    const system: DebSpec = {
      ...hostDpkg(),
      tree: [
        ...own,
        ...programs,
        { path: "etc/shadow", content: "root:*:1::::::\n" },
        { path: "usr/lib/tmpfiles.d/legacy.conf", content: "d /run/lock 0755 root root -\n" },
        { path: "usr/lib/systemd/system/getty.target", content: "[Unit]\nDescription=x\n" },
      ],
    };
    const script = "set -e\numount /run\nsystemd-tmpfiles --create --boot\nsystemctl mask getty.target\npasswd -l root";
    const place = await openWorkplace(t, {
      signer,
      suites: { trixie: [system] },
      recipe: { scripts: "run", steps: [step(script)] },
    });
    const { entries, text } = await builtIn(place);
    assert.equal(entries.get("run/lock")?.kind, "directory");
    const mask = entries.get("etc/systemd/system/getty.target");
    assert.equal(mask?.kind === "symlink" && mask.target, "/dev/null");
    assert.match(text("etc/shadow") ?? "", /^root:!\*:1:/);
  });

  test("give the same bits where they are plain and nothing is run", async (t) => {
    const script = `#!/bin/sh
set -eux
# what container kickstarts have most of
rm -rf /usr/share/doc/* /usr/bin/tar; mkdir -p /etc/yum/vars && echo container >/etc/yum/vars/infra
echo "# empty" > /etc/fstab
echo more >> /etc/fstab
:> /etc/machine-id
ln -sf ../usr/share/zoneinfo/UTC /etc/localtime; touch /etc/fstab /etc/stamp
chmod 600 /etc/stamp
umount /run
rm -f /nothing /etc/pass?d-
/bin/date +%Y%m%d_%H%M > /etc/BUILDTIME
`;
    const files = [{ kind: "directory", path: "usr/share/doc/x", mode: 0o755 }] as const;
    const outside = step("echo told\nrm -f /mnt/sysimage/etc/stamp", { outside: true, log: "/mnt/sysimage/root/log" });
    const place = await open(t, { scripts: "emulate", files, steps: [step(script), outside] });
    const ran = await builtIn(place);
    const told = await builtIn(place, { scripts: "emulate" });
    assert.deepEqual([...told.entries], [...ran.entries]);
    assert.equal(told.result.digest, ran.result.digest);
    assert.deepEqual(
      told.result.platforms[0]?.steps?.map(({ done }) => done),
      ["native", "native"],
    );
    assert.equal(told.text("root/log"), "told\n");
  });

  test("are left out with --scripts skip, and named where nothing is run", async (t) => {
    const place = await open(t, { steps: [step("echo >/made\nawk 1 /etc/x")] });
    const { result, entries } = await builtIn(place, { scripts: "skip" });
    assert.deepEqual(result.platforms[0]?.steps, [{ step: 1, done: "skipped", changed: [] }]);
    assert.ok(!entries.has("made"));
    const { code, message } = await failureOf(place, { scripts: "emulate" });
    assert.deepEqual(
      [code, message],
      ["SCRIPT_UNKNOWN", 'Cannot emulate step 1 of the recipe: dodai does not know what "awk 1 /etc/x" does'],
    );
  });
});

const real = fixture("rpm/centos7-real");

describe("steps on CentOS 7", { ...needs(real, "createrepo_c", "rpm"), ...(await needsSandbox()) }, () => {
  const post = `passwd -l root 2>/dev/null || true
/bin/date +%Y%m%d_%H%M > /etc/BUILDTIME
rpm -e gzip --nodeps
rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7
rpm --rebuilddb
rpm -qa | sort >/etc/packages
rm -rf /boot /var/lib/rpm/__db* /tmp/*
`;
  const recipe = `distro: centos:7
packages: [bash, coreutils, centos-release, rpm, gzip]
repositories: [{url: ./repository, flat: ./, only: true, insecure-unsigned: true}]
platforms: [linux/amd64]
accounts: {root-password: locked}
locale: en_US.UTF-8
steps:
  - run: |
${post.replace(/^/gm, "      ").trimEnd()}
    log: /root/post.log
  - {run: "chroot /mnt/sysimage install -d /run/lock", outside: true}
`;

  async function place(t: TestContext): Promise<string> {
    const folder = await temporaryFolder(t);
    await chmod(folder, 0o755);
    const repository = join(folder, "repository");
    mkdirSync(repository);
    const files = globSync(`${real}/{lzhuan-test+zabbix-tutorial/rpms,stand-ins}/*.rpm`);
    for (const file of files) symlinkSync(file, join(repository, basename(file)));
    run("createrepo_c", ["-q", repository]);
    writeFileSync(join(folder, "c7.yaml"), recipe);
    return folder;
  }

  async function digestIn(folder: string, cache: string, id?: number): Promise<string> {
    const env = { DODAI_CACHE_DIR: join(folder, cache), HOME: folder, SOURCE_DATE_EPOCH: "1700000000" };
    const words = ["build", "c7.yaml", "-o", `type=dir,dest=${cache}-root`];
    const ended = await runDodai(words, { cwd: folder, env, ...(id === undefined ? {} : { id }) });
    assert.equal(ended.status, 0, ended.stderr);
    return ended.stdout.trim();
  }

  test("use its rpm, and leave a database that is the same each time, as root and as others", async (t) => {
    const folder = await place(t);
    const first = await digestIn(folder, "one");
    const root = join(folder, "one-root");
    assert.equal(readFileSync(join(root, "etc/BUILDTIME"), "utf8"), "20231114_2213\n");
    assert.match(readFileSync(join(root, "etc/packages"), "utf8"), /^bash-4[\s\S]*gpg-pubkey-f4a80eb5-53a7ff4b/m);
    assert.match(readFileSync(join(root, "etc/shadow"), "utf8"), /^root:!/m);
    assert.deepEqual(
      readdirSync(join(root, "var/lib/rpm")).filter((name) => /^[._]/.test(name)),
      [],
    );
    const rpm = (...words: readonly string[]): string =>
      run("rpm", ["--define", "_db_backend bdb_ro", "--root", root, "--dbpath", "/var/lib/rpm", ...words]).trim();
    const named = rpm("-qa").split("\n").sort();
    assert.deepEqual(named, readFileSync(join(root, "etc/packages"), "utf8").trim().split("\n").sort());
    assert.equal(
      rpm("-qa", "--qf", "%{INSTALLTIME}\n")
        .split("\n")
        .filter((time) => Number(time) > 1_700_000_000).length,
      0,
    );
    const others = process.getuid?.() === 0 ? [findUser()?.uid, 65534] : [process.getuid?.()];
    await chown(folder, others.at(-1) ?? 0, 0);
    await chmod(folder, 0o777);
    for (const id of others)
      if (id !== undefined) assert.equal(await digestIn(folder, `as-${id}`, id), first, `as ${id}`);
  });
});
