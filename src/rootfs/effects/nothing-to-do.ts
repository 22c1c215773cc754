// Scripts that were read and change nothing in a fresh image: they look after upgrades, running services or questions.
import type { Effect } from "./contract.ts";

export const nothingToDo: Effect = {
  name: "nothing-to-do",
  summary: "stands for scripts that change nothing in a fresh image",
  covers: [
    // Usr-merge is checked there; dodai has made it so.
    { package: "base-files", scripts: ["preinst"] },
    { package: "usr-is-merged", scripts: ["preinst", "postinst"] },
    // Older versions' configuration files and links.
    { package: "adduser", scripts: ["preinst"] },
    { package: "apt", scripts: ["preinst"] },
    { package: "coreutils-from-uutils", scripts: ["preinst", "postinst"] },
    { package: "debian-archive-keyring", scripts: ["preinst", "postinst"] },
    { package: "e2fsprogs", scripts: ["preinst"] },
    { package: "gzip", scripts: ["preinst", "postinst"] },
    { package: "libgcrypt20", scripts: ["postinst"] },
    { package: "libselinux1", scripts: ["postinst"] },
    { package: "login.defs", scripts: ["postinst"] },
    { package: "ubuntu-keyring", scripts: ["postinst"] },
    { package: "perl-base", scripts: ["preinst", "postinst"] },
    // Links that are there where /bin is a link.
    { package: "coreutils", scripts: ["postinst"] },
    { package: "init-system-helpers", scripts: ["postinst"] },
    // Starts a unit where systemd runs.
    { package: "libpam-modules-bin", scripts: ["postinst"] },
    // Asks which certificates to trust; unanswered, it is all of them.
    { package: "ca-certificates", scripts: ["config"] },
    // Upgrades, running services, the age of the kernel.
    { package: "libpam0g", scripts: ["postinst"] },
    { package: "libc6", scripts: ["preinst", "postinst"] },
    // Asks for the time zone; unanswered, it is UTC. The preinst turns old folders into links on upgrades.
    { package: "tzdata", scripts: ["config", "preinst"] },
    // Alpine: an old link's name, and an owner that the package's own file has.
    { package: "alpine-baselayout", scripts: [".post-install"] },
    // Alpine: services of runlevels as they were called before 2008.
    { package: "openrc", scripts: [".post-install"] },
  ],
  apply: () => ({ files: [], removed: [] }),
};
