import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { InstalledPackage } from "../../../src/packages/contract.ts";
import { configurePlan } from "../../../src/packages/deb/configure.ts";
import { failedScript, runningPackage } from "../../../src/packages/deb/configure-output.ts";
import { controlText, type DebSpec } from "../../kit/deb.ts";

const options = { architecture: "amd64", epoch: 1_700_000_000, has: () => false };

function unpacked(spec: DebSpec): InstalledPackage {
  const members = { control: controlText(spec), ...spec.control };
  return {
    name: spec.name,
    version: spec.version ?? "1.0-1",
    architecture: spec.architecture ?? "amd64",
    control: Object.entries(members).map(([name, text]) => ({ name, mode: 0o755, bytes: Buffer.from(text) })),
    paths: (spec.tree ?? []).map(({ path }) => `/${path}`),
    md5: new Map(),
  };
}

const required = { Priority: "required" };
const preinst = "#!/bin/sh\nset -e\nsomething\n";
const dpkg: DebSpec = { name: "dpkg", version: "1:1.22.21-3+b1", fields: { Essential: "yes" } };
const basePasswd: DebSpec = {
  name: "base-passwd",
  fields: { ...required, "Pre-Depends": "early" },
  control: { preinst },
};
const early: DebSpec = { name: "early", fields: required, control: { preinst } };

const planned = (specs: readonly DebSpec[]): readonly string[] =>
  configurePlan(specs.map(unpacked), options).commands.map(({ argv, script }) =>
    script ? `${script.script} of ${script.package}` : `dpkg ${argv.slice(argv.indexOf("--configure")).join(" ")}`,
  );

const orders: readonly {
  readonly name: string;
  readonly specs: readonly DebSpec[];
  readonly order: readonly string[];
}[] = [
  { name: "configures all at once where no preinst has to run", specs: [dpkg], order: ["dpkg --configure -a"] },
  {
    name: "makes accounts before all else",
    specs: [early, dpkg, basePasswd],
    order: ["preinst of base-passwd", "preinst of early", "dpkg --configure -a"],
  },
  {
    name: "runs a preinst after those of what its package pre-depends on, by name or by what is provided",
    specs: [
      { name: "a", fields: { ...required, "Pre-Depends": "awk" }, control: { preinst } },
      { name: "b", fields: { ...required, Provides: "awk", "Pre-Depends": "c (>= 1) | d" }, control: { preinst } },
      { name: "c", fields: required, control: { preinst } },
      dpkg,
    ],
    order: ["preinst of c", "preinst of b", "preinst of a", "dpkg --configure -a"],
  },
  {
    name: "does not go round in circles",
    specs: [
      { name: "a", fields: { ...required, "Pre-Depends": "b" }, control: { preinst } },
      { name: "b", fields: { ...required, "Pre-Depends": "a" }, control: { preinst } },
      dpkg,
    ],
    order: ["preinst of b", "preinst of a", "dpkg --configure -a"],
  },
  {
    name: "configures the base before a preinst that may rely on it",
    specs: [
      { name: "dpkg", fields: { Essential: "yes", "Pre-Depends": "libx" } },
      { name: "libx", fields: { "Multi-Arch": "same", Priority: "optional" }, control: { preinst } },
      { name: "web", fields: { Priority: "optional", Depends: "libx" }, control: { preinst } },
    ],
    order: ["preinst of libx", "dpkg --configure dpkg libx:amd64", "preinst of web", "dpkg --configure -a"],
  },
];

describe("the plan for packages that are unpacked", () => {
  for (const { name, specs, order } of orders) it(name, () => assert.deepEqual(planned(specs), order));

  it("gives scripts what dpkg gives them, and nothing of the machine", () => {
    const lib: DebSpec = { name: "libx", fields: { "Multi-Arch": "same", ...required }, control: { preinst } };
    const [first] = configurePlan([dpkg, lib].map(unpacked), options).commands;
    assert.deepEqual(first, {
      argv: ["/var/lib/dpkg/info/libx:amd64.preinst", "install"],
      environment: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        LC_ALL: "C.UTF-8",
        DEBIAN_FRONTEND: "noninteractive",
        DEBCONF_NONINTERACTIVE_SEEN: "true",
        SOURCE_DATE_EPOCH: "1700000000",
        PERL_HASH_SEED: "0",
        PYTHONHASHSEED: "0",
        DPKG_ADMINDIR: "/var/lib/dpkg",
        DPKG_ROOT: "",
        DPKG_RUNNING_VERSION: "1.22.21",
        DPKG_MAINTSCRIPT_PACKAGE: "libx",
        DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT: "1",
        DPKG_MAINTSCRIPT_ARCH: "amd64",
        DPKG_MAINTSCRIPT_NAME: "preinst",
        DPKG_MAINTSCRIPT_DEBUG: "0",
        PERL_DL_NONLAZY: "1",
        DEBCONF_PACKAGE: "libx",
      },
      script: { package: "libx", script: "preinst" },
    });
  });

  it("does not let dpkg report on the standard output of scripts, which it would close", () => {
    const argv = configurePlan([unpacked(dpkg)], options).commands.at(-1)?.argv;
    assert.deepEqual(argv?.slice(0, 4), ["/bin/sh", "-c", 'exec /usr/bin/dpkg "$@" 3>&1', "dpkg"]);
    assert.equal(argv[argv.indexOf("--status-fd") + 1], "3");
  });

  it("keeps services from starting", () => {
    const { temporary } = configurePlan([unpacked(dpkg)], options);
    assert.deepEqual(
      temporary.map((file) => (file.kind === "file" ? [file.path, file.mode, String(file.bytes)] : file)),
      [["usr/sbin/policy-rc.d", 0o755, "#!/bin/sh\nexit 101\n"]],
    );
  });

  it("leaves a policy-rc.d that is there as it is", () => {
    assert.deepEqual(configurePlan([unpacked(dpkg)], { ...options, has: () => true }).temporary, []);
  });

  it("names every script that may run, with its path", () => {
    const library: DebSpec = {
      name: "libx",
      fields: { ...required, "Multi-Arch": "same" },
      control: { preinst, postinst: "#!/bin/sh\n" },
    };
    assert.deepEqual(configurePlan([dpkg, library].map(unpacked), options).scripts, [
      { package: "libx", script: "preinst", path: "var/lib/dpkg/info/libx:amd64.preinst" },
      { package: "libx", script: "postinst", path: "var/lib/dpkg/info/libx:amd64.postinst" },
    ]);
  });

  it("refuses packages without dpkg", () => {
    assert.throws(() => configurePlan([unpacked(early)], options), { code: "SCRIPT_UNKNOWN" });
  });
});

