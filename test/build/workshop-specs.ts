// A small distribution for rpmbuild: everything that a package can hold, in every compression of payloads that rpm writes.

const start = (name: string, payload: string, more = ""): string => `
%global _binary_payload ${payload}
Name: ${name}
Version: 2.0
Release: 1
Summary: Package ${name} of a test
License: MIT
AutoReqProv: no
${more}
%description
Package ${name}.
`;

const sub = (name: string, lines: readonly string[]): string => `
%package -n ${name}
Summary: Package ${name} of a test
AutoReqProv: no
${lines.join("\n")}
%description -n ${name}
Package ${name}.
`;

const base = `${start("filesystem", "w19.zstdio")}
${sub("setup", ["BuildArch: noarch", "Requires: filesystem"])}
${sub("shell", ["Epoch: 1", "Requires: filesystem", "Provides: /bin/sh", "Provides: bundled(libc) = 2.36"])}
%install
cd %{buildroot}
mkdir -p usr/bin usr/lib usr/lib64 usr/sbin usr/share/doc etc var/log var/spool/mail tmp root dev proc sys run srv
for one in bin lib lib64 sbin; do ln -s usr/$one $one; done
cp -a %{host}/usr .
printf 'root:x:0:0::/root:/bin/sh\\nserver:x:812:813::/:/bin/sh\\n' >etc/passwd
printf 'root:x:0:\\nserver:x:813:\\nmail:x:12:\\n' >etc/group
printf 'root:*:::::::\\n' >etc/shadow
find . -exec touch -h -d @1600000000 {} +
%files
%dir %attr(0555,root,root) /
%dir /usr
%dir %attr(0555,root,root) /usr/bin
%dir /usr/lib
%dir %attr(0555,root,root) /usr/lib64
%dir /usr/sbin
%dir /usr/share
%dir /usr/share/doc
%dir /etc
%dir /var
%dir /var/log
%dir %attr(0775,root,mail) /var/spool/mail
%dir %attr(1777,root,root) /tmp
%dir %attr(0550,root,root) /root
%dir /dev
%dir /proc
%dir /sys
%dir /run
/bin
/lib
/lib64
/sbin
%files -n setup
%config(noreplace) /etc/passwd
%config(noreplace) /etc/group
%config(noreplace) %attr(0000,root,root) /etc/shadow
%files -n shell
/usr/bin/*
/usr/lib/*
/usr/lib64/*
`;

const script = (name: string): string => `echo ${name} "$1" >>/var/log/scripts`;

const app = `${start(
  "app",
  "w6.xzdio",
  `Requires: setup, /bin/sh, libdata >= 1:1.5
