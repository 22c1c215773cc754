// Every command of pykickstart's versions fc3 to f45 and rhel3 to rhel11, with the options that any of them has. A command that
// one version has and another dropped is known: which version a file is for is rarely said, and never certain.

/**
 * What a command takes: first how many words beside options, `1`, `0-1`, `1+` or `raw` for anything at all; then options, with
 * `=` for a value, `#` for a whole number, `?` for a value that may be missing, `!` in front for one that must be there,
 * and in parentheses the values that there are.
 */
const commandTable: Readonly<Record<string, string>> = {
  auth: "raw",
  authconfig: "raw",
  authselect: "raw",
  autopart:
    "0 backuppassphrase cipher= encrypted escrowcert= fstype= hibernation hw-passphrase= luks-version= noboot nohome nolvm noswap passphrase= pbkdf= pbkdf-iterations# pbkdf-memory# pbkdf-time# type=",
  autostep: "0 autoscreenshot",
  bootc: "0 bootloader= composefs !source-imgref= stateroot= target-imgref=",
  bootloader:
    "0 append= boot-drive= default= disabled driveorder= extlinux hvargs= iscrypted lba32 leavebootorder linear location=(mbr|partition|none|boot) md5pass= nolinear nombr password= sdboot timeout# upgrade useLilo",
  btrfs: "1+ data= label= metadata= mkfsoptions= name= noformat parent= subvol useexisting",
  cdrom: "0",
  clearpart: "0 all cdl disklabel= drives= initlabel linux list= none",
  cmdline: "0 non-interactive",
  device: "1+ opts=",
  deviceprobe: "raw",
  dmraid: "0 !dev= !name=",
  driverdisk: "0+ biospart= source= type=",
  eula: "0 accept accepted agree agreed",
  fcoe: "0 autovlan dcb !nic=",
  firewall:
    "0+ disable disabled enable enabled ftp high? http medium? port= remove-service= service= smtp ssh telnet trust= use-system-defaults",
  firstboot: "0 disable disabled enable enabled reconfig",
  graphical: "0 non-interactive",
  group: "0 gid# !name=",
  halt: "0 eject kexec",
  harddrive: "0 biospart= !dir= partition=",
  hmc: "0",
  ignoredisk: "0 drives= interactive only-use=",
  install: "0 root-device=",
  interactive: "0",
  iscsi: "0 iface= !ipaddr= password= port# reverse-password= reverse-user= target= user=",
  iscsiname: "1",
  key: "0-1 skip",
  keyboard: "0-1 switch= vckeymap= xlayouts=",
  lang: "1 addsupport=",
  langsupport: "0+ default=",
  lilo: "0 append= driveorder= lba32 linear location=(mbr|partition|none|boot) md5pass= nolinear password= upgrade useLilo",
  lilocheck: "0",
  liveimg: "0 checksum= noverifyssl proxy= !url=",
  logging: "0 host= level=(debug|info|warning|error|critical) port=",
  logvol:
    "1 backuppassphrase bytes-per-inode= cachemode= cachepvs= cachesize# chunksize# cipher= encrypted escrowcert= fsoptions= fsprofile= fstype= grow hibernation label= luks-version= maxsize# metadatasize# mkfsoptions= !name= noformat passphrase= pbkdf= pbkdf-iterations# pbkdf-memory# pbkdf-time# percent# poolname= profile= recommended resize size# thin thinpool useexisting !vgname=",
  mediacheck: "0",
  method: "0-1 metalink= mirrorlist= noverifyssl proxy= sslcacert= sslclientcert= sslclientkey= url=",
  module: "0 disable !name= stream=",
  monitor: "0 hsync= monitor= noprobe vsync=",
  mount: "2 mkfsoptions= mountoptions= reformat?",
  mouse: "0-1 device= emulthree",
  multipath: "0 !device= !name= !rule=",
  network:
    "0 activate bindto=(mac) bondopts= bondslaves= bootproto=(dhcp|bootp|static|query|ibft) bridgeopts= bridgeslaves= device= dhcpclass= essid= ethtool= gateway= hostname= interfacename= ip= ipv4-dns-search= ipv4-ignore-auto-dns ipv6= ipv6-dns-search= ipv6-ignore-auto-dns ipv6gateway= mtu= nameserver= netmask= no-activate nodefroute nodns noipv4 noipv6 notksdevice onboot=(on|yes|true|1|off|no|false|0) teamconfig= teamslaves= vlanid= wepkey= wpakey=",
  nfs: "0 !dir= opts= !server=",
  nvdimm: "1 blockdevs= mode=(sector) namespace= sectorsize#",
  ostreecontainer: "0 no-signature-verification remote= stateroot= transport= !url=",
  ostreesetup: "0 nogpg !osname= !ref= remote= !url=",
  part: "1 active asprimary backuppassphrase bytes-per-inode= cipher= encrypted end= escrowcert= fsoptions= fsprofile= fstype= grow hibernation hw-passphrase= label= luks-version= maxsize# mkfsoptions= noformat onbiosdisk= ondisk= ondrive= onpart= passphrase= pbkdf= pbkdf-iterations# pbkdf-memory# pbkdf-time# recommended resize size# start= type= usepart=",
  poweroff: "0 eject kexec",
  raid: "1+ backuppassphrase bytes-per-inode= chunksize# cipher= !device= encrypted escrowcert= fsoptions= fsprofile= fstype= label= level= luks-version= mkfsoptions= noformat passphrase= pbkdf= pbkdf-iterations# pbkdf-memory# pbkdf-time# spares# useexisting",
  rdp: "0 password= username=",
  realm: "raw",
  reboot: "0 eject kexec",
  repo: "0 baseurl= cost# excludepkgs= ignoregroups=(on|yes|true|1|off|no|false|0) includepkgs= install metalink= mirrorlist= !name= noverifyssl proxy= sslcacert= sslclientcert= sslclientkey=",
  reqpart: "0 add-boot",
  rescue: "0 nomount romount",
  rhsm: "0 !activation-key= connect-to-insights flatpak-registry-url= !organization= proxy= rhsm-baseurl= server-hostname=",
  rootpw: "0-1 allow-ssh iscrypted lock plaintext",
  selinux: "0 disabled enforcing permissive",
  services: "0 disabled= enabled=",
  shutdown: "0 eject kexec",
  skipx: "0",
  snapshot: "1 !name= !when=(post-install|pre-install)",
  sshkey: "1 !username=",
  sshpw: "1+ iscrypted lock plaintext sshkey !username=",
  stratisfs: "1 grow maxsize# !name= !poolname= size# useexisting",
  stratispool: "1+ encrypted overprovisioning passphrase= useexisting",
  syspurpose: "0 addon= role= sla= usage=",
  text: "0 non-interactive",
  timesource: "0 ntp-disable ntp-pool= ntp-server= nts",
  timezone: "0-1 isUtc nontp ntpservers= utc",
  unsupported_hardware: "0",
  updates: "0-1",
  upgrade: "0 root-device=",
  url: "0 metalink= mirrorlist= noverifyssl proxy= sslcacert= sslclientcert= sslclientkey= url=",
  user: "0 gecos= gid# groups= homedir= iscrypted lock !name= password= plaintext shell= uid#",
  vnc: "0 connect= host= password= port=",
  volgroup: "1+ noformat pesize# reserved-percent# reserved-space# useexisting",
  xconfig:
    "0 card= defaultdesktop= depth= driver= hsync= monitor= noprobe? resolution= server= startxonboot videoram= vsync=",
  zerombr: "0-1",
  zfcp: "0 !devnum= fcplun= scsiid= scsilun= wwpn=",
  zipl: "0 force-secure-boot no-secure-boot secure-boot",
};

