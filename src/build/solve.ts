// The lock station: repositories opened and verified, requirements solved, packages named with their digests.
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { PackageRequest } from "../core/recipe.ts";
import type { OpenRepository, Repository, RepositoryAccess } from "../packages/contract.ts";
import { conflictError } from "../solver/describe.ts";
import type { Conflict, OfferedRepository, Problem, Solution, SolverRequest } from "../solver/problem.ts";
import { solve } from "../solver/solve.ts";
import type { CommonOptions, ResolvedPackage } from "./contract.ts";
import type { LockedPlatform } from "./lock-file.ts";
import type { SolveOptions } from "./locking.ts";
import { namesApart, takesPlaceOf } from "./package-names.ts";
import { isAskedFor, type Plan } from "./plan.ts";
import type { Session } from "./session.ts";
import { waiveRelations } from "./waive.ts";

/** A platform's problem, ready to be solved or asked about. */
export interface OpenedProblem {
  readonly problem: Problem;
  readonly repositories: readonly OpenRepository[];
}

interface OpenProblem {
  readonly access: RepositoryAccess;
  readonly insecureUnsigned?: CommonOptions["insecureUnsigned"];
  /** Packages of the image below may become newer. */
  readonly mayChange?: boolean;
}

/** Opens the plan's repositories, all at once. */
export async function openProblem(
  plan: Plan,
  session: Session,
  { access, insecureUnsigned = false, mayChange = false }: OpenProblem,
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
  const base = baseOf(plan, { mayChange });
  const problem: Problem = {
    format: distribution.format,
    architecture,
    repositories: [
      ...(base ? [base.repository] : []),
      ...repositories.map(({ repository, index }) => ({
        name: repository.name,
        priority: repository.priority,
        index: waiveRelations(index, supply.waived),
        ...(repository.tag === undefined ? {} : { tag: repository.tag }),
        ...(repository.moduleHotfixes ? { moduleHotfixes: true } : {}),
        ...(repository.cost === undefined ? {} : { cost: repository.cost }),
      })),
    ],
    requests: [
      ...(base?.requests ?? []),
      ...[...supply.requests, ...recipe.packages]
        .filter((one) => isAskedFor(one, platform))
        .map((one) => requestOf(one, plan)),
    ],
    options: {
      recommends: recipe.recommends,
      essential: supply.essential,
      priorities: supply.priorities,
      ...(recipe.ignoreMissing ? { ignoreMissing: true } : {}),
      ...(recipe.softExcludes ? { softExcludes: true } : {}),
    },
  };
  return { problem, repositories };
}

/** How messages call what is in the image below, and above what all else is preferred. */
const baseName = "base image";
const basePriority = 32_767;

interface Base {
  readonly repository: OfferedRepository;
  /** Everything that is in it: as it is, or where it may be upgraded in any version. */
  readonly requests: readonly SolverRequest[];
}

/** What the base image has, as if it were on offer. */
function baseOf({ base }: Plan, { mayChange }: { readonly mayChange: boolean }): Base | undefined {
  if (!base?.database) return undefined;
  const { index, packages } = base.database;
  const own = packages.filter(({ name, version }) => index.named(name).some((one) => one.version === version));
  const requests = own.map(({ name, version }): SolverRequest => {
    const requirement = mayChange ? { name } : { name, constraint: { operator: "=", version } as const };
    return { requirement, exclude: false, isInstalled: true };
  });
  return { repository: { name: baseName, priority: basePriority, index }, requests };
}

const requestsOfBase = (plan: Plan): number => baseOf(plan, { mayChange: false })?.requests.length ?? 0;

/** A date that the snapshot service has not, or no service that answers: never a reason to take another state. */
function snapshotFault(error: unknown, { recipe, distribution }: Plan): DodaiError | undefined {
  const isAbsent = error instanceof DodaiError && ["DOWNLOAD_FAILED", "INDEX_MISSING"].includes(error.code);
  if (recipe.snapshot === undefined || !isAbsent) return undefined;
  return new DodaiError(
    "SNAPSHOT_UNAVAILABLE",
    `Cannot use snapshot "${recipe.snapshot}" of ${distribution.name}: the service does not have it, or does not answer`,
    {
      fix: `Check the date and the service that DODAI_SNAPSHOT_${distribution.name.toUpperCase()} names. No other state is taken instead.`,
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
  options: Pick<SolveOptions, "insecureUnsigned"> & {
    readonly access: RepositoryAccess;
    readonly onSolved?: SolveOptions["onSolved"];
  },
): Promise<LockedPlatform> {
  const platform = formatPlatform(plan.platform);
  if (plan.base && plan.recipe.packages.every(({ exclude }) => exclude))
    return { platform, repositories: [], packages: [] };
  const { problem, repositories } = await openProblem(plan, session, options);
  session.emit({
    kind: "stage",
    stage: "solve",
    platform,
    text: `solving ${counted(problem.requests.length - requestsOfBase(plan), "request", "requests")}`,
  });
  const outcome = solveOnBase(problem, plan);
  if (outcome.kind === "conflict") throw conflictOf(outcome, plan);
  for (const text of outcome.warnings) session.emit({ kind: "warning", text });
  const packages = packagesOf(outcome).filter(({ repository }) => repository !== baseName);
  namesApart(packages, plan.architecture);
  options.onSolved?.(platform, repositories);
  for (const text of upgradesIn(packages, plan)) session.emit({ kind: "stage", stage: "solve", platform, text });
  return { platform, repositories: repositories.map(({ chain }) => chain), packages };
}

/** With everything of the image below as it is; where that cannot be and may change, with newer versions. */
function solveOnBase(problem: Problem, plan: Plan): Outcome {
  const outcome = solve(problem);
  if (outcome.kind === "solution" || !plan.base?.upgrade) return outcome;
  const { requests = [] } = baseOf(plan, { mayChange: true }) ?? {};
  return solve({ ...problem, requests: [...requests, ...problem.requests.slice(requests.length)] });
}

type Outcome = ReturnType<typeof solve>;

function conflictOf(conflict: Conflict, { base }: Plan): DodaiError {
  const error = conflictError(conflict);
  if (!base?.database || base.upgrade || base.isTold) return error;
  return new DodaiError(error.code, error.message, {
    ...(error.where ? { where: error.where } : {}),
    fix: 'Packages of the base stay as they are. Use a newer base, or write "upgrade: true" to let them give way to newer ones.',
  });
}

function upgradesIn(packages: readonly ResolvedPackage[], { base }: Plan): readonly string[] {
  const before = base?.database?.packages ?? [];
  return packages.flatMap((one) => {
    const old = before.findLast((other) => takesPlaceOf(one, other))?.version;
    return old === undefined ? [] : [`${one.name} of the base becomes ${one.version}, it was ${old}`];
  });
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
