// What base-files' postinst makes on a fresh system: places for local files, and root's start-up files.
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { textFile } from "./text-file.ts";

const mail = 8;
const utmp = 43;

const defaults = [
  ["dot.profile", "root/.profile"],
  ["dot.bashrc", "root/.bashrc"],
  ["profile", "etc/profile"],
  ["motd", "etc/motd"],
  ["info.dir", "usr/share/info/dir"],
] as const;

const folders = ["etc/opt", "media", "mnt", "opt", "srv", "var/opt"];

const localFolders = ["", "/bin", "/etc", "/games", "/include", "/lib", "/sbin", "/share", "/share/man", "/src"];

const links = [
  ["etc/dpkg/origins/default", "debian"],
  ["usr/local/man", "share/man"],
  ["var/lock", "/run/lock"],
  ["var/run", "/run"],
  ["var/spool/mail", "../mail"],
] as const;

export const baseFiles: Effect = {
  name: "base-files",
  summary: "makes the folders, links and start-up files of base-files' postinst",
  covers: [{ package: "base-files", scripts: ["preinst", "postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const { tree, distribution } = context;
  const local = distribution.release === "bookworm" ? localFolders : [...localFolders, "/libexec"];
  const files: GeneratedFile[] = [
    ...[...folders, ...local.map((name) => `usr/local${name}`)].map(
      (path) => ({ kind: "directory", path, mode: 0o755 }) as const,
    ),
    { kind: "directory", path: "var/mail", mode: 0o2775, gid: mail },
    { kind: "directory", path: "run/lock", mode: 0o1777 },
    ...copies(context),
    ...[["btmp", 0o660] as const, ["lastlog", 0o664] as const, ["wtmp", 0o664] as const].map(([name, mode]) => ({
      ...textFile(`var/log/${name}`, "", mode),
      gid: utmp,
    })),
  ].filter(({ path }) => !tree.has(path)) as GeneratedFile[];
  const linked = links.filter(([path]) => tree.get(path)?.entry.kind !== "symlink");
  return {
    files: [...files, ...linked.map(([path, target]) => ({ kind: "symlink", path, target }) as const)],
    // Empty folders that base-files ships for older systems make way for the links.
    removed: linked.map(([path]) => path).filter((path) => tree.get(path)?.entry.kind === "directory"),
  };
}

function copies({ tree, read }: EffectContext): readonly GeneratedFile[] {
  const there = defaults.filter(([name]) => tree.has(`usr/share/base-files/${name}`));
  return there.map(([name, path]): GeneratedFile => {
    const bytes = read(`usr/share/base-files/${name}`);
    return { kind: "file", path, mode: 0o644, bytes };
  });
}
