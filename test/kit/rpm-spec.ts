// Packages that rpmbuild makes, several of one spec file, and roots into which rpm itself installs them.
import { cpSync, globSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./oracle.ts";

export interface SubPackage {
  readonly name: string;
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
  /** Files with their own path as content. */
  readonly files?: readonly string[];
  /** Files of this machine, at the same path. */
  readonly copied?: readonly string[];
  /** Symbolic links by their path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Lines of `%files` as they are. */
  readonly listed?: readonly string[];
  /** Sections as spec files have them, but for `-n NAME`, which is put in: `%post -p /bin/sh`. */
  readonly sections?: Readonly<Record<string, string>>;
}

/** Builds the packages in `folder` and gives their files, sorted. */
export function buildPackages(folder: string, packages: readonly SubPackage[]): readonly string[] {
  mkdirSync(folder, { recursive: true });
  const spec = join(folder, "packages.spec");
  writeFileSync(spec, specOf(packages));
  run("rpmbuild", ["-bb", "--quiet", "--define", `_topdir ${folder}/top`, spec]);
  return globSync(`${folder}/top/RPMS/*/*.rpm`).sort();
}

function specOf(packages: readonly SubPackage[]): string {
  const install = packages.flatMap(({ files = [], copied = [], links = {} }) => [
    ...Object.entries(links).map(([path, target]) => `ln -s ${target} %{buildroot}${path}`),
    ...files.flatMap((path) => [`mkdir -p %{buildroot}${dirname(path)}`, `echo ${path} >%{buildroot}${path}`]),
    ...copied.flatMap((path) => [`mkdir -p %{buildroot}${dirname(path)}`, `cp -L ${path} %{buildroot}${path}`]),
  ]);
  const blocks = packages.flatMap(({ name, requires = [], provides = [], listed = [], ...one }) => [
    `%package -n ${name}\nSummary: s\nAutoReqProv: no`,
    ...requires.map((each) => `Requires: ${each}`),
    ...provides.map((each) => `Provides: ${each}`),
    `%description -n ${name}\nd`,
    `%files -n ${name}`,
    ...[...(one.files ?? []), ...(one.copied ?? []), ...Object.keys(one.links ?? {}), ...listed],
    ...Object.entries(one.sections ?? {}).map(([head, body]) => `${head.replace(/^%\w+/, `$& -n ${name}`)}\n${body}`),
  ]);
  const head = ["Name: none", "Version: 1.0", "Release: 1", "Summary: s", "License: MIT", "%description", "d"];
  const switches = ["%global debug_package %{nil}", "%global __os_install_post %{nil}"];
  return `${[...switches, ...head, "%prep", "%install", "mkdir -p %{buildroot}", ...install, ...blocks].join("\n")}\n`;
}

/** Top folders as all releases have them by now. */
export const mergedUsr: Readonly<Record<string, string>> = {
  "/bin": "usr/bin",
  "/lib": "usr/lib",
  "/lib64": "usr/lib64",
};

/** A shell of this machine and all that it loads, below /usr. */
export const shellFiles = (): readonly string[] => ["/usr/bin/sh", ...loadedBy("/bin/dash")];

/** rpm of this machine with its macros. */
export function rpmFiles(): readonly string[] {
  const settings = globSync(
    "/usr/lib/rpm/{macros,rpmrc,macros.d/*,platform/x86_64-linux/macros,platform/noarch-linux/macros}",
  );
  const shell = new Set(shellFiles());
  return ["/usr/bin/rpm", ...loadedBy("/usr/bin/rpm"), ...settings].filter((path) => !shell.has(path));
}

function loadedBy(program: string): readonly string[] {
  const loaded = run("ldd", [program]).matchAll(/(\/\S+) \(0x/g);
  return [...loaded].map(([, path = ""]) => path.replace(/^(?!\/usr)/, "/usr"));
}

/** Installs packages with rpm into an empty root whose scripts find a shell there. Needs root. */
export function installWithRpm(root: string, files: readonly string[]): void {
  mkdirSync(root);
  for (const [path, target] of Object.entries(mergedUsr)) symlinkSync(target, join(root, path));
  for (const path of shellFiles()) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    cpSync(realpathSync(path), join(root, path));
  }
  run("rpm", ["--root", root, "--install", "--nosignature", "--nodeps", ...files]);
}