const helper = 'dpkg-maintscript-helper rm_conffile /etc/cron.daily/x 1:4.7-2\\~ -- "$@"';
const texts: readonly { readonly name: string; readonly text: string; readonly runs: boolean }[] = [
  { name: "only helpers that look for an older version", text: `#!/bin/sh\nset -e\n# Made\n${helper}\n`, runs: false },
  { name: "nothing at all", text: "#!/bin/sh\n\nexit 0\n", runs: false },
  { name: "a further command", text: `#!/bin/sh\n${helper}\nldconfig\n`, runs: true },
  {
    name: "a command behind a helper",
    text: '#!/bin/sh\ndpkg-maintscript-helper rm_conffile /x; y -- "$@"\n',
    runs: true,
  },
  {
    name: "a helper that dodai does not know",
    text: '#!/bin/sh\ndpkg-maintscript-helper new_thing /x -- "$@"\n',
    runs: true,
  },
];
for (const { name, text, runs } of texts) {
  test(`a preinst with ${name} is ${runs ? "run" : "not needed"}`, () => {
    const spec: DebSpec = { name: "one", fields: required, control: { preinst: text } };
    const { needless, commands } = configurePlan([dpkg, spec].map(unpacked), options);
    assert.deepEqual([needless, commands.length], runs ? [[], 2] : [[{ package: "one", script: "preinst" }], 1]);
  });
}

/** As dpkg 1.22.22 and 1.21.23 print it. */
const failures = [
  {
    name: "a postinst, by its status line",
    output:
      "Setting up passwd (1:4.17.4-2) ...\nprocessing: configure: passwd\nstatus: passwd: unpacked\nstatus: passwd: half-configured\nstatus: passwd : error : installed passwd package post-installation script subprocess returned error exit status 1\nSetting up util-linux (2.41.5-0+deb13u1) ...\n",
    failed: { package: "passwd", script: "postinst", exitCode: 1, reason: "subprocess returned error exit status 1" },
  },
  {
    name: "a postinst, by what standard error says",
    output:
      "dpkg: error processing package libc6:amd64 (--configure):\n installed libc6:amd64 package post-installation script subprocess returned error exit status 127\nErrors were encountered while processing:\n libc6:amd64\n",
    failed: {
      package: "libc6",
      script: "postinst",
      exitCode: 127,
      reason: "subprocess returned error exit status 127",
    },
  },
  {
    name: "a postinst that a signal ended",
    output:
      "status: one : error : installed one package post-installation script subprocess was killed by signal (Killed)\n",
    failed: {
      package: "one",
      script: "postinst",
      exitCode: undefined,
      reason: "subprocess was killed by signal (Killed)",
    },
  },
  {
    name: "nobody where only dependencies are missing",
    output: "status: adduser : error : dependency problems - leaving unconfigured\n",
    failed: undefined,
  },
  { name: "nobody where all went well", output: "status: apt: installed\n", failed: undefined },
];
for (const { name, output, failed } of failures) {
  test(`dpkg's output blames ${name}`, () => assert.deepEqual(failedScript(output), failed));
}

const running = [
  {
    name: "the package that is being configured",
    output: "processing: configure: tzdata\nstatus: tzdata: half-configured\nHello\n",
    is: "tzdata",
  },
  { name: "the package whose trigger is processed", output: "processing: trigproc: libc-bin:amd64\n", is: "libc-bin" },
  {
    name: "none after the last",
    output: "processing: configure: apt\nstatus: apt: half-configured\nstatus: apt: installed\n",
    is: undefined,
  },
  { name: "none before the first", output: "", is: undefined },
];
for (const { name, output, is } of running) {
  test(`dpkg's output tells ${name}`, () => assert.equal(runningPackage(output), is));
}
