// A recipe ready to be built in each state that a person meets: nothing made yet, one package new, nothing new.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { type LockedPackage, readLockedPackages } from "./archive.ts";
import { measure } from "./child.ts";
import { emptyFolder, type Lab } from "./lab.ts";
import { repackage } from "./repackage.ts";
import type { Contender } from "./rounds.ts";

export interface BuildSet {
  readonly packages: readonly LockedPackage[];
  /** Paths of the package files, in the order of `packages`. */
  readonly files: readonly string[];
  /** Builds with every package in the store and nothing made of them. */
  cold(output: string): Contender;
  /** Builds with every piece there, and one package of another version than in the build before. `undefined` without dpkg-deb. */
  warm(output: string): Contender | undefined;
  /** The same, when the changed package was never unpacked before. */
  warmNewPiece(output: string): Contender | undefined;
  /** Builds with every piece there and what scripts do to them known, but no image. */
  known(output: string): Contender;
  /** Builds what was just built. */
  unchanged(output: string): Contender;
}

export interface SetOptions {
  readonly name: string;
  /** A built-in name, or the text of a recipe. */
  readonly recipe: { readonly builtIn: string } | { readonly text: string };
  /** Name of the package that changes. */
  readonly changed?: string;
  /** Where the packages are, each under its digest in hex; the archive's by default. */
  readonly download?: (packages: readonly LockedPackage[]) => Promise<readonly string[]>;
}

export async function prepareSet(
  lab: Lab,
  { name, recipe, changed, download = lab.archive.download }: SetOptions,
): Promise<BuildSet> {
  const folder = emptyFolder(join(lab.workspace.folder, "sets", name));
  const word = "builtIn" in recipe ? recipe.builtIn : `${name}.yaml`;
  if ("text" in recipe) writeFileSync(join(folder, word), recipe.text);
  const lockName = `${word.replace(/\.yaml$/, "").replaceAll("/", "-")}.lock.json`;
  const set: Prepared = { lab, folder, word, lockFile: join(folder, lockName) };
  run(set, ["lock", word, "--progress", "quiet"], "made");
  copyFileSync(set.lockFile, `${set.lockFile}.first`);
  const packages = readLockedPackages(set.lockFile);
  const files = await download(packages);
  keepPackages(join(folder, "made"), files);
  run(set, buildWords(set, "oci"), "made");
  snapshot(set, "made", "base");
  snapshot(set, "made", "known");
  rmSync(join(folder, "known/values/results"), { recursive: true, force: true });
  for (const one of ["pieces", "values/layers", "values/results", "values/scripts"]) {
    rmSync(join(folder, "base", one), { recursive: true, force: true });
  }
  const states = changed === undefined ? undefined : prepareChange(set, packages, changed);
  const from = (label: string, state: string, lock: string) => (output: string) =>
    contender(set, { label, state, lock, output });
  return {
    packages,
    files,
    cold: from("cold", "base", "first"),
    known: from("known", "known", "first"),
    warm: (output) => (states ? from("warm", "changed-piece", "changed")(output) : undefined),
    warmNewPiece: (output) => (states ? from("warm, new piece", "changed-package", "changed")(output) : undefined),
    unchanged: (output) => unchanged(set, output),
  };
}

interface Prepared {
  readonly lab: Lab;
  readonly folder: string;
  readonly word: string;
  readonly lockFile: string;
}

const outputOf = ({ folder }: Prepared): string => join(folder, "image.tar");

function buildWords(set: Prepared, output: string): readonly string[] {
  return [
    "build",
    set.word,
    "--locked",
    "--offline",
    "--progress",
    "quiet",
    "-o",
    `type=${output},dest=${outputOf(set)}`,
    // A plain tar is what the peers write, so its layer is not compressed either.
    ...(output === "tar" ? ["--compression", "none"] : []),
  ];
}

function run({ lab, folder }: Prepared, words: readonly string[], cache: string): void {
  const command = lab.product.command(words, { cwd: folder, cache: join(folder, cache), env: lab.archive.env });
  measure(command, join(lab.workspace.folder, "time"));
}

