// The lock station: repositories opened and verified, requirements solved, packages named with their digests.
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { PackageRequest } from "../core/recipe.ts";
import type { OpenRepository, Repository, RepositoryAccess } from "../packages/contract.ts";
import { conflictError } from "../solver/describe.ts";
import type { Problem, Solution, SolverRequest } from "../solver/problem.ts";
import { solve } from "../solver/solve.ts";
import type { CommonOptions, ResolvedPackage } from "./contract.ts";
import type { LockedPlatform } from "./lock-file.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";
import { waiveRelations } from "./waive.ts";

/** A platform's problem, ready to be solved or asked about. */
export interface OpenedProblem {
  readonly problem: Problem;
  readonly repositories: readonly OpenRepository[];
}

/** Opens the plan's repositories, all at once. */
export async function openProblem(
  plan: Plan,
  session: Session,
  {
    access,
    insecureUnsigned = false,
  }: { readonly access: RepositoryAccess; readonly insecureUnsigned?: CommonOptions["insecureUnsigned"] },
): Promise<OpenedProblem> {
  const { distribution, supply, recipe, architecture, platform } = plan;
  session.emit({
    kind: "stage",
    stage: "index",
    platform: formatPlatform(platform),
    text: `reading ${counted(supply.repositories.length, "repository", "repositories")}`,
  });
  const repositories = await Promise.all(
    supply.repositories.map((one) =>
      distribution.format
        .openRepository(withPermission(one, insecureUnsigned), architecture, access)
        .catch((error: unknown) => Promise.reject(snapshotFault(error, plan) ?? error)),
    ),
  );
  session.assertWanted();
  const problem: Problem = {
    format: distribution.format,
    architecture,
    repositories: repositories.map(({ repository, index }) => ({
      name: repository.name,
      priority: repository.priority,
      index: waiveRelations(index, supply.waived),
      ...(repository.cost === undefined ? {} : { cost: repository.cost }),
    })),
    requests: [...supply.requests, ...recipe.packages].map((one) => requestOf(one, plan)),
    options: { recommends: recipe.recommends, essential: supply.essential, priorities: supply.priorities },
  };
  return { problem, repositories };
}

/** A date that the snapshot service has not, or no service that answers: never a reason to take another state. */
function snapshotFault(error: unknown, { recipe, distribution }: Plan): DodaiError | undefined {
  const isAbsent = error instanceof DodaiError && ["DOWNLOAD_FAILED", "INDEX_MISSING"].includes(error.code);
  if (recipe.snapshot === undefined || !isAbsent) return undefined;
  return new DodaiError(
    "SNAPSHOT_UNAVAILABLE",
    `Cannot use snapshot "${recipe.snapshot}" of ${distribution.name}: the service does not have it, or does not answer`,
    {
      fix: "Check the date and the service that DODAI_SNAPSHOT_DEBIAN names. No other state is taken instead.",
      cause: error,
    },
  );
}

function withPermission(repository: Repository, allowed: boolean | readonly string[]): Repository {
  const here = allowed === true || (allowed !== false && allowed.includes(repository.name));
  return here ? { ...repository, insecureUnsigned: true } : repository;
}

function requestOf({ request, exclude, position }: PackageRequest, { distribution }: Plan): SolverRequest {
  try {
    const requirement = distribution.format.parseRequest(request);
    return position ? { requirement, exclude, position } : { requirement, exclude };
  } catch (error) {
    if (!(error instanceof DodaiError) || error.where || !position) throw error;
    throw new DodaiError(error.code, error.message, {
      where: position,
      ...(error.fix ? { fix: error.fix } : {}),
      cause: error,
    });
  }
}

/** Solves one platform. Throws UNSATISFIABLE, PACKAGE_MISSING, and what opening repositories throws. */
export async function solvePlatform(
  plan: Plan,
  session: Session,
  options: { readonly access: RepositoryAccess; readonly insecureUnsigned?: CommonOptions["insecureUnsigned"] },
): Promise<LockedPlatform> {
  const { problem, repositories } = await openProblem(plan, session, options);
  const platform = formatPlatform(plan.platform);
  session.emit({
    kind: "stage",
    stage: "solve",
    platform,
    text: `solving ${counted(problem.requests.length, "request", "requests")}`,
  });
  const outcome = solve(problem);
  if (outcome.kind === "conflict") throw conflictError(outcome);
  for (const text of outcome.warnings) session.emit({ kind: "warning", text });
  return { platform, repositories: repositories.map(({ chain }) => chain), packages: packagesOf(outcome) };
}

function packagesOf({ packages }: Solution): readonly ResolvedPackage[] {
  return packages.map(({ record, repository }) => ({
    name: record.name,
    version: record.version,
    architecture: record.architecture,
    source: record.source.name,
    sourceVersion: record.source.version,
    repository,
    path: record.path,
    sizeBytes: record.sizeBytes,
    digest: record.digest,
  }));
}

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
