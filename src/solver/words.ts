// How requirements, relations and packages read in messages.
import type { PackageRecord, Relation, Requirement, RichRelation } from "../packages/contract.ts";
import type { Offer } from "./problem.ts";

const verbs: Readonly<Record<Relation["kind"], string>> = {
  "pre-depends": "pre-depends on",
  depends: "depends on",
  recommends: "recommends",
  suggests: "suggests",
  conflicts: "conflicts with",
  breaks: "breaks",
  replaces: "replaces",
  obsoletes: "obsoletes",
  supplements: "supplements",
  enhances: "enhances",
};

/** `openssl (>= 3.5)`, `python3:any`. */
export function describeRequirement({ name, constraint, architecture }: Requirement): string {
  const full = architecture === undefined ? name : `${name}:${architecture}`;
  return constraint === undefined ? full : `${full} (${constraint.operator} ${constraint.version})`;
}

/** `depends on a or b (>= 2)`. */
export function describeRelation({ kind, anyOf, rich }: Relation): string {
  if (rich) return `${verbs[kind]} ${describeRich(rich)}`;
  return `${verbs[kind]} ${anyOf.map(describeRequirement).join(" or ")}`;
}

function describeRich(rich: RichRelation): string {
  switch (rich.kind) {
    case "name":
      return describeRequirement(rich.requirement);
    case "if":
    case "unless": {
      const otherwise = rich.otherwise ? ` else ${describeRich(rich.otherwise)}` : "";
      return `(${describeRich(rich.wanted)} ${rich.kind} ${describeRich(rich.condition)}${otherwise})`;
    }
    default:
      return `(${rich.parts.map(describeRich).join(` ${rich.kind} `)})`;
  }
}

export const describeRecord = ({ name, version }: PackageRecord): string => `${name} ${version}`;

/** `openssl 3.5.1-1 (debian/trixie)`. */
export const describeOffer = ({ record, repository }: Offer): string => `${describeRecord(record)} (${repository})`;

/** `a, b and c`; past `max`, `a, b and 7 more`. */
export function describeList(items: readonly string[], last: "and" | "or", max = 5): string {
  if (items.length > max) return `${items.slice(0, max).join(", ")} ${last} ${items.length - max} more`;
  const head = items.slice(0, -1).join(", ");
  return head === "" ? (items[0] ?? "") : `${head} ${last} ${items.at(-1)}`;
}