/** States are folders of hard links: dodai never writes into a file that is there. */
function snapshot({ folder }: Prepared, from: string, to: string): void {
  const target = join(folder, to);
  rmSync(target, { recursive: true, force: true });
  const { status, stderr } = spawnSync("cp", ["-al", join(folder, from), target], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

function keepPackages(cache: string, files: readonly string[]): void {
  const blobs = join(cache, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  for (const file of files) {
    const target = join(blobs, basename(file));
    if (!existsSync(target)) linkSync(file, target);
  }
}

function contender(
  set: Prepared,
  {
    label,
    state,
    lock,
    output,
  }: { readonly label: string; readonly state: string; readonly lock: string; readonly output: string },
): Contender {
  const { folder, lab } = set;
  return {
    name: `dodai ${label} (${output})`,
    prepare: () => {
      snapshot(set, state, "cache");
      copyFileSync(`${set.lockFile}.${lock}`, set.lockFile);
      rmSync(outputOf(set), { force: true });
    },
    command: () => lab.product.command(buildWords(set, output), { cwd: folder, cache: join(folder, "cache") }),
    check: () => {
      if (!existsSync(outputOf(set))) throw new Error(`${label} left no image`);
    },
  };
}

function unchanged(set: Prepared, output: string): Contender {
  const { folder, lab } = set;
  return {
    name: `dodai unchanged (${output})`,
    prepare: () => {
      snapshot(set, "made", "cache");
      copyFileSync(`${set.lockFile}.first`, set.lockFile);
      run(set, buildWords(set, output), "cache");
    },
    command: () => lab.product.command(buildWords(set, output), { cwd: folder, cache: join(folder, "cache") }),
  };
}

/** Makes the states before a build with one package changed. `undefined` when this machine cannot make packages. */
function prepareChange(set: Prepared, packages: readonly LockedPackage[], changed: string): true | undefined {
  const { folder, lockFile } = set;
  const old = packages.find(({ name }) => name === changed);
  if (!old) throw new Error(`The lock has no package "${changed}"`);
  const made = repackage(
    join(folder, "made/blobs/sha256", old.digest.slice("sha256:".length)),
    join(folder, "repackaged"),
  );
  if (!made) return undefined;
  const text = readFileSync(`${lockFile}.first`, "utf8");
  const lock = JSON.parse(text, (_key, value: unknown) =>
    isPackage(value, changed) ? { ...value, version: made.version, sha256: made.digest, size: made.sizeBytes } : value,
  ) as unknown;
  writeFileSync(`${lockFile}.changed`, JSON.stringify(lock));
  snapshot(set, "made", "changed-package");
  keepPackages(join(folder, "changed-package"), [made.path]);
  snapshot(set, "changed-package", "probe");
  copyFileSync(`${lockFile}.changed`, lockFile);
  run(set, buildWords(set, "oci"), "probe");
  snapshot(set, "changed-package", "changed-piece");
  addPieces(join(folder, "probe/pieces"), join(folder, "changed-piece/pieces"));
  return true;
}

function isPackage(value: unknown, name: string): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && "sha256" in value && "name" in value && value.name === name;
}

/** The pieces of packages alone: what is made for one image (`KEY.records` without `KEY.json`) is to be made again. */
function addPieces(from: string, to: string): void {
  const files = readdirSync(from, { recursive: true, encoding: "utf8" });
  const endings = new Map<string, string[]>();
  for (const file of files) {
    const [key = "", ...rest] = file.split(".");
    if (rest.length > 0) endings.set(key, [...(endings.get(key) ?? []), rest.join(".")]);
  }
  for (const [key, all] of endings) {
    if (all.includes("records") && !all.includes("json")) continue;
    for (const ending of all) {
      const target = join(to, `${key}.${ending}`);
      mkdirSync(join(target, ".."), { recursive: true });
      if (!existsSync(target)) linkSync(join(from, `${key}.${ending}`), target);
    }
  }
}
