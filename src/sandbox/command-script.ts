// How a command gets into its root: text for the host's `sh`, which is process 1 of the command's own namespaces.
//
// The last program before the command is a shell that has given up all that the command may not do. It waits, loaded, while
// the root of all processes here is exchanged (pivot_root) and the outer side takes the host's file system away; then it
// becomes the command. So there is no moment at which the command could see the host, and nothing is needed in the image.
//
// File descriptors: 0 and 1 the command's, 2 what the programs here complain of, 3 "exchange the root now", 4 reports,
// 5 "become the command now", 6 the command's standard error, 7 what the guard asks, and the answers.

/**
 * The capabilities that Docker gives, by setpriv's names. Making device nodes is allowed; opening them is not (`nodev`). With
 * the host's network `net_raw` would be the host's traffic.
 */
const capabilities = (network: boolean): readonly string[] => [
  ...[
    "chown",
    "dac_override",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "net_bind_service",
    ...(network ? [] : ["net_raw"]),
  ],
  ...["sys_chroot", "mknod", "audit_write", "setfcap"],
];

export const capabilityArguments = (network: boolean): readonly string[] => [
  `--bounding-set=-all,${capabilities(network)
    .map((name) => `+${name}`)
    .join(",")}`,
  "--inh-caps=-all",
];

/** Arguments of `outerScript` before the words that it runs. */
export interface OuterArguments {
  readonly table: string;
  /** A mounted sysfs of the command's own network; empty for the host's network. */
  readonly sysfs: string;
  /** How many processes there may be at once; `undefined` where the kernel counts those of the whole host. */
  readonly maxProcesses: number | undefined;
  readonly merged: string;
  readonly workdir: string;
}

export const formatOuterArguments = ({
  table,
  sysfs,
  maxProcesses,
  merged,
  workdir,
}: OuterArguments): readonly string[] => [
  table,
  sysfs,
  maxProcesses === undefined ? "" : String(maxProcesses),
  merged,
  workdir,
];

// IFF_UP of lo, by sysfs: a host need not have `ip`.
export const outerScript = `
umask 022
ulimit -c 0
read -r self rest </proc/self/stat
echo "self $self" >&4
table=$1 sysfs=$2 processes=$3 merged=$4 workdir=$5
shift 5
if [ -n "$processes" ]; then echo "$processes" >/proc/sys/kernel/pid_max; fi 2>/dev/null
mount -i -n -a -T "$table" 2>&4 || exit 125
if [ -n "$sysfs" ]; then echo 0x9 >"$sysfs/class/net/lo/flags"; fi 2>/dev/null
cd "$merged" 2>&4 || exit 125
{ read -r now && pivot_root . . && echo exchanged >&4; } <&3 2>&4 5<&- 6>&- 7>&- &
(cd "$workdir" && exec "$@" 2>&6 3<&- 6>&-)
exit $?
`;

export const innerScript = `
echo loaded >&4
read -r now <&5 || exit 125
exec 4>&- 5<&- 7>&-
unset PWD OLDPWD
while [ "$1" != -- ]; do export "$1"; shift; done
shift
exec "$@"
`;
