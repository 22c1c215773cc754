// Effects that stand for the scripts of a minimal Debian, on extracts of what its packages hold. What is expected is what
// the scripts themselves left there.
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import type { Effect, EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { parseTemplates } from "../../../src/rootfs/effects/debconf-templates.ts";
import { effectNamed } from "../../../src/rootfs/effects/effects.ts";
import { treeOf } from "../../kit/tree.ts";

interface World {
  /** Files with their content; a path that ends in `/` is a folder, `-> TARGET` makes a link. */
  readonly files?: Readonly<Record<string, string>>;
  /** Control members by package. */
  readonly packages?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly epoch?: number;
}

function contextOf({ files = {}, packages = {}, epoch = 0 }: World): EffectContext {
  const lines = Object.entries(files).map(([path, text]) => (text.startsWith("-> ") ? `${path} ${text}` : path));
  const read = (path: string): Uint8Array => Buffer.from(files[path] ?? "", "latin1");
  return {
    tree: treeOf(lines),
    read,
    open: (path) => memoryAccess(read(path)),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "debian", release: "trixie" },
    users: [],
    groups: [],
    epoch,
    packages: Object.entries(packages).map(([name, members]) => ({
      name,
      version: "1",
      control: Object.entries(members).map(([member, text]) => ({
        name: member,
        mode: 0o755,
        bytes: Buffer.from(text, "latin1"),
      })),
    })),
  };
}

/** `PATH` → content or `-> TARGET`; modes and groups other than the usual in front. */
function madeBy(name: string, world: World): Readonly<Record<string, string>> {
  const effect: Effect = effectNamed(name);
  const { files, removed } = effect.apply(contextOf(world));
  assert.deepEqual(removed, []);
  return Object.fromEntries(
    files.map((file) => {
      if (file.kind === "symlink") return [file.path, `-> ${file.target}`];
      if (file.kind === "directory") return [`${file.path}/`, ""];
      const odd = file.mode === 0o644 ? "" : `${file.mode.toString(8)}:${file.gid ?? 0} `;
      return [file.path, `${odd}${Buffer.from(file.bytes).toString("latin1")}`];
    }),
  );
}

const mawk = `update-alternatives --install /usr/bin/awk awk /usr/bin/mawk 5 \\
            --slave /usr/share/man/man1/awk.1.gz awk.1.gz /usr/share/man/man1/mawk.1.gz \\
            --slave /usr/bin/nawk nawk /usr/bin/mawk
`;

describe("alternatives", () => {
  it("link the choice and its slaves, and leave dpkg's record", () => {
    const files = { "usr/bin/mawk": "", "usr/share/man/man1/mawk.1.gz": "" };
    assert.deepEqual(madeBy("alternatives", { files, packages: { mawk: { postinst: `#!/bin/sh\n  ${mawk}` } } }), {
      "etc/alternatives/awk": "-> /usr/bin/mawk",
      "usr/bin/awk": "-> /etc/alternatives/awk",
      "etc/alternatives/awk.1.gz": "-> /usr/share/man/man1/mawk.1.gz",
      "usr/share/man/man1/awk.1.gz": "-> /etc/alternatives/awk.1.gz",
      "etc/alternatives/nawk": "-> /usr/bin/mawk",
      "usr/bin/nawk": "-> /etc/alternatives/nawk",
      "var/lib/dpkg/alternatives/awk":
        "auto\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\nnawk\n/usr/bin/nawk\n\n" +
        "/usr/bin/mawk\n5\n/usr/share/man/man1/mawk.1.gz\n/usr/bin/mawk\n\n",
    });
  });

  it("do not link a manual that is left out, and record it all the same", () => {
    const made = madeBy("alternatives", { files: { "usr/bin/mawk": "" }, packages: { mawk: { postinst: mawk } } });
    assert.equal(made["etc/alternatives/awk.1.gz"], undefined);
    assert.match(made["var/lib/dpkg/alternatives/awk"] ?? "", /mawk\.1\.gz/);
  });

  it("are not made for a program that is not there, nor by words that a shell would change", () => {
    const postinst = "update-alternatives --install /usr/bin/awk awk $PROGRAM 5\n";
    assert.deepEqual(madeBy("alternatives", { packages: { mawk: { postinst: mawk } } }), {});
    assert.deepEqual(madeBy("alternatives", { files: { "usr/bin/mawk": "" }, packages: { mawk: { postinst } } }), {});
  });
});

