// A conflict in words.
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Conflict, Offer, Premise } from "./problem.ts";
import { describeList, describeOffer, describeRecord, describeRelation, describeRequirement } from "./words.ts";

/** One line for each premise, each a sentence without a full stop. */
export function describeConflict({ premises }: Conflict): string {
  return premises.map(describePremise).join("\n");
}

/** The conflict as the error that a person sees. */
export function conflictError(conflict: Conflict): DodaiError {
  const wanted: string[] = [];
  for (const premise of conflict.premises) {
    if (premise.kind === "root") wanted.push(`"${rootWords(premise)}"`);
  }
  const lines = describeConflict(conflict)
    .split("\n")
    .map((line) => `\n  ${line}`)
    .join("");
  const position = conflict.premises.find((one) => one.kind === "root" && one.reason.kind === "request");
  const request = position?.kind === "root" && position.reason.kind === "request" ? position.reason.request : undefined;
  return new DodaiError(
    "UNSATISFIABLE",
    `Cannot install ${describeList(wanted, "and")}: these cannot hold together:${lines}`,
    {
      ...(request?.position === undefined ? {} : { where: request.position }),
      fix: "Give up one of these: another version, another repository, or a request or exclusion less.",
    },
  );
}

function describePremise(premise: Premise): string {
  switch (premise.kind) {
    case "root":
      return premise.reason.kind === "request"
        ? `${rootWords(premise)} is requested`
        : `${premise.name} is wanted because it is ${premise.reason.flag}`;
    case "exclude":
      return `${describeRequirement(premise.request.requirement)} is excluded${excluded(premise.offers)}`;
    case "needs":
      return `${describeOffer(premise.offer)} ${describeRelation(premise.relation)}${offered(premise)}`;
    case "refuses":
      return `${describeOffer(premise.offer)} ${describeRelation(premise.relation)}${refused(premise.others)}`;
    case "one-version":
      return `only one version of ${premise.name} can be installed: ${versions(premise.offers)}`;
    case "ambiguous":
      return `nothing says which package is to be taken for ${premise.name}: ${describeList(premise.offers.map(describeOffer), "or")}`;
    case "unusable":
      return `${describeOffer(premise.offer)} cannot be had: ${premise.reason}`;
    default:
      return unreachable(premise);
  }
}

function rootWords(premise: Premise & { readonly kind: "root" }): string {
  return premise.reason.kind === "request" ? describeRequirement(premise.reason.request.requirement) : premise.name;
}

function offered({ candidates, others }: Premise & { readonly kind: "needs" }): string {
  if (candidates.length > 0) return `, which can be ${describeList(candidates.map(describeOffer), "or")}`;
  if (others.length > 0) return `, but on offer is ${describeList(others.map(describeOffer), "and")}`;
  return ", which no repository offers";
}

const refused = (others: readonly Offer[]): string => `, which is ${describeList(others.map(describeOffer), "and")}`;

const excluded = (offers: readonly Offer[]): string =>
  offers.length === 0 ? "" : `, which is ${describeList(offers.map(describeOffer), "and")}`;

const versions = (offers: readonly Offer[]): string =>
  describeList(
    offers.map(({ record, repository }) => `${describeRecord(record).slice(record.name.length + 1)} (${repository})`),
    "or",
  );
