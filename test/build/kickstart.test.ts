// A kickstart of the form of CentOS 7's own, on real packages: what its commands and scripts leave in the image.
import assert from "node:assert/strict";
import { globSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { runDodai } from "../kit/build.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { needsSandbox } from "../sandbox/open.ts";

const real = fixture("rpm/centos7-real");

const kickstart = (repository: string): string => `# This is a minimal CentOS kickstart designed for docker.
url --url="file://${repository}"
install
keyboard us
rootpw --lock --iscrypted locked
timezone --isUtc --nontp UTC
selinux --enforcing
firewall --disabled
network --bootproto=dhcp --device=link --activate --onboot=on
shutdown
bootloader --disable
lang en_US
user --name=app --uid=1500 --shell=/sbin/nologin
repo --name="CentOS" --baseurl=file://${repository} --cost=100
zerombr
clearpart --all --initlabel
part / --size 3000 --fstype ext4

%packages --excludedocs --instLangs=en --nocore
bash
centos-release   # what it is
rpm
-kernel*
-ncurses-base
%end

%pre
touch /tmp/NOSAVE_LOGS
%end

%post --log=/anaconda-post.log
echo to the log
rpm -e kernel
:> /etc/machine-id
/bin/date +%Y%m%d_%H%M > /etc/BUILDTIME
id -u app > /etc/app-id
%end

%post --nochroot --erroronfail --log=/mnt/sysimage/root/outside.log
echo "$PWD"; test -x /mnt/sysimage/bin/bash && touch /mnt/sysimage/etc/outside
%end
`;

describe("a kickstart of CentOS 7", { ...needs(real, "createrepo_c"), ...(await needsSandbox()) }, () => {
  it("is built like its recipe, by the distribution's keys, with all that it says", async (t) => {
    const folder = await temporaryFolder(t);
    const repository = join(folder, "repository");
    mkdirSync(repository);
    for (const file of globSync(`${real}/{lzhuan-test+zabbix-tutorial/rpms,stand-ins}/*.rpm`)) {
      symlinkSync(file, join(repository, basename(file)));
    }
    run("createrepo_c", ["-q", repository]);
    writeFileSync(join(folder, "centos-7-x86_64.ks"), kickstart(repository));
    const dodai = (...words: readonly string[]) =>
      runDodai(words, { cwd: folder, env: { HOME: folder, SOURCE_DATE_EPOCH: "1569888000" } });
    const distro = ["--distro", "centos:7"];

    // The stand-ins of the fixture are not signed.
    const refused = await dodai("build", "centos-7-x86_64.ks", ...distro);
    assert.equal(refused.status, 4, refused.stderr);
    assert.match(refused.stderr, /SIGNATURE_MISSING/);

    const built = await dodai("build", "centos-7-x86_64.ks", ...distro, "--insecure-unsigned");
    assert.equal(built.status, 0, built.stderr);
    assert.match(
      built.stderr,
      /of no effect in a container image: install, selinux, firewall, network, shutdown, bootloader/,
    );
    assert.match(built.stderr, /ks:27:1: %pre is not run/);

    assert.equal((await dodai("import", "centos-7-x86_64.ks", ...distro, "-o", "recipe.yaml")).status, 0);
    const again = await dodai("build", "recipe.yaml", "--insecure-unsigned");
    assert.equal(again.stdout, built.stdout, again.stderr);

    const shown =
      "cat /anaconda-post.log /etc/BUILDTIME /etc/app-id /etc/locale.conf; head -n 1 /etc/shadow; ls /etc/outside /usr/share/man/man1; rpm -q ncurses-base";
    const ran = await dodai("run", "./centos-7-x86_64.tar", "--", "/bin/bash", "-c", shown);
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(
      ran.stdout,
      /^to the log\nerror: package kernel is not installed\n20191001_0000\n1500\nLANG="en_US.UTF-8"\nroot:!\*?:/,
    );
    // yum keeps out of groups alone, and bash needs ncurses-base.
    assert.match(ran.stdout, /\/etc\/outside\n\n\/usr\/share\/man\/man1:\nncurses-base-5/);
  });
});