test("shells are listed by both their names, those of the template first", () => {
  const files = {
    bin: "-> usr/bin",
    "usr/share/debianutils/shells": "# /etc/shells: valid login shells\n/bin/sh\n",
    "usr/share/debianutils/shells.d/bash": "/bin/bash\n/bin/rbash\n",
    "usr/share/debianutils/shells.d/dash": "/usr/bin/dash\n",
  };
  const state = "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/usr/bin/dash\n";
  const made = madeBy("shells", { files });
  assert.equal(made["var/lib/shells.state"], state);
  assert.equal(made["etc/shells"], `# /etc/shells: valid login shells\n${state}`);
});

describe("shadow files", () => {
  const files = {
    "etc/passwd": "root:*:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\n",
    "etc/group": "root:*:0:\naudio:*:29:app\n",
    "etc/login.defs": "#PASS_MAX_DAYS 1\nPASS_MAX_DAYS\t99999\nPASS_WARN_AGE 7\n",
  };

  it("take over what stands for passwords, with the build's day", () => {
    assert.deepEqual(madeBy("shadow", { files, epoch: 1_764_000_000 }), {
      "etc/passwd": "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\n",
      "etc/group": "root:x:0:\naudio:x:29:app\n",
      "etc/passwd-": `600:0 ${files["etc/passwd"]}`,
      "etc/group-": files["etc/group"],
      "etc/shadow": "640:42 root:*:20416:0:99999:7:::\napp:!:20416:0:99999:7:::\n",
      "etc/gshadow": "640:42 root:*::\naudio:*::app\n",
      "etc/.pwd.lock": "600:0 ",
    });
  });

  it("are left alone where they are, and not made without accounts", () => {
    assert.deepEqual(madeBy("shadow", { files: { ...files, "etc/shadow": "" } }), {});
    assert.deepEqual(madeBy("shadow", {}), {});
  });
});

const template = (type: string): string => `# ${type}
# here are the per-package modules (the "Primary" block)
$${type}_primary
# here's the fallback if no module succeeds
${type}	requisite			pam_deny.so
# and here are more per-package modules (the "Additional" block)
$${type}_additional
# end of pam-auth-update config
`;

const unix = `Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
	[success=end default=ignore]	pam_unix.so nullok try_first_pass
Auth-Initial:
	[success=end default=ignore]	pam_unix.so nullok
Session-Type: Additional
Session:
	required	pam_unix.so
`;

const profileFiles = {
  "usr/share/pam/common-auth": template("auth"),
  "usr/share/pam/common-session": template("session"),
  "usr/share/pam-configs/unix": unix,
  "usr/share/pam-configs/mkhomedir":
    "Name: Create home\nDefault: no\nPriority: 0\nSession-Type: Additional\nSession:\n\toptional pam_mkhomedir.so\n",
};

