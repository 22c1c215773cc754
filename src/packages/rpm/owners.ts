// rpm names owners; entries have numbers. The numbers that Fedora, CentOS and their kin fixed once for all (their package
// setup, file "uidgid") are known here; any other name is looked up once the image's accounts are there, and until then is
// root, as rpm takes it when it finds no account.

const users =
  "root:0 bin:1 daemon:2 adm:3 lp:4 sync:5 shutdown:6 halt:7 mail:8 news:9 uucp:10 operator:11 games:12 " +
  "gopher:13 ftp:14 man:15 oprofile:16 pkiuser:17 squid:23 named:25 postgres:26 mysql:27 nscd:28 rpcuser:29 rpc:32 " +
  "amandabackup:33 ntp:38 mailman:41 gdm:42 utempter:35 apache:48 smmsp:51 tomcat:53 ldap:55 tss:59 pcp:995 " +
  "avahi:70 tcpdump:72 sshd:74 cyrus:76 pcap:77 dbus:81 mailnull:47 postfix:89 dovecot:97 nobody:65534 " +
  "systemd-network:192 systemd-resolve:193 qemu:107 saslauth:76 vcsa:69 haldaemon:68";
const groups =
  "root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 mem:8 kmem:9 wheel:10 cdrom:11 mail:12 news:13 uucp:14 " +
  "man:15 oprofile:16 pkiuser:17 dialout:18 floppy:19 games:20 slocate:21 utmp:22 squid:23 named:25 postgres:26 mysql:27 " +
  "nscd:28 rpcuser:29 rpc:32 tape:33 utempter:35 kvm:36 video:39 dip:40 mailman:41 gdm:42 apache:48 ftp:50 smmsp:51 " +
  "tomcat:53 lock:54 ldap:55 tss:59 audio:63 avahi:70 tcpdump:72 sshd:74 saslauth:76 pcap:77 dbus:81 screen:84 " +
  "postdrop:90 postfix:89 dovecot:97 users:100 nobody:65534 input:104 render:105 qemu:107 systemd-journal:190 " +
  "systemd-network:192 systemd-resolve:193 mailnull:47";

const table = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text
      .split(" ")
      .map((one) => one.split(":"))
      .map(([name = "", id]) => [name, Number(id)]),
  );

const uids: ReadonlyMap<string, number> = table(users);
const gids: ReadonlyMap<string, number> = table(groups);

export const uidOf = (name: string): number => uids.get(name) ?? 0;
export const gidOf = (name: string): number => gids.get(name) ?? 0;