Requires: (extra if shell)
Requires: (shell or (nothing-has-this and neither-this))
Requires(pre): setup
Recommends: nice
Recommends: (nice-too if nice)
Suggests: suggested
Conflicts: libdata < 1:1.5`,
)}
${sub("extra", ["BuildArch: noarch", "Obsoletes: old-extra < 3", "Provides: old-extra = 3"])}
${sub("old-extra", ["Provides: (x with y)".replace("(x with y)", "nothing")])}
${sub("nice", ["Supplements: app", "Requires: app = %{version}-%{release}"])}
${sub("nice-too", ["Enhances: app"])}
${sub("suggested", ["BuildArch: noarch"])}
${sub("completes", ["Supplements: (app and shell)"])}
%install
cd %{buildroot}
mkdir -p usr/bin usr/libexec/app etc/app.d usr/share/app/locale usr/share/licenses/app usr/share/man/man1 var/lib/app srv/app dev
for one in extra old-extra nice nice-too suggested completes; do echo $one >usr/share/app/$one; done
echo '#!/bin/sh' >usr/bin/app
ln usr/bin/app usr/bin/app-again
ln usr/bin/app usr/libexec/app/third
ln -s app usr/bin/app-link
ln -s ../../etc/app.d usr/share/app/settings
ln -s /nowhere/at/all usr/share/app/dangling
echo setuid >usr/libexec/app/setuid
echo x=1 >etc/app.conf
echo y=1 >etc/app.d/one
echo de >usr/share/app/locale/de
echo fr >usr/share/app/locale/fr
echo MIT >usr/share/licenses/app/LICENSE
echo page >usr/share/man/man1/app.1
echo mine >srv/app/data
printf '' >srv/app/empty
echo 'with space' >'usr/share/app/a b'
echo umlaut >usr/share/app/ü
find . -exec touch -h -d @1600000001 {} +
%pre
${script("pre")}
%post
${script("post")}
mkdir /var/lib/app/made
echo made >/var/lib/app/made/file
chmod 600 /var/lib/app/made/file
%posttrans
${script("posttrans")}
%files
%caps(cap_net_bind_service=ep) %attr(0755,root,root) /usr/bin/app
%caps(cap_net_bind_service=ep) %attr(0755,root,root) /usr/bin/app-again
%caps(cap_net_bind_service=ep) %attr(0755,root,root) /usr/libexec/app/third
/usr/bin/app-link
%attr(4711,root,server) /usr/libexec/app/setuid
%config(noreplace) /etc/app.conf
%config /etc/app.d/one
%dir %attr(2750,root,server) /etc/app.d
%dir /usr/share/app
/usr/share/app/settings
/usr/share/app/dangling
/usr/share/app/ü
"/usr/share/app/a b"
%lang(de) /usr/share/app/locale/de
%lang(fr) /usr/share/app/locale/fr
%license /usr/share/licenses/app/LICENSE
%doc /usr/share/man/man1/app.1
%dir /var/lib/app
%dev(c,1,3) %attr(0666,root,root) /dev/null
%dev(c,1,9) %attr(0666,root,root) /dev/urandom
%ghost /var/log/app.log
%ghost %attr(0600,root,root) /etc/app.secret
%attr(0640,server,server) /srv/app/data
%attr(-,nobody-knows,server) /srv/app/empty
%files -n extra
/usr/share/app/extra
%files -n old-extra
/usr/share/app/old-extra
%files -n nice
/usr/share/app/nice
%files -n nice-too
/usr/share/app/nice-too
%files -n suggested
/usr/share/app/suggested
%files -n completes
/usr/share/app/completes
`;

const libdata = `${start("libdata", "w9.bzdio", "Epoch: 1\nBuildArch: noarch\nRequires: filesystem")}
%install
mkdir -p %{buildroot}/usr/share/libdata
seq 1 400000 >%{buildroot}/usr/share/libdata/numbers
%files
/usr/share/libdata
`;

const tool = (version: string): string => `${start("tool", "w9.gzdio", "BuildArch: noarch").replace("2.0", version)}
%install
mkdir -p %{buildroot}/usr/share/tool
echo ${version} >%{buildroot}/usr/share/tool/version
%files
/usr/share/tool
`;

export const workshopSpecs: readonly string[] = [base, app, libdata, tool("1.0"), tool("2.0"), tool("9.0")];

export const workshopComps = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
  <group><id>core</id><name>Core</name><default>true</default><uservisible>true</uservisible>
    <packagelist>
      <packagereq type="mandatory">app</packagereq>
      <packagereq type="default">completes</packagereq>
      <packagereq type="optional">suggested</packagereq>
    </packagelist>
  </group>
  <environment><id>small</id><name>Small</name><display_order>1</display_order>
    <grouplist><groupid>core</groupid></grouplist>
  </environment>
</comps>
`;

const stream = (name: string, version: string): string => `---
document: modulemd
version: 2
data:
  name: tool
  stream: "${name}"
  version: 1
  context: abcdef01
  arch: x86_64
  summary: Tool ${name}
  description: >-
    Tool: of a test.
  license:
    module: [MIT]
  profiles:
    common:
      rpms: [tool]
  artifacts:
    rpms:
    - tool-0:${version}-1.noarch
...
`;

export const workshopModules: string = `${stream("one", "1.0")}${stream("two", "2.0")}---
document: modulemd-defaults
version: 1
data:
  module: tool
  stream: "one"
  profiles:
    one: [common]
    two: [common]
...
`;
