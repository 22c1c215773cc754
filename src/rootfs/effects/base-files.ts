// What base-files' postinst makes on a fresh system: places for local files, and root's start-up files.
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { scriptText, textFile } from "./text-file.ts";

const mail = 8;
const utmp = 43;

/** What Debian's script copies; Ubuntu's has another list. */
const defaults: readonly (readonly [name: string, path: string])[] = [
  ["dot.profile", "root/.profile"],
  ["dot.bashrc", "root/.bashrc"],
  ["profile", "etc/profile"],
  ["motd", "etc/motd"],
  ["info.dir", "usr/share/info/dir"],
];

const folders = ["etc/opt", "media", "mnt", "opt", "srv", "var/opt"];

/** Below usr/local, where the script does not say. */
const localFolders = [
  "",
  "/bin",
  "/etc",
  "/games",
  "/include",
  "/lib",
  "/libexec",
  "/sbin",
  "/share",
  "/share/man",
  "/src",
];

const links: readonly (readonly [path: string, target: string])[] = [
  ["usr/local/man", "share/man"],
  ["var/lock", "/run/lock"],
  ["var/run", "/run"],
  ["var/spool/mail", "../mail"],
];

export const baseFiles: Effect = {
  name: "base-files",
  summary: "makes the folders, links and start-up files of base-files' postinst",
  covers: [{ package: "base-files", scripts: ["preinst", "postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const { tree, distribution } = context;
  const script = scriptText(context, "base-files", "postinst") ?? "";
  const listed = [...script.matchAll(/^\s*install_local_dir \/usr\/local(\S*)$/gm)].map(([, name = ""]) => name);
  const local = listed.length > 0 ? listed : localFolders;
  const files: GeneratedFile[] = [
    ...[...folders, ...local.map((name) => `usr/local${name}`)].map(
      (path) => ({ kind: "directory", path, mode: 0o755 }) as const,
    ),
    { kind: "directory", path: "var/mail", mode: 0o2775, gid: mail },
    { kind: "directory", path: "run/lock", mode: 0o1777 },
    ...copies(context, script),
    ...[["btmp", 0o660] as const, ["lastlog", 0o664] as const, ["wtmp", 0o664] as const].map(([name, mode]) => ({
      ...textFile(`var/log/${name}`, "", mode),
      gid: utmp,
    })),
  ].filter(({ path }) => !tree.has(path)) as GeneratedFile[];
  const linked = [["etc/dpkg/origins/default", distribution.name] as const, ...links].filter(
    ([path]) => tree.get(path)?.entry.kind !== "symlink",
  );
  return {
    files: [...files, ...linked.map(([path, target]) => ({ kind: "symlink", path, target }) as const)],
    // Empty folders that base-files ships for older systems make way for the links.
    removed: linked.map(([path]) => path).filter((path) => tree.get(path)?.entry.kind === "directory"),
  };
}

function copies({ tree, read }: EffectContext, script: string): readonly GeneratedFile[] {
  const listed = [...script.matchAll(/^\s*install_from_default (\S+)\s+\/(\S+)$/gm)].map(
    ([, name = "", path = ""]) => [name, path] as const,
  );
  const there = (listed.length > 0 ? listed : defaults).filter(([name]) => tree.has(`usr/share/base-files/${name}`));
  return there.map(([name, path]): GeneratedFile => {
    const bytes = read(`usr/share/base-files/${name}`);
    return { kind: "file", path, mode: 0o644, bytes };
  });
}
