// Which advisories speak of the packages that were chosen. Repositories are asked for them only here.
import type { NamedPackage, OpenRepository } from "../packages/contract.ts";
import type { Resolution, ResolvedAdvisory, ResolvedPlatform } from "./contract.ts";
import type { Session } from "./session.ts";

interface WithAdvisories {
  /** By platform. */
  readonly opened: ReadonlyMap<string, readonly OpenRepository[]>;
  readonly session: Pick<Session, "emit">;
}

/** Warns of repositories that have none, and of platforms for which none was read. Throws what reading metadata throws. */
export async function withAdvisories(
  { platforms }: Resolution,
  { opened, session }: WithAdvisories,
): Promise<Resolution> {
  const told: ResolvedPlatform[] = [];
  for (const one of platforms) {
    const repositories = opened.get(one.platform);
    told.push(repositories ? await ofPlatform(one, repositories) : one);
  }
  const silent = new Set(told.flatMap(({ withoutAdvisories = [] }) => withoutAdvisories));
  for (const name of silent) {
    session.emit({ kind: "warning", text: `Repository "${name}" has no advisories` });
  }
  for (const { platform } of told.filter((one) => !opened.has(one.platform))) {
    session.emit({ kind: "warning", text: `No repository was read for ${platform}: advisories are not known` });
  }
  return { platforms: told };
}

async function ofPlatform(
  resolved: ResolvedPlatform,
  repositories: readonly OpenRepository[],
): Promise<ResolvedPlatform> {
  const found = new Map<NamedPackage, Map<string, ResolvedAdvisory>>(resolved.packages.map((one) => [one, new Map()]));
  const withoutAdvisories: string[] = [];
  for (const { repository, advisories } of repositories) {
    const told = await advisories?.(resolved.packages);
    if (told === undefined) withoutAdvisories.push(repository.name);
    // Repositories of one distribution may say the same: the first counts.
    for (const { packages, ...advisory } of told ?? []) {
      for (const one of packages) {
        const known = found.get(one);
        if (known && !known.has(advisory.id)) known.set(advisory.id, advisory);
      }
    }
  }
  const packages = resolved.packages.map((one) => ({
    ...one,
    advisories: sortedById([...(found.get(one)?.values() ?? [])]),
  }));
  return { ...resolved, packages, withoutAdvisories };
}

const sortedById = (advisories: readonly ResolvedAdvisory[]): readonly ResolvedAdvisory[] =>
  [...advisories].sort((a, b) => (a.id < b.id ? -1 : 1));
