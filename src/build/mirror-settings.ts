// Which mirror: the recipe's own (see distros), else the environment's, else what this machine's package sources name for
// the same distribution, else the distribution's official names.

import type { MirrorSettings } from "../distros/contract.ts";
import { readHostMirrors } from "../io/apt-sources.ts";
import type { CommonOptions } from "./contract.ts";

export async function mirrorSettings(
  distribution: string,
  { environment = {}, hostRoot = "/" }: Pick<CommonOptions, "environment" | "hostRoot">,
): Promise<MirrorSettings> {
  const name = distribution.toUpperCase();
  const listed = (variable: string): readonly string[] | undefined => {
    const urls = (environment[variable] ?? "").split(/\s+/).filter((url) => url !== "");
    return urls.length > 0 ? urls : undefined;
  };
  const archive = listed(`DODAI_MIRROR_${name}`);
  const security = listed(`DODAI_MIRROR_${name}_SECURITY`);
  const ports = listed(`DODAI_MIRROR_${name}_PORTS`);
  const host = hostRoot === "" || (archive && security) ? {} : await readHostMirrors(hostRoot, distribution);
  return {
    archive: archive ?? host.archive,
    security: security ?? (archive ? besideOr(archive, "/debian", "-security", host.security) : host.security),
    ports: ports ?? (archive ? besideOr(archive, "/ubuntu", "-ports", host.ports) : host.ports),
    snapshot: environment[`DODAI_SNAPSHOT_${name}`],
  };
}

/** A mirror that is named for the archive alone is asked for the rest too, at the usual place beside it, before others. */
function besideOr(
  archive: readonly string[],
  folder: string,
  ending: string,
  others: readonly string[] = [],
): readonly string[] | undefined {
  const roots = archive.map((url) => url.replace(/\/+$/, "")).filter((url) => url.endsWith(folder));
  const urls = [...roots.map((url) => `${url}${ending}`), ...others];
  return urls.length > 0 ? urls : undefined;
}
