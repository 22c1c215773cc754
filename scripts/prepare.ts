// Makes a fresh clone ready, on the Node that the project brings.
//
// npm leaves out optional packages that do not fit the Node that npm itself runs on, which may be older than ours: the native
// xz decoder is one. When it is missing, npm is asked again on our Node; the lock file says which bytes it may take.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const npm = process.env.npm_execpath;
if (npm !== undefined && !hasDecoder()) run(process.execPath, [npm, "install", "--no-save", "--ignore-scripts"]);
run(process.execPath, ["scripts/build.ts"]);

function hasDecoder(): boolean {
  try {
    createRequire(import.meta.url)("@napi-rs/lzma");
    return true;
  } catch {
    return false;
  }
}

function run(program: string, args: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
