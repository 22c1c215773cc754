// Where things lie: the cache, recipes' locks, and how a path is shown.
import { homedir } from "node:os";
import { posix } from "node:path";
import { fileNameOf } from "../io/output-contract.ts";
import type { Environment } from "./context.ts";
import { usage } from "./flags.ts";

/** `--cache-dir`, else DODAI_CACHE_DIR, else `dodai` below XDG_CACHE_HOME, else ~/.cache/dodai. */
export function cacheDirectory(
  flag: string | undefined,
  { env, cwd }: { readonly env: Environment; readonly cwd: string },
): string {
  if (flag === "") throw usage("Cannot use --cache-dir: it is empty, wanted a folder");
  if (flag !== undefined) return posix.resolve(cwd, flag);
  const { DODAI_CACHE_DIR: own, XDG_CACHE_HOME: xdg, HOME: home } = env;
  if (own) return posix.resolve(cwd, own);
  // XDG base directory specification: a relative path is invalid and ignored.
  if (xdg && posix.isAbsolute(xdg)) return posix.join(xdg, "dodai");
  return posix.join(home || homedir(), ".cache", "dodai");
}

/** `images/debian.yaml` → `images/debian.lock.json`. */
export function lockFileOfRecipe(path: string): string {
  return path.replace(/\.(?:ya?ml|ks|cfg)$/, "").concat(".lock.json");
}

/** Beside an apko recipe, whose `NAME.lock.json` is apko's own. */
export function lockFileOfApko(path: string): string {
  return path.replace(/\.ya?ml$/, "").concat(".dodai.lock.json");
}

/** The lock of a built-in recipe, in the current folder. */
export function lockFileOfName(name: string, cwd: string): string {
  return posix.join(cwd, `${fileNameOf(name)}.lock.json`);
}

/** Relative to the current folder when it is below it. */
export function showPath(path: string, cwd: string): string {
  const relative = posix.relative(cwd, path);
  return relative === "" || relative.startsWith("..") ? path : relative;
}