/** Other names of commands. */
const sameCommands: Readonly<Record<string, string>> = { partition: "part" };

/** Headers of sections, in the same form. */
const sectionTable: Readonly<Record<string, string>> = {
  "%addon": "raw",
  "%anaconda": "raw",
  "%certificate": "0 dir= !filename= type=(anchor)",
  "%onerror": "0 erroronfail interpreter= log= logfile=",
  "%packages":
    "0 default exclude-weakdeps excludeWeakdeps excludedocs ignorebroken ignoredeps ignoremissing inst-langs= instLangs= multilib nobase nocore resolvedeps retries# timeout#",
  "%post": "0 erroronfail interpreter= log= logfile= nochroot",
  "%pre": "0 erroronfail interpreter= log= logfile=",
  "%pre-install": "0 erroronfail interpreter= log= logfile=",
  "%traceback": "0 erroronfail interpreter= log= logfile=",
};

/** Of a line of %packages that names a group. */
const groupTable = "0+ nodefaults optional";

export interface OptionForm {
  readonly name: string;
  readonly value: "none" | "text" | "number" | "maybe";
  readonly required: boolean;
  /** The values that there are; any when empty. */
  readonly choices: readonly string[];
}

export interface WordsForm {
  /** Takes what follows as it is. */
  readonly raw: boolean;
  readonly fewest: number;
  readonly most: number;
  readonly options: ReadonlyMap<string, OptionForm>;
}

export const commandNames: readonly string[] = [...Object.keys(commandTable), "partition"];
export const sectionNames: readonly string[] = Object.keys(sectionTable);

export const formOfCommand = (name: string): WordsForm | undefined => formIn(commandTable, sameCommands[name] ?? name);
export const formOfSection = (name: string): WordsForm | undefined => formIn(sectionTable, name);
export const formOfGroup = (): WordsForm => parseForm(groupTable);

function formIn(table: Readonly<Record<string, string>>, name: string): WordsForm | undefined {
  const text = Object.hasOwn(table, name) ? table[name] : undefined;
  return text === undefined ? undefined : parseForm(text);
}

function parseForm(text: string): WordsForm {
  const [count = "", ...options] = text.split(" ");
  const [, fewest = "0", most = fewest] = /^(\d)(?:-(\d)|\+)?$/.exec(count) ?? [];
  return {
    raw: count === "raw",
    fewest: Number(fewest),
    most: count.endsWith("+") || count === "raw" ? Number.POSITIVE_INFINITY : Number(most),
    options: new Map(options.map(parseOption).map((one) => [one.name, one])),
  };
}

const valueSigns: Readonly<Record<string, OptionForm["value"]>> = {
  "": "none",
  "=": "text",
  "#": "number",
  "?": "maybe",
};

function parseOption(text: string): OptionForm {
  const [, required = "", name = "", sign = "", choices] = /^(!?)([\w-]+)([=#?]?)(?:\((.*)\))?$/.exec(text) ?? [];
  return {
    name: `--${name}`,
    value: valueSigns[sign] ?? "none",
    required: required !== "",
    choices: choices?.split("|") ?? [],
  };
}
