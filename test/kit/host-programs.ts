// Programs of the host with their libraries, for roots and packages that tests run something in.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface HostFile {
  /** Without leading `/`: `bin/NAME` for programs, as on the host for libraries. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Those of the programs that the host has, by name, and the libraries that they need. */
export function hostPrograms(names: readonly string[]): readonly HostFile[] {
  const files = new Map<string, HostFile>();
  for (const name of names) {
    const found = find(name);
    if (found === undefined) continue;
    files.set(`bin/${name}`, { path: `bin/${name}`, bytes: readFileSync(found) });
    for (const library of librariesOf(found)) {
      const path = library.slice(1);
      if (!files.has(path)) files.set(path, { path, bytes: readFileSync(library) });
    }
  }
  return [...files.values()];
}

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const found = folders.map((one) => join(one, name)).find((path) => existsSync(path));
  return found === undefined ? undefined : realpathSync(found);
}

/** None for a script, or a program that is static. */
function librariesOf(program: string): readonly string[] {
  try {
    const text = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...text.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
  } catch {
    return [];
  }
}
