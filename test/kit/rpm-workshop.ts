// A repository that the real programs make: rpmbuild, rpmsign and createrepo_c. What they write is the measure; rpm.ts makes
// packages from the format alone.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdCompressSync } from "node:zlib";
import { hostPrograms } from "./host-programs.ts";
import { run } from "./oracle.ts";
import type { Signer } from "./repository.ts";

/** When everything was built, in seconds since 1970. */
export const workshopTime = 1_700_000_000;

export interface WorkshopSpec {
  /** Texts of spec files. `%{host}` is a folder with a few of this machine's programs, below `usr`. */
  readonly specs: readonly string[];
  /** Signs the packages of the spec at its place; the last one signs the rest. */
  readonly signers: readonly Signer[];
  /** Architectures that specs are built for, by their places; this machine's when absent. */
  readonly targets?: Readonly<Record<number, string>>;
  readonly comps?: string;
  readonly modules?: string;
  /** Signs repomd.xml. */
  readonly signer?: Signer;
  readonly metadata?: "gzip" | "zstd";
}

/** Builds, signs and indexes in a folder; the repository's folder. */
export function runWorkshop(folder: string, spec: WorkshopSpec): string {
  const repository = join(folder, "workshop");
  mkdirSync(repository, { recursive: true });
  for (const [at, text] of spec.specs.entries()) {
    const built = join(folder, `build-${at}`);
    const files = buildSpec(built, text, spec.targets?.[at]);
    const signer = spec.signers[at] ?? spec.signers.at(-1);
    if (signer) signPackages(files, signer);
    for (const file of files) renameSync(file, join(repository, file.slice(file.lastIndexOf("/") + 1)));
  }
  indexPackages(folder, repository, spec);
  return repository;
}

function buildSpec(folder: string, text: string, target: string | undefined): readonly string[] {
  mkdirSync(join(folder, "host"), { recursive: true });
  for (const { path, bytes } of hostPrograms(["sh", "cat", "chmod", "mkdir", "rm"])) {
    const at = join(folder, "host", path.replace(/^(?!usr\/)/, "usr/"));
    mkdirSync(join(at, ".."), { recursive: true });
    writeFileSync(at, bytes, { mode: 0o755 });
  }
  writeFileSync(join(folder, "one.spec"), text);
  const macros = {
    _topdir: folder,
    _rpmdir: join(folder, "RPMS"),
    _build_name_fmt: "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
    _buildhost: "localhost",
    _build_id_links: "none",
    _dbpath: join(folder, "db"),
    __os_install_post: "%{nil}",
    debug_package: "%{nil}",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    host: join(folder, "host"),
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
  const env = { PATH: process.env.PATH, HOME: folder, LC_ALL: "C.UTF-8", SOURCE_DATE_EPOCH: String(workshopTime) };
  const targets = target === undefined ? [] : ["--target", `${target}-linux`];
  run("rpmbuild", ["-bb", "--quiet", ...targets, ...defines, join(folder, "one.spec")], { env });
  return readdirSync(join(folder, "RPMS")).map((name) => join(folder, "RPMS", name));
}

function signPackages(files: readonly string[], { home, key }: Signer): void {
  const defines = [`_gpg_path ${home}`, `_gpg_name ${key.fingerprint ?? ""}`, "__gpg /usr/bin/gpg"];
  run("rpmsign", ["--addsign", ...defines.flatMap((one) => ["--define", one]), ...files]);
}

function indexPackages(folder: string, repository: string, spec: WorkshopSpec): void {
  const { comps, modules, signer, metadata = "gzip" } = spec;
  const groups = join(folder, "comps.xml");
  if (comps !== undefined) writeFileSync(groups, comps);
  run("createrepo_c", ["-q", "--no-database", ...(comps === undefined ? [] : ["-g", groups]), repository]);
  const repodata = join(repository, "repodata");
  if (modules !== undefined) {
    writeFileSync(join(folder, "modules.yaml"), modules);
    run("modifyrepo_c", ["--mdtype=modules", join(folder, "modules.yaml"), repodata]);
  }
  if (metadata === "zstd") compressAgain(repodata);
  const repomd = join(repodata, "repomd.xml");
  if (signer) writeFileSync(`${repomd}.asc`, signer.detached(readFileSync(repomd)));
}

/** createrepo_c 0.17 writes no zstd: its texts become that, as later ones have it. */
function compressAgain(repodata: string): void {
  const repomd = join(repodata, "repomd.xml");
  const text = readFileSync(repomd, "utf8").replaceAll(/<data type="(?!group")[\s\S]*?<\/data>/g, (data) => {
    const old = /href="repodata\/([^"]*)"/.exec(data)?.[1] ?? "";
    const bytes = zstdCompressSync(gunzipSync(readFileSync(join(repodata, old))));
    const hex = createHash("sha256").update(bytes).digest("hex");
    const name = `${hex}${old.slice(64).replace(/\.gz$/, ".zst")}`;
    rmSync(join(repodata, old));
    writeFileSync(join(repodata, name), bytes);
    return data
      .replace(/(<checksum [^>]*>)\w+/, `$1${hex}`)
      .replace(old, name)
      .replace(/<size>\d+/, `<size>${bytes.length}`);
  });
  writeFileSync(repomd, text);
}
