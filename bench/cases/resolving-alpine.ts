// Choosing 50 packages from the whole of a real index: Alpine 3.16's main, 4,929 packages, verified each time.
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { alpineKeys } from "../../src/distros/alpine/keys.ts";
import { type Case, commandsOf, emptyFolder, race, seriesOf } from "../kit/lab.ts";
import { atMost, compare, cpuOf, wallOf } from "../kit/report.ts";

const index = resolve(
  import.meta.dirname,
  "../../../shared/fixtures/alpine/apko-testdata/chainguard-dev+apko/pkg/apk/apk/testdata/alpine-316/APKINDEX.tar.gz",
);
const names =
  "busybox bash curl git nginx python3 perl openssl openssh rsync vim tmux postgresql14 mariadb nodejs gcc g++ make cmake automake " +
  "autoconf libtool patch diffutils findutils coreutils grep sed gawk tar gzip bzip2 xz zstd unzip zip sqlite redis haproxy bind " +
  "dnsmasq iptables nftables iproute2 tcpdump strace gdb htop openrc ruby";

export const resolvingAlpine: Case = {
  name: "resolve-alpine",
  run: async (lab) => {
    const folder = emptyFolder(join(lab.workspace.folder, "resolve-alpine"));
    const title = "Choosing 50 packages of Alpine 3.16's main (4,929 packages), index read before";
    if (!existsSync(index))
      return { name: "resolve-alpine", title, rows: [], notes: ["Left out: the index is not here."], commands: [] };
    mkdirSync(join(folder, "mirror/x86_64"), { recursive: true });
    copyFileSync(index, join(folder, "mirror/x86_64/APKINDEX.tar.gz"));
    const keys = alpineKeys.filter(({ architectures }) => architectures.includes("x86_64"));
    for (const { name, armored } of keys) writeFileSync(join(folder, name), armored);
    const lines = [
      "distro: alpine:3.16",
      "platforms: [linux/amd64]",
      `packages: [${names.split(" ").join(", ")}]`,
      `repositories: [{url: ./mirror, only: true, keys: [${keys.map(({ name }) => `./${name}`).join(", ")}]}]`,
    ];
    writeFileSync(join(folder, "fifty.yaml"), `${lines.join("\n")}\n`);
    const command = lab.product.command(["resolve", "fifty.yaml", "--progress", "quiet"], {
      cwd: folder,
      cache: join(folder, "cache"),
    });
    const all = race(lab, [{ name: "dodai", command: () => command }], 9);
    const ours = seriesOf(all, "dodai");
    return {
      name: "resolve-alpine",
      title,
      rows: [
        compare({ what: "wall", ours: wallOf(ours), unit: " s", aim: atMost(0.3, " s") }),
        compare({ what: "CPU", ours: cpuOf(ours), unit: " s" }),
      ],
      notes: ["apk cannot be timed beside it: it is in no Debian package."],
      commands: commandsOf(all, lab),
    };
  },
};