describe("PAM's common files", () => {
  it("have the modules of the profiles that are on by default", () => {
    const made = madeBy("pam-profiles", { files: profileFiles });
    assert.equal(
      made["etc/pam.d/common-auth"],
      template("auth")
        .replace("$auth_primary", "auth\t[success=1 default=ignore]\tpam_unix.so nullok")
        .replace("$auth_additional\n", ""),
    );
    assert.equal(
      made["etc/pam.d/common-session"],
      template("session")
        .replace("$session_primary", "session\t[default=1]\t\t\tpam_permit.so")
        .replace("$session_additional", "session\trequired\tpam_unix.so "),
    );
    assert.equal(made["var/lib/pam/auth"], "Module: unix\n[success=end default=ignore]\tpam_unix.so nullok\n");
    assert.equal(
      made["var/lib/pam/session"],
      "Module: null\n[default=1]\t\t\tpam_permit.so\nModule: unix\nrequired\tpam_unix.so\n",
    );
    assert.equal(made["var/lib/pam/seen"], "unix\nmkhomedir\n");
  });

  it("jump over all modules that follow, and try a password again only after the first", () => {
    const ldap = unix.replace("Unix", "LDAP").replaceAll("pam_unix", "pam_ldap").replace("256", "128");
    const made = madeBy("pam-profiles", { files: { ...profileFiles, "usr/share/pam-configs/ldap": ldap } });
    assert.match(
      made["etc/pam.d/common-auth"] ?? "",
      /\[success=2 default=ignore\]\tpam_unix\.so nullok\nauth\t\[success=1 default=ignore\]\tpam_ldap\.so nullok try_first_pass\n/,
    );
  });
});

test("units of systemd are enabled where their files say", () => {
  const files = {
    lib: "-> usr/lib",
    "usr/lib/systemd/system/apt-daily.timer": "[Timer]\n\n[Install]\nWantedBy=timers.target\n",
  };
  const tree = {
    files: { ...files, "lib/systemd/system/apt-daily.timer": files["usr/lib/systemd/system/apt-daily.timer"] },
  };
  const postinst =
    "deb-systemd-helper unmask 'apt-daily.timer'\n\tdeb-systemd-helper enable 'apt-daily.timer' >/dev/null || true\n";
  const notes = "var/lib/systemd/deb-systemd-helper-enabled";
  assert.deepEqual(madeBy("systemd-units", { ...tree, packages: { apt: { postinst } } }), {
    "etc/systemd/system/timers.target.wants/apt-daily.timer": "-> /lib/systemd/system/apt-daily.timer",
    [`${notes}/apt-daily.timer.dsh-also`]: "/etc/systemd/system/timers.target.wants/apt-daily.timer\n",
    [`${notes}/timers.target.wants/apt-daily.timer`]: "",
  });
});

describe("diversions", () => {
  const trixie = {
    "base-files": {
      preinst:
        '  for d in lib32 libo32 libx32; do\n    # DEP17\n    dpkg-divert --quiet --package base-files --add --no-rename --divert "/.$d.usr-is-merged" "/$d"\n  done\n',
    },
    libc6: {
      preinst:
        '    dpkg-divert --quiet --add --no-rename --divert "/lib64/ld-linux-x86-64.so.2.usr-is-merged" "/lib64/ld-linux-x86-64.so.2"\n',
    },
  };
  const bookworm = {
    dash: { postinst: "\tdpkg-divert --package dash --no-rename --divert $distrib --add $dfile\n" },
  };
  const order = (packages: World["packages"]): readonly string[] =>
    (madeBy("diversions", packages ? { packages } : {})["var/lib/dpkg/diversions"] ?? "")
      .split("\n")
      .filter((_, at) => at % 3 === 0 && at > -1)
      .filter((line) => line !== "");

  it("are those of Debian 13, in dpkg's order", () => {
    assert.deepEqual(order(trixie), ["/lib64/ld-linux-x86-64.so.2", "/libx32", "/lib32", "/libo32"]);
  });

  it("are those of Debian 12, in dpkg's order", () => {
    assert.deepEqual(order(bookworm), ["/usr/share/man/man1/sh.1.gz", "/bin/sh"]);
  });

  it("are not touched where no script makes any", () => assert.deepEqual(madeBy("diversions", {}), {}));
});

test("the hardware clock's start-up script is linked where its header says, among folders of all levels", () => {
  const files = { "etc/init.d/hwclock.sh": "# Default-Start:     S\n# Default-Stop:      0 6\n" };
  const made = madeBy("init-scripts", { files });
  assert.equal(Object.keys(made).filter((path) => path.endsWith("/")).length, 8);
  assert.equal(made["etc/rcS.d/S01hwclock.sh"], "-> ../init.d/hwclock.sh");
  assert.equal(made["etc/rc0.d/K01hwclock.sh"], "-> ../init.d/hwclock.sh");
});

