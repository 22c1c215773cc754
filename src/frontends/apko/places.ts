// Where on this machine a relative path of an apko recipe leads.
import { posix } from "node:path";

/** The absolute path of a file, or of a folder that has one of `inside`; `undefined` when there is none. */
export type Locate = (path: string, inside?: readonly string[]) => Promise<string | undefined>;

/** As apko, from the current folder; where that has nothing of the name, from the folder of the recipe. */
export function locator(options: {
  readonly folder: string;
  readonly cwd: string;
  hasFile(path: string): Promise<boolean>;
}): Locate {
  const { folder, cwd, hasFile } = options;
  return async (path, inside = [""]) => {
    for (const base of [cwd, folder]) {
      const place = posix.resolve(base, path.replace(/^file:\/\//, ""));
      for (const one of inside) if (await hasFile(posix.join(place, one))) return place;
    }
    return undefined;
  };
}
