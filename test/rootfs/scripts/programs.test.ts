// Programs that dodai does itself. What shadow-utils 4.6 and chkconfig 1.7 write was read off CentOS 7; systemd's are asked here.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needs, run } from "../../kit/oracle.ts";
import { temporaryFolder } from "../../kit/temporary.ts";
import { type Contents, epoch, runOn } from "./root.ts";

const accounts: Contents = {
  "usr/sbin/useradd": "",
  "usr/sbin/groupadd": "",
  "usr/sbin/usermod": "",
  "usr/bin/getent": "",
  "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/sbin/nologin\n",
  "etc/group": "root:x:0:\nbin:x:1:\nwheel:x:10:\nmail:x:12:\n",
  "etc/shadow": "root:*:1::::::\nbin:*:1::::::\n",
  "etc/gshadow": "root:::\nbin:::\nwheel:::\nmail:::\n",
  "etc/login.defs": "SYS_UID_MIN 201\nSYS_UID_MAX 999\nSYS_GID_MIN 201\nSYS_GID_MAX 999\n",
};

describe("useradd and groupadd", () => {
  it("add the system's accounts as shadow-utils does", () => {
    const script = `
      groupadd -r -g 81 dbus 2>/dev/null || :
      useradd -c 'System message bus' -u 81 -g 81 -s /sbin/nologin -r -d '/' dbus 2> /dev/null || :
      getent passwd foo >/dev/null || useradd -r -s /sbin/nologin -d /var/lib/foo -c "Foo daemon" foo
      getent passwd foo >/dev/null || useradd -r -u 1 other
      groupadd -r bar; useradd -r -g bar -G foo,mail -M -s /bin/bash bar
      usermod -a -G wheel foo; groupadd -r foo; echo $? >/out; groupadd -f -r foo; echo $? >>/out
      groupadd -g 81 -r x; echo $? >>/out; groupadd -f -g 81 -r zz`;
    const { changed } = runOn(accounts, script);
    assert.equal(
      changed["etc/group"]?.split("\n").slice(2).join("\n"),
      "wheel:x:10:foo\nmail:x:12:bar\ndbus:x:81:\nfoo:x:999:bar\nbar:x:998:\nzz:x:997:\n",
    );
    assert.equal(
      changed["etc/gshadow"]?.split("\n").slice(2).join("\n"),
      "wheel:::foo\nmail:::bar\ndbus:!::\nfoo:!::bar\nbar:!::\nzz:!::\n",
    );
    assert.equal(
      changed["etc/passwd"]?.split("\n").slice(2).join("\n"),
      "dbus:x:81:81:System message bus:/:/sbin/nologin\nfoo:x:999:999:Foo daemon:/var/lib/foo:/sbin/nologin\n" +
        "bar:x:998:998::/home/bar:/bin/bash\n",
    );
    assert.equal(changed["etc/shadow"]?.split("\n")[3], "foo:!!:1000::::::");
    assert.equal(changed.out, "9\n0\n4\n");
    assert.equal(changed["etc/.pwd.lock"], "");
    assert.ok(!changed["etc/group-"]?.includes("zz"));
  });
});

const alternatives: Contents = {
  "usr/sbin/update-alternatives": "-> alternatives",
  "usr/sbin/alternatives": "",
  "etc/alternatives/": "",
  "var/lib/alternatives/": "",
  "usr/share/": "",
  ...Object.fromEntries(["a1", "a2", "b1", "b2", "m2"].map((name) => [`usr/bin/${name}`, ""])),
};

describe("alternatives", () => {
  it("write links and files as chkconfig's does", () => {
    const { changed } = runOn(
      alternatives,
      `update-alternatives --install /usr/bin/a a /usr/bin/a1 10 --slave /usr/bin/b b /usr/bin/b1
      /usr/sbin/alternatives --install /usr/bin/a a /usr/bin/a2 20 --slave /usr/bin/b b /usr/bin/b2 --slave /usr/share/m m /usr/bin/m2 || :
      alternatives --remove zz /usr/bin/a || echo $? >/out`,
    );
    assert.deepEqual(changed, {
      "etc/alternatives/a": "-> /usr/bin/a2",
      "etc/alternatives/b": "-> /usr/bin/b2",
      "etc/alternatives/m": "-> /usr/bin/m2",
      out: "2\n",
      "usr/bin/a": "-> /etc/alternatives/a",
      "usr/bin/b": "-> /etc/alternatives/b",
      "usr/share/m": "-> /etc/alternatives/m",
      "var/lib/alternatives/a":
        "auto\n/usr/bin/a\nb\n/usr/bin/b\nm\n/usr/share/m\n\n/usr/bin/a1\n10\n/usr/bin/b1\n\n/usr/bin/a2\n20\n/usr/bin/b2\n/usr/bin/m2\n",
    });
  });
  it("are left alone where somebody chose", () => {
    const chosen = { ...alternatives, "var/lib/alternatives/a": "manual\n/usr/bin/a\n\n/usr/bin/a1\n10\n" };
    const script = "alternatives --install /usr/bin/a a /usr/bin/a2 20";
    assert.throws(() => runOn(chosen, script), { code: "SCRIPT_UNKNOWN" });
  });
});