test("subordinate ids are listed by the package whose script does so", () => {
  const postinst = 'touch "$DPKG_ROOT/etc/subuid"\ntouch "$DPKG_ROOT/etc/subgid"\n';
  assert.deepEqual(madeBy("subordinate-ids", { packages: { login: { postinst } } }), {
    "etc/subuid": "",
    "etc/subgid": "",
  });
  assert.deepEqual(madeBy("subordinate-ids", { packages: { login: { postinst: "exit 0\n" } } }), {});
});

test("dpkg leaves its locks, and the native architecture where its script writes it", () => {
  const control = "Package: dpkg\nArchitecture: arm64\n";
  const made = madeBy("dpkg-state", { packages: { dpkg: { control, postinst: "create_db_native_arch\n" } } });
  assert.equal(made["var/lib/dpkg/arch-native"], "arm64\n");
  assert.equal(made["var/lib/dpkg/lock"], "640:0 ");
  assert.equal(made["var/lib/dpkg/triggers/Lock"], "600:0 ");
  const older = madeBy("dpkg-state", { packages: { dpkg: { control, postinst: "" } } });
  assert.equal(older["var/lib/dpkg/arch-native"], undefined);
});

describe("debconf's templates", () => {
  const texts = [
    {
      name: "a description runs on",
      text: "Template: a\nDescription: b\n one\n two\n",
      field: "extended_description",
      value: "one two",
    },
    {
      name: "a dot parts paragraphs",
      text: "Template: a\nDescription: b\n one\n .\n two\n",
      field: "extended_description",
      value: "one\n\ntwo",
    },
    {
      name: "deeper lines stay lines",
      text: "Template: a\nDescription: b\n one\n   deep \n two\n",
      field: "extended_description",
      value: "one\n  deep\ntwo",
    },
    {
      name: "languages are lower case",
      text: "Template: a\nDescription-pt_BR.UTF-8: \xe1\n",
      field: "description-pt_br.utf-8",
      value: "\xe1",
    },
  ];
  for (const { name, text, field, value } of texts) {
    it(name, () => assert.equal(parseTemplates(text)[0]?.fields.get(field), value));
  }

  it("are written with their owners, and questions with default answers", () => {
    const templates = "Template: libpam-runtime/override\nType: boolean\nDescription: Override?\n";
    const packages = {
      debconf: {
        control: "Package: debconf\nArchitecture: all\n",
        templates: "Template: debconf/priority\nType: select\nDefault: high\nDescription: x\n",
      },
      libc6: {
        control: "Package: libc6\nArchitecture: amd64\nMulti-Arch: same\n",
        templates: "Template: glibc/upgrade\nType: boolean\nDescription: y\n",
      },
      "libpam-runtime": { control: "Package: libpam-runtime\nArchitecture: all\n", templates },
    };
    const made = madeBy("debconf", { packages });
    assert.equal(
      made["var/cache/debconf/config.dat"],
      `Name: debconf/priority\nTemplate: debconf/priority\nValue: high\nOwners: debconf\n\n` +
        `Name: glibc/upgrade\nTemplate: glibc/upgrade\nOwners: libc6, libc6:amd64\n\n` +
        `Name: libpam-runtime/override\nTemplate: libpam-runtime/override\nValue: false\nOwners: libpam-runtime\n\n`,
    );
    assert.match(
      made["var/cache/debconf/templates.dat"] ?? "",
      /^Name: debconf\/priority\nDefault: high\nDescription: x\nType: select\nOwners: debconf\/priority\n\n/,
    );
    assert.equal(made["var/cache/debconf/passwords.dat"], "600:0 ");
  });

  it("are not written where debconf is not", () => assert.deepEqual(madeBy("debconf", {}), {}));
});
