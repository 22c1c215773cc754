// A new version of a package: the same files but one, whose last byte is another, as after a small fix.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, lstatSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Digest } from "../../src/core/digest.ts";
import { findProgram } from "./child.ts";
import { emptyFolder } from "./lab.ts";

export interface Repackaged {
  /** Named by its digest, as in a store. */
  readonly path: string;
  readonly version: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** `undefined` when there is no dpkg-deb. */
export function repackage(file: string, folder: string): Repackaged | undefined {
  const dpkgDeb = findProgram("dpkg-deb");
  if (!dpkgDeb) return undefined;
  emptyFolder(folder);
  const tree = join(folder, "tree");
  execute(dpkgDeb, ["-R", file, tree]);
  const control = join(tree, "DEBIAN/control");
  const text = readFileSync(control, "utf8");
  const version = `${/^Version: (.*)$/m.exec(text)?.[1]}+fix1`;
  writeFileSync(control, text.replace(/^Version: .*$/m, `Version: ${version}`));
  appendFileSync(largestFile(tree), "\0");
  const made = join(folder, "new.deb");
  execute(dpkgDeb, ["-b", "--root-owner-group", "-Zxz", tree, made]);
  const bytes = readFileSync(made);
  const hex = createHash("sha256").update(bytes).digest("hex");
  const path = join(dirname(made), hex);
  renameSync(made, path);
  return { path, version, digest: `sha256:${hex}` as Digest, sizeBytes: bytes.byteLength };
}

function largestFile(tree: string): string {
  const files = readdirSync(tree, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("DEBIAN"))
    .map((name) => ({ path: join(tree, name), stat: lstatSync(join(tree, name)) }))
    .filter(({ stat }) => stat.isFile());
  const [largest] = files.toSorted((a, b) => b.stat.size - a.stat.size);
  if (!largest) throw new Error(`No file below ${tree}`);
  return largest.path;
}

function execute(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, SOURCE_DATE_EPOCH: "1" },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
