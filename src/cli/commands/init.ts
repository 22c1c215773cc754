import { stat } from "node:fs/promises";
import { posix } from "node:path";
import type { Context } from "../context.ts";
import { usage } from "../flags.ts";
import { isRecipePath, writeNewRecipe } from "../new-recipe.ts";
import { showPath } from "../places.ts";

export type InitFlags = Readonly<Record<never, never>>;

/** Writes a recipe to start from; never over a file that is there. Its path on standard output. */
export async function init(this: Context, _flags: InitFlags, place = "."): Promise<void> {
  const path = await fileAt(posix.resolve(this.cwd, place));
  await writeNewRecipe(path, starterRecipe(nameFor(path)));
  const shown = showPath(path, this.cwd);
  this.stderr.write(`Next: dodai build ${shown}\n`);
  this.stdout.write(`${shown}\n`);
}

async function fileAt(path: string): Promise<string> {
  if (isRecipePath(path)) return path;
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isDirectory()) {
    throw usage(`Cannot write a recipe to "${path}": it is a file that does not end in .yaml or .yml`);
  }
  return posix.join(path, "recipe.yaml");
}

/** The file's name, or its folder's where the file's says nothing. */
function nameFor(path: string): string {
  const own = posix.basename(path).replace(/\.ya?ml$/, "");
  const name = own === "recipe" ? posix.basename(posix.dirname(path)) : own;
  return name.replace(/^[^A-Za-z0-9]+/, "").replaceAll(/[^A-Za-z0-9._-]/g, "-") || "base";
}

export function starterRecipe(name: string): string {
  return `# A dodai recipe. All fields: docs/recipe.md
name: ${JSON.stringify(name)}
distro: debian:trixie

# Where to start: "distroless" has the files and accounts that programs expect and no shell;
# "empty" has only what is named here and what that needs.
variant: distroless

packages:
  - base-files
  - ca-certificates
  - netbase
  - tzdata
  # - "openssl>=3.5"  # at least this version
  # - "!perl"         # keep it out

# Which user the image runs as.
accounts:
  users:
    - {name: app, uid: 10001}
  run-as: app

# files:
#   - {path: /etc/motd, content: "hello\\n", mode: "0644"}
#   - {path: /usr/local/bin/app, source: ./app, mode: "0755"}

# remove: ["/usr/share/doc/**"]

config:
  env: {PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
  # entrypoint: [/usr/local/bin/app]

# platforms: [linux/amd64, linux/arm64]
`;
}
