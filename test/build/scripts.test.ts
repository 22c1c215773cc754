// Maintainer scripts that really run, in the host's own dpkg, and what becomes of what they did.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions, BuildResult } from "../../src/build/contract.ts";
import type { DodaiError } from "../../src/core/dodai-error.ts";
import { openWorkplace, type Workplace, type WorkplaceSpec } from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { needsSandbox } from "../sandbox/open.ts";
import { entriesOf, filesOf, readLayout } from "./picture.ts";
import { hostDpkg, scripted } from "./script-shop.ts";

describe("scripts that run", { ...needs("gpg", "dpkg", "find"), ...(await needsSandbox("dpkg")) }, () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  const open = (t: TestContext, packages: readonly DebSpec[], more: Partial<WorkplaceSpec> = {}): Promise<Workplace> =>
    openWorkplace(t, {
      signer,
      suites: { trixie: [hostDpkg(), ...packages] },
      ...more,
      recipe: { scripts: "run", ...more.recipe },
    });

  const asked = (request: string): { readonly request: string; readonly exclude: false } => ({
    request,
    exclude: false,
  });

  interface Built {
    readonly result: BuildResult;
    readonly entries: ReadonlyMap<string, ReturnType<typeof entriesOf>[number]>;
    readonly text: (path: string) => string | undefined;
    readonly events: readonly string[];
  }

  async function builtIn(place: Workplace, changes: Partial<BuildOptions> = {}): Promise<Built> {
    const events: string[] = [];
    const result = await build(
      place.options({
        outputs: [{ kind: "oci-layout", destination: place.out("layout") }],
        onEvent: (event: BuildEvent) => {
          if (event.kind === "stage") events.push(event.text);
        },
        ...changes,
      }),
    );
    const [layer] = readLayout(place.out("layout")).layers;
    assert.ok(layer);
    const files = new Map(filesOf(layer.plain).map(({ entry, text }) => [entry.path, text]));
    return {
      result,
      entries: new Map(entriesOf(layer.plain).map((entry) => [entry.path, entry])),
      text: (path) => files.get(path),
      events,
    };
  }

  async function failureOf(place: Workplace, changes: Partial<BuildOptions> = {}): Promise<DodaiError> {
    const outputs = [{ kind: "oci", destination: place.out("image.tar") }] as const;
    const error = await build(place.options({ outputs, ...changes })).then(
      () => assert.fail("the build did not fail"),
      (reason: unknown) => reason as DodaiError,
    );
    assert.deepEqual(readdirSync(join(place.folder, "out")), [], "an output was written");
    assert.deepEqual(readdirSync(join(place.cache, "tmp")), [], "something is left in the cache");
    return error;
  }

  test("what they make, change and take away is in the image, with owners, modes and the build's time", async (t) => {
    const one = scripted(
      "one",
      {
        postinst: `echo made >/etc/made; chown 7:8 /etc/made; chmod 4755 /etc/made
mkdir -p /var/lib/one/deep; ln -s ../made /etc/link; ln /etc/made /etc/again
echo more >>/etc/kept; rm /usr/share/one/gone`,
      },
      {
        tree: [
          { path: "etc/kept", content: "first\n" },
          { path: "usr/share/one/gone", content: "" },
          { path: "usr/share/one/stays", content: "" },
        ],
      },
    );
    const { entries, text } = await builtIn(await open(t, [one]));
    const made = entries.get("etc/made");
    assert.deepEqual([made?.mode, made?.uid, made?.gid, text("etc/kept")], [0o4755, 7, 8, "first\nmore\n"]);
    assert.equal(made?.mtime, Date.parse("2025-06-01T12:00:00Z") / 1000);
    assert.equal(entries.get("etc/link")?.kind, "symlink");
    const names = [entries.get("etc/made"), entries.get("etc/again")].map((entry) => entry?.kind);
    assert.deepEqual(names.sort(), ["file", "hardlink"]);
    assert.ok(entries.has("var/lib/one/deep") && entries.has("usr/share/one/stays"));
    assert.ok(!entries.has("usr/share/one/gone"));
    assert.match(text("var/lib/dpkg/status") ?? "", /Package: one\nStatus: install ok installed/);
    assert.deepEqual(
      [...entries.keys()].filter((path) => path.startsWith(".dodai") || path.includes("policy-rc.d")),
      [],
    );
  });

  test("a preinst runs before any postinst, all is configured once, and services may not start", async (t) => {
    const log = 'echo "$DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_NAME $1" >>/log';
    const interested = scripted(
      "interested",
      { postinst: log },
      { control: { triggers: "interest-noawait /usr/share/bait\n" } },
    );
    const activating = scripted(
      "zz",
      { preinst: log, postinst: `${log}; /usr/sbin/policy-rc.d || echo "policy $?" >>/log` },
      { tree: [{ path: "usr/share/bait/one", content: "" }] },
    );
    const { text } = await builtIn(await open(t, [interested, activating]));
    const [first, ...rest] = (text("log") ?? "").split("\n");
    assert.equal(first, "zz preinst install");
    assert.deepEqual(rest.sort(), ["", "interested postinst configure", "policy 101", "zz postinst configure"]);
  });

  test("on top of another image they run in its root, and triggers of its packages do as well", async (t) => {
    const log = 'echo "$DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_NAME $1 $2" >>/log';
    const triggers = "interest-noawait /usr/share/bait\ninterest-noawait named\ninterest-noawait other\n";
    const interested = scripted(
      "interested",
      { postinst: `${log}; rm -f /usr/share/gone` },
      { control: { triggers }, tree: [{ path: "usr/share/gone", content: "here at first" }] },
    );
    const added = scripted(
      "added",
      { postinst: `${log}; cat /etc/passwd >/etc/seen; echo "x:x:7:7::/:" >>/etc/passwd` },
      { control: { triggers: "activate-noawait named\n" }, tree: [{ path: "usr/share/bait/one", content: "" }] },
    );
    const place = await open(t, [interested, added]);
    const configured = place.out("configured");
    const ready = { ...place.recipe, scripts: "run", packages: ["dpkg", "interested"].map(asked) } as const;
    await build(place.options({ recipe: ready, outputs: [{ kind: "oci-layout", destination: configured }] }));
    const upper = { ...ready, packages: [asked("added")], base: { image: configured, upgrade: false } };
    const outputs = [{ kind: "oci-layout", destination: place.out("upper") }] as const;
    const { platforms } = await build(place.options({ recipe: upper, outputs }));
    const top = readLayout(place.out("upper")).layers.at(-1);
    assert.ok(top);
    const files = new Map(filesOf(top.plain).map(({ entry, text }) => [entry.path, text]));
    assert.deepEqual((files.get("log") ?? "").split("\n").sort(), [
      "",
      "added postinst configure ",
      "interested postinst configure ",
      "interested postinst triggered /usr/share/bait named",
    ]);
    assert.equal(files.get("etc/seen"), "root:x:0:0::/root:/bin/sh\n");
    assert.match(files.get("etc/passwd") ?? "", /^root.*\nx:x:7/s);
    assert.deepEqual(
      [...(files.get("var/lib/dpkg/status")?.matchAll(/^Status: (.*)$/gm) ?? [])].map(([, status]) => status),
      ["install ok installed", "install ok installed", "install ok installed"],
    );
    assert.deepEqual(
      platforms[0]?.scripts.map((one) => `${one.package} ${one.script} ${one.done}`),
      ["added postinst run"],
    );
    assert.ok(
      ![...files.keys()].some((path) => path.startsWith("usr/bin/") || path.includes("policy-rc.d")),
      [...files.keys()].join(" "),
    );
  });

  test("the same scripts on the same packages run once, and the build says so", async (t) => {
    const place = await open(t, [scripted("one", { postinst: "date +%s%N >/etc/when" })]);
    const first = await builtIn(place);
    assert.ok(first.events.includes("running 1 script"));
    const recipe = { ...place.recipe, config: { labels: { changed: "yes" } } };
    const second = await builtIn(place, { recipe });
    assert.equal(second.text("etc/when"), first.text("etc/when"));
    assert.ok(second.events.some((text) => text.startsWith("scripts have run on these packages before")));
  });

  test("the ledger says of each script what was done and what that changed, in built images and unchanged ones", async (t) => {
    const one = scripted(
      "one",
      {
        preinst: "echo a >/etc/a",
        postinst: "echo b >/etc/b; echo x >/etc/shared; rm /usr/share/one/gone; echo l >/var/log/dpkg.log",
      },
      { tree: [{ path: "usr/share/one/gone", content: "" }] },
    );
    const two = scripted(
      "two",
      { postinst: "echo y >>/etc/shared; touch /etc/brief; rm /etc/brief" },
      { fields: { Depends: "one" } },
    );
    const upgrade = scripted("upgrade", { preinst: 'dpkg-maintscript-helper rm_conffile /etc/x 1.0 -- "$@"' });
    const place = await open(t, [one, two, upgrade]);
    const ledgers = ["first.json", "second.json"].map((name) => join(place.folder, name));
    const recipe = { ...place.recipe, variant: "empty" };
    for (const ledgerFile of ledgers) {
      await build(
        place.options({ recipe, ledgerFile, outputs: [{ kind: "oci", destination: place.out("image.tar") }] }),
      );
    }
    const [first, second] = ledgers.map((file) => readFileSync(file, "utf8"));
    assert.equal(first, second);
    const { platforms } = JSON.parse(first ?? "") as {
      platforms: Record<string, { scripts: unknown; normalized: unknown }>;
    };
    const version = "1.0-1";
    assert.deepEqual(platforms["linux/amd64"]?.scripts, [
      { package: "one", version, script: "preinst", done: "run", changed: ["/etc/a"] },
      {
        package: "one",
        version,
        script: "postinst",
        done: "run",
        changed: ["/etc/b", "/etc/shared", "/usr/share/one/gone"],
      },
      { package: "two", version, script: "postinst", done: "run", changed: ["/etc/shared"] },
      { package: "upgrade", version, script: "preinst", done: "not-needed", changed: [] },
    ]);
    assert.match(JSON.stringify(platforms["linux/amd64"]?.normalized), /"\/var\/log\/dpkg.log".*"rule":"logs"/);
  });

  test("recipe: accounts and files come after scripts, and what it removes goes last", async (t) => {
    const one = scripted("one", {
      postinst: "echo script >/etc/file; echo gone >/etc/gone; echo user:x:5:5::/: >>/etc/passwd",
    });
    const place = await open(t, [one], {
      recipe: {
        scripts: "run",
        accounts: {
          users: [{ name: "app", uid: 900, gid: 900, home: "/app", shell: "/bin/sh", comment: "" }],
          groups: [],
        },
        files: [{ kind: "file", path: "etc/file", mode: 0o644, uid: 0, gid: 0, content: "recipe" }],
        remove: ["/etc/gone"],
      },
    });
    const { text, entries } = await builtIn(place);
    assert.deepEqual([text("etc/file"), entries.has("etc/gone")], ["recipe", false]);
    assert.match(text("etc/passwd") ?? "", /^user:x:5:5::\/:\napp:x:900:900::\/app:\/bin\/sh$/m);
  });

  test("what differs from run to run is not in the image", async (t) => {
    const secrets = `echo $$ >/etc/machine-id; mkdir -p /etc/ssh /var/lib/systemd /run/one
date +%N >/etc/ssh/ssh_host_rsa_key; date +%N >/var/lib/systemd/random-seed; date +%N >/run/one/pid; date +%N >/tmp/x
echo "root:*:99999:0:99999:7:::" >/etc/shadow`;
    const place = await open(t, [scripted("one", { postinst: secrets })]);
    const { entries, text } = await builtIn(place);
    assert.equal(text("etc/machine-id"), "");
    assert.equal(text("etc/shadow"), "root:*:20240:0:99999:7:::\n");
    for (const path of ["etc/ssh/ssh_host_rsa_key", "var/lib/systemd/random-seed", "run/one/pid", "tmp/x"]) {
      assert.ok(!entries.has(path), path);
    }
    const again = await open(t, [scripted("one", { postinst: secrets })]);
    assert.deepEqual((await builtIn(again)).result.digest, (await builtIn(place)).result.digest);
  });

  const failing: readonly {
    readonly name: string;
    readonly scripts: Record<string, string>;
    readonly message: RegExp;
  }[] = [
    {
      name: "a postinst that fails",
      scripts: { postinst: "echo what went wrong >&2; exit 3" },
      message: /postinst of "one": subprocess returned error exit status 3[\s\S]*what went wrong/,
    },
    {
      name: "a preinst that fails",
      scripts: { preinst: "echo not here; exit 4" },
      message: /preinst of "one": it ended with exit code 4[\s\S]*not here/,
    },
    { name: "a postinst that is killed", scripts: { postinst: "kill -9 $$" }, message: /postinst of "one": .*137/ },
    {
      name: "a postinst that wants the network",
      scripts: { postinst: ": </dev/tcp/192.0.2.1/80 || cat /proc/net/route | { read -r l; read -r l; }" },
      message: /postinst of "one"/,
    },
  ];
  for (const { name, scripts, message } of failing) {
    test(`${name} ends the build, is named with its last words, and leaves nothing`, async (t) => {
      const error = await failureOf(await open(t, [scripted("one", scripts)]));
      assert.equal(error.code, "SCRIPT_FAILED");
      assert.match(error.message, message);
    });
  }

  test("a script that hangs, with a daemon beside it, is stopped when the time is over", async (t) => {
    const place = await open(t, [scripted("one", { postinst: "echo waiting; setsid sleep 4711 & sleep 4711" })]);
    const error = await failureOf(place, { scriptTimeoutSeconds: 2 });
    assert.equal(error.code, "SCRIPT_FAILED");
    assert.match(error.message, /postinst of "one": it had not ended after 2 seconds[\s\S]*waiting/);
    const left = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes("4711"));
    assert.deepEqual(left, []);
  });

  test("images without a package manager cannot run scripts, and say what to do", async (t) => {
    const place = await open(t, [], { suites: { trixie: [{ name: "one", control: { postinst: "#!/bin/sh\n" } }] } });
    assert.equal((await failureOf(place)).code, "SCRIPT_UNKNOWN");
  });

  test("the lock says what was done about each script", async (t) => {
    const place = await open(t, [scripted("one", { postinst: "true" })]);
    const lockFile = join(place.folder, "test.lock.json");
    const { lock } = await import("../../src/build/lock.ts");
    await lock(place.options({ lockFile }));
    await builtIn(place, { lockFile });
    assert.match(readFileSync(lockFile, "utf8"), /"scripts": \{\s*"run": \[\s*"one\.postinst"\s*\]\s*\}/);
    assert.ok(existsSync(lockFile));
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
