// What tests need from outside: fixtures of the shared folder and programs that serve as oracles. A test without them is
// skipped with its reason; under DODAI_REQUIRE_ORACLES=1 it fails instead.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const required = process.env.DODAI_REQUIRE_ORACLES === "1";
const fixtures: string = fileURLToPath(new URL("../../../shared/fixtures", import.meta.url));

/** Absolute path of a fixture file or folder: `fixture("vectors/dpkg-version.tsv")`. It may not be there: see `needs`. */
export function fixture(path: string): string {
  return join(fixtures, path);
}

/** A script of the shared folder's `oracles/`. */
export function sharedOracle(name: string): string {
  return join(fixtures, "..", "oracles", name);
}

/** Whether a program is on PATH. */
export function hasProgram(name: string): boolean {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, name)));
}

/**
 * Options for `test(name, needs(...), body)`: skipped, with the reason, when a program or an absolute path is missing.
 * With DODAI_REQUIRE_ORACLES=1 the test runs, and so fails, instead.
 */
export function needs(...wanted: readonly string[]): { readonly skip?: string } {
  if (required) return {};
  const missing = wanted.filter((one) => (one.startsWith("/") ? !existsSync(one) : !hasProgram(one)));
  return missing.length === 0 ? {} : { skip: `needs ${missing.join(", ")}` };
}

/** Standard output of an oracle program. Throws when it fails. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly input?: Uint8Array | string; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    maxBuffer: 256 << 20,
    stdio: ["pipe", "pipe", "pipe"],
    ...options,
  });
}
