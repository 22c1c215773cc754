// What goes into the solver and what comes out. Nothing here, and nothing in this folder, knows a package format: versions
// are compared and requirements are met by the two functions of the format that the problem carries.
import type { Position } from "../core/dodai-error.ts";
import type { PackageFormat, PackageIndex, PackageRecord, Relation, Requirement } from "../packages/contract.ts";

/** A repository on offer. Among packages of one name, the repository of higher priority wins, then the higher version. */
export interface OfferedRepository {
  /** As messages call it: `debian/trixie-security`. */
  readonly name: string;
  /** apt_preferences(5): below zero, nothing of it is installed. */
  readonly priority: number;
  readonly index: PackageIndex;
  /** dnf's: of what is equal in all else the cheaper is taken; 1000 when absent. */
  readonly cost?: number;
  /** rpm: modules of other repositories hide none of its packages. */
  readonly moduleHotfixes?: boolean;
  /** apk: packages of it are taken only for requests that name the tag. */
  readonly tag?: string;
}

/** A package that must be there, or with `exclude` one that must not. */
export interface SolverRequest {
  readonly requirement: Requirement;
  readonly exclude: boolean;
  readonly position?: Position;
  /** Nobody asks for it: it is there already, and has to stay. */
  readonly isInstalled?: boolean;
}

export interface SolverOptions {
  /** Whether packages that others recommend come too, where they can. */
  readonly recommends: boolean;
  /** Whether every essential package is asked for before the requests. */
  readonly essential: boolean;
  /** Every package of these priorities is asked for too: `required`, `important`. */
  readonly priorities: readonly string[];
  /** rpm: what is asked for and nobody offers is passed over, with a warning. */
  readonly ignoreMissing?: boolean;
  /** rpm: what is to stay out stays out of groups alone. */
  readonly softExcludes?: boolean;
}

export interface Problem {
  readonly format: Pick<PackageFormat, "compareVersions" | "satisfies" | "policy" | "architectures" | "readings">;
  /** The format's word for the platform: `amd64`. */
  readonly architecture: string;
  /** In order of preference where priority and version are equal. */
  readonly repositories: readonly OfferedRepository[];
  /** In the order in which they are weighed: the first gets its first choice. */
  readonly requests: readonly SolverRequest[];
  readonly options: SolverOptions;
}

/** A package version and where it is from. */
export interface Offer {
  readonly record: PackageRecord;
  readonly repository: string;
}

/** Who asked for a package. */
export type Reason =
  | { readonly kind: "request"; readonly request: SolverRequest }
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "relation"; readonly by: PackageRecord; readonly relation: Relation }
  /** apk: it comes by itself because all of these are there. */
  | { readonly kind: "condition"; readonly with: readonly PackageRecord[] };

export interface ChosenPackage extends Offer {
  /** The shortest chain of reasons leads through this one; hard relations go before recommendations. */
  readonly reason: Reason;
}

export interface Solution {
  readonly kind: "solution";
  /** Sorted by name. Nothing is in it that nobody in it needs, recommends or requests. */
  readonly packages: readonly ChosenPackage[];
  /** Sentences for a person: a request that was met by another name. */
  readonly warnings: readonly string[];
}

/** One of the statements that cannot hold together. */
export type Premise =
  | { readonly kind: "root"; readonly reason: Reason & { readonly kind: "request" | "flag" }; readonly name: string }
  | { readonly kind: "exclude"; readonly request: SolverRequest; readonly offers: readonly Offer[] }
  /** The package needs one of `relation.anyOf`; `candidates` meet it, `others` have its names but do not. */
  | {
      readonly kind: "needs";
      readonly offer: Offer;
      readonly relation: Relation;
      readonly candidates: readonly Offer[];
      readonly others: readonly Offer[];
    }
  /** The package refuses to be there with `others`. */
  | { readonly kind: "refuses"; readonly offer: Offer; readonly relation: Relation; readonly others: readonly Offer[] }
  | { readonly kind: "one-version"; readonly name: string; readonly offers: readonly Offer[] }
  /** apk: none of them is taken for the name unless it is asked for by its own. */
  | { readonly kind: "ambiguous"; readonly name: string; readonly offers: readonly Offer[] }
  /** apk: the package was taken, and why it cannot be had. */
  | { readonly kind: "unusable"; readonly offer: Offer; readonly reason: string };

/** Why there is no solution: leave out any one of the premises and the others can hold together. */
export interface Conflict {
  readonly kind: "conflict";
  /** In the order of a story: a request, what it leads to, the next. */
  readonly premises: readonly Premise[];
}
