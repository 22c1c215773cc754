// What is installed in an image, as an index of what is on offer. An image may be there without something that one of its
// packages wants: a distroless one has no awk, whatever base-files says. That is no reason to bring it now.
import { unreachable } from "../core/unreachable.ts";
import type { PackageFormat, PackageIndex, PackageRecord, Relation, RichRelation } from "./contract.ts";

export interface InstalledOptions {
  readonly format: Pick<PackageFormat, "satisfies">;
  readonly architecture: string;
}

/** The same index with those relations alone that are met by what is in it. */
export function asInstalled(index: PackageIndex, { format, architecture }: InstalledOptions): PackageIndex {
  const meets = (wanted: Relation["anyOf"][number]): readonly PackageRecord[] =>
    [...index.named(wanted.name), ...index.providing(wanted.name)].filter((one) =>
      format.satisfies(one, wanted, architecture),
    );
  const isMet = (rich: RichRelation): boolean => {
    switch (rich.kind) {
      case "name":
        return meets(rich.requirement).length > 0;
      case "and":
        return rich.parts.every(isMet);
      case "or":
        return rich.parts.some(isMet);
      case "with":
      case "without":
        return isMet(rich.parts[0] as RichRelation);
      case "if":
        return isMet(rich.condition) ? isMet(rich.wanted) : rich.otherwise === undefined || isMet(rich.otherwise);
      case "unless":
        return isMet(rich.condition) ? rich.otherwise !== undefined && isMet(rich.otherwise) : isMet(rich.wanted);
      default:
        return unreachable(rich);
    }
  };
  const holds = (relation: Relation, of: PackageRecord): boolean => {
    if (relation.rich && relation.kind === "depends") return isMet(relation.rich);
    if (relation.rich && relation.kind === "conflicts") return !isMet(relation.rich);
    switch (relation.kind) {
      case "depends":
      case "pre-depends":
        return relation.anyOf.some((wanted) => meets(wanted).length > 0);
      case "conflicts":
      case "breaks":
        return relation.anyOf.every((wanted) => meets(wanted).every((one) => one.name === of.name));
      default:
        return relation.kind === "replaces" || relation.kind === "obsoletes";
    }
  };
  const known = new Map<PackageRecord, PackageRecord>();
  const originals = new Map<PackageRecord, PackageRecord>();
  const read = (record: PackageRecord): PackageRecord => {
    const found = known.get(record);
    if (found) return found;
    const changed = { ...record, relations: record.relations.filter((relation) => holds(relation, record)) };
    known.set(record, changed);
    originals.set(changed, record);
    return changed;
  };
  return {
    size: index.size,
    named: (name) => index.named(name).map(read),
    providing: (name) => index.providing(name).map(read),
    flagged: (flag) => index.flagged(flag).map(read),
    ...(index.relating && { relating: (kind, name) => index.relating?.(kind, name).map(read) ?? [] }),
    names: () => index.names(),
    stanza: (record) => index.stanza(originals.get(record) ?? record),
  };
}
