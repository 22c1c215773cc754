// A variant that runs no maintainer scripts need not follow dependencies that only scripts have. The index is read as if
// such relations were not there.
import type { WaivedRelation } from "../distros/contract.ts";
import type { PackageIndex, PackageRecord, Relation } from "../packages/contract.ts";

export function waiveRelations(index: PackageIndex, waived: readonly WaivedRelation[]): PackageIndex {
  if (waived.length === 0) return index;
  const known = new Map<PackageRecord, PackageRecord>();
  const originals = new Map<PackageRecord, PackageRecord>();
  const read = (record: PackageRecord): PackageRecord => {
    const rules = waived.filter((one) => one.package === record.name);
    if (rules.length === 0) return record;
    const found = known.get(record);
    if (found) return found;
    const changed = { ...record, relations: record.relations.filter((relation) => !isWaived(relation, rules)) };
    known.set(record, changed);
    originals.set(changed, record);
    return changed;
  };
  const { mentioned } = index;
  return {
    size: index.size,
    named: (name) => index.named(name).map(read),
    providing: (name) => index.providing(name).map(read),
    flagged: (flag) => index.flagged(flag).map(read),
    names: () => index.names(),
    ...(mentioned ? { mentioned: (name: string) => mentioned.call(index, name) } : {}),
    stanza: (record) => index.stanza(originals.get(record) ?? record),
  };
}

function isWaived({ kind, anyOf }: Relation, rules: readonly WaivedRelation[]): boolean {
  if (kind !== "depends" && kind !== "pre-depends") return false;
  return anyOf.some(({ name }) => rules.some(({ requirements }) => requirements.includes(name)));
}