describe("units", () => {
  const unit = "[Unit]\nDescription=x\n[Install]\nWantedBy=multi-user.target\n[Service]\nAlias=no.service\n";
  const systemd: Contents = {
    "usr/bin/systemctl": "",
    "etc/systemd/system/": "",
    "usr/lib/systemd/system/a.service": unit,
    "usr/lib/systemd/system/b.service": unit,
    "usr/lib/systemd/system/c.service": "[Unit]\n",
    "usr/lib/systemd/system-preset/90-default.preset": "enable a.*\n",
    "usr/lib/systemd/system-preset/99-default.preset": "disable *\n",
  };
  it("are enabled as presets say", () => {
    const { changed } = runOn(systemd, "systemctl --no-reload preset a.service b.service c.service none.service || :");
    assert.deepEqual(changed, {
      "etc/systemd/system/multi-user.target.wants/": "",
      "etc/systemd/system/multi-user.target.wants/a.service": "-> /usr/lib/systemd/system/a.service",
    });
  });
  it("that need more than a link are not known", () => {
    const also = { ...systemd, "usr/lib/systemd/system/a.service": `${unit}[Install]\nAlso=b.socket\n` };
    assert.throws(() => runOn(also, "systemctl preset a.service; systemctl enable b.service"), {
      code: "SCRIPT_UNKNOWN",
    });
  });
});

describe("systemd's files of packages", () => {
  const lines = [
    "# comment",
    'u dbus 81 "System Message Bus" / -',
    "g foo - -",
    'u foo - "Foo" /var/lib/foo /bin/bash',
    'u bar - "Bar" -',
    'u baz 300:mail "Baz"',
    "g grp 990",
    "m bar mail",
    "m baz newgrp",
    'u taken 81 "T"',
    "g taken2 12",
  ];
  it("make the accounts that systemd-sysusers makes", needs("systemd-sysusers"), async (t) => {
    const root = await temporaryFolder(t);
    const { "etc/login.defs": _defs, ...etc } = accounts;
    const contents: Contents = { ...etc, "usr/lib/sysusers.d/a.conf": `${lines.join("\n")}\n` };
    for (const [path, text] of Object.entries(contents)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    for (const name of ["shadow", "gshadow"]) chmodSync(join(root, "etc", name), 0o600);
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
    run("systemd-sysusers", ["--root", root], { env });
    const { changed } = runOn({ ...contents, "usr/bin/systemd-sysusers": "" }, "systemd-sysusers");
    const theirs = readdirSync(join(root, "etc")).sort();
    assert.deepEqual(
      Object.keys(changed)
        .map((path) => path.slice(4))
        .sort(),
      theirs,
    );
    for (const name of theirs)
      assert.equal(changed[`etc/${name}`], readFileSync(join(root, "etc", name), "utf8"), name);
  });
  it("make the folders, files and links that last", () => {
    const conf = [
      "d /var/lib/app 0750 bin bin -",
      "d /run/app - - -",
      "f /var/lib/app/file 0600 - - - text",
      "L /etc/mtab - - - - ../proc/self/mounts",
      "d! /var/lib/boot - - - -",
      "x /var/tmp/app",
    ];
    const contents: Contents = {
      ...accounts,
      "usr/bin/systemd-tmpfiles": "",
      "var/lib/": "",
      "usr/lib/tmpfiles.d/app.conf": conf.join("\n"),
    };
    const { changed, files } = runOn(contents, "systemd-tmpfiles --create app.conf || :");
    assert.deepEqual(changed, { "etc/mtab": "-> ../proc/self/mounts", "var/lib/app/": "", "var/lib/app/file": "text" });
    const { mode, uid } = files.stat("/var/lib/app") ?? {};
    assert.deepEqual([mode, uid], [0o750, 1]);
  });
});
