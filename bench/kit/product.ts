// dodai as it is published: compiled, in a folder of its own, so that nothing changes under the measurements.
import { spawnSync } from "node:child_process";
import { cpSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "./child.ts";
import type { Workspace } from "./workspace.ts";

const project = resolve(import.meta.dirname, "../..");

export interface Product {
  /** Folder of the compiled modules. */
  readonly dist: string;
  /** A command line of dodai, with its store in `cache`. `node` are flags for Node itself. */
  command(words: readonly string[], where: ProductWhere): Command;
}

export interface ProductWhere {
  readonly cwd: string;
  readonly cache: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
}

export function compileProduct(workspace: Workspace): Product {
  const folder = workspace.sub("product");
  const dist = join(folder, "dist");
  rmSync(folder, { recursive: true, force: true });
  workspace.sub("product");
  for (const name of ["bin", "package.json"]) cpSync(join(project, name), join(folder, name), { recursive: true });
  symlinkSync(join(project, "node_modules"), join(folder, "node_modules"));
  const compiler = join(project, "node_modules/.bin/tsc");
  const { status, stdout } = spawnSync(compiler, ["-p", "tsconfig.build.json", "--outDir", dist], {
    cwd: project,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`Cannot compile dodai:\n${stdout}`);
  return {
    dist,
    command: (words, { cwd, cache, env = {}, node = [] }) => ({
      program: process.execPath,
      args: [...node, join(folder, "bin/dodai.js"), ...words],
      cwd,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: folder, LC_ALL: "C.UTF-8", DODAI_CACHE_DIR: cache, ...env },
    }),
  };
}
