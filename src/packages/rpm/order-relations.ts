// Which package comes before which: requirements, and wishes of any kind, each met by one package (rpm's addRelation and
// rpmalSatisfiesDepend). Files go before what packages provide.
import type { ControlMember, Requirement, RichRelation, VersionOperator } from "../contract.ts";
import { filesOf } from "./files.ts";
import type { Header } from "./header.ts";
import { headersOf } from "./installed.ts";
import { overlap, parseRelation } from "./relation.ts";
import { sense, tags } from "./tags.ts";

export interface Orderable {
  readonly name: string;
  /** As the package calls itself, where that is another name. */
  readonly realName?: string;
  readonly control: readonly ControlMember[];
}

export interface OrderNode {
  readonly installed: Orderable;
  /** Word sizes of its programs that need or provide something: 1 is 32 bits, 2 is 64. */
  readonly color: number;
  /** Who asks for it, and what it asks for, the last first. */
  readonly successors: OrderLink[];
  readonly needs: OrderLink[];
  /** How many relations it waits for. */
  missing: number;
  /** How many wait for it. */
  waiting: number;
  circle: number;
}

export interface OrderLink {
  readonly node: OrderNode;
  isForScripts: boolean;
}

export function orderNodes(packages: readonly Orderable[]): readonly OrderNode[] {
  const opened = packages.map((installed) => {
    const { header } = headersOf(installed.control, installed.name);
    const color = colorOf(header);
    const counts = { missing: 0, waiting: 0, circle: 0 };
    const node: OrderNode = { installed, color, successors: [], needs: [], ...counts };
    return { node, header };
  });
  const offers = offersOf(opened);
  for (const one of opened) {
    for (const { names, flags, versions, isReversed } of relationTags) {
      const bits = one.header.numbers(flags);
      const wanted = one.header.texts(versions);
      one.header.texts(names).forEach((name, at) => {
        const relation: Relation = { name, flags: bits[at] ?? 0, version: wanted[at] ?? "" };
        if (isUnordered(relation.flags)) return;
        // What is merely wished for never cuts a circle.
        const isStrong = names === tags.requireNames && (relation.flags & sense.missingOk) === 0;
        const isForScripts = isStrong && asksForScripts(relation.flags);
        for (const other of providersOf(relation, one.node, offers))
          link(isReversed ? other : one.node, isReversed ? one.node : other, isForScripts);
      });
    }
  }
  return opened.map(({ node }) => node);
}

/** Files alone that rpmbuild found relations for count (rpm's rpmteColorDS). */
function colorOf(header: Header): number {
  const counts = header.numbers(tags.fileDependsCounts);
  return header.numbers(tags.fileColors).reduce((all, one, at) => ((counts[at] ?? 0) > 0 ? all | one : all), 0);
}

interface RelationTags {
  readonly names: number;
  readonly flags: number;
  readonly versions: number;
  /** The other package waits for this one. */
  readonly isReversed: boolean;
}

const relationTags: readonly RelationTags[] = [
  { names: tags.requireNames, flags: tags.requireFlags, versions: tags.requireVersions, isReversed: false },
  { names: tags.recommendNames, flags: tags.recommendFlags, versions: tags.recommendVersions, isReversed: false },
  { names: tags.suggestNames, flags: tags.suggestFlags, versions: tags.suggestVersions, isReversed: false },
  { names: tags.supplementNames, flags: tags.supplementFlags, versions: tags.supplementVersions, isReversed: true },
  { names: tags.enhanceNames, flags: tags.enhanceFlags, versions: tags.enhanceVersions, isReversed: true },
  { names: tags.orderNames, flags: tags.orderFlags, versions: tags.orderVersions, isReversed: false },
];

const SCRIPTS = sense.scriptPre | sense.scriptPost;
const FORCED = SCRIPTS | sense.scriptPreUn | sense.scriptPostUn;
const UNORDERED = sense.rpmlib | sense.config | sense.preTrans | sense.postTrans | sense.scriptVerify | sense.meta;
const isUnordered = (flags: number): boolean => (flags & UNORDERED) !== 0 && (flags & FORCED) === 0;

/** rpm's isInstallPreReq, and the old PreReq that says no more. */
function asksForScripts(flags: number): boolean {
  if ((flags & (SCRIPTS | sense.rpmlib | sense.keyring | sense.preTrans | sense.postTrans)) !== 0) return true;
  const all = UNORDERED | FORCED | sense.interpreter | sense.findRequires | sense.keyring | sense.missingOk;
  return (flags & sense.prerequisite) !== 0 && (flags & all & ~sense.config) === 0;
}

/** One relation between two packages, whatever it was that asked: those of a package are added one after another. */
function link(node: OrderNode, needed: OrderNode, isForScripts: boolean): void {
  const back = needed.successors[0];
  const known = back?.node === node ? node.needs.find((one) => one.node === needed) : undefined;
  if (known && back) {
    known.isForScripts ||= isForScripts;
    back.isForScripts ||= isForScripts;
    return;
  }
  node.missing++;
  needed.waiting++;
  node.needs.unshift({ node: needed, isForScripts });
  needed.successors.unshift({ node, isForScripts });
}

interface Relation {
  readonly name: string;
  readonly flags: number;
  readonly version: string;
}

interface Offer {
  readonly node: OrderNode;
  readonly flags: number;
  readonly version: string;
  readonly isFile: boolean;
}
type Offers = ReadonlyMap<string, readonly Offer[]>;

function offersOf(all: readonly { readonly node: OrderNode; readonly header: Header }[]): Offers {
  const offers = new Map<string, Offer[]>();
  for (const { node, header } of all) {
    const [flags, versions] = [header.numbers(tags.provideFlags), header.texts(tags.provideVersions)];
    const provided = header
      .texts(tags.provideNames)
      .map((name, at) => ({ name, node, flags: flags[at] ?? 0, version: versions[at] ?? "", isFile: false }));
    const files = filesOf(header, node.installed.name).map(({ path }) => ({
      name: path,
      node,
      flags: 0,
      version: "",
      isFile: true,
    }));
    for (const { name, ...offer } of [...files, ...provided]) {
      const known = offers.get(name);
      if (known) known.push(offer);
      else offers.set(name, [offer]);
    }
  }
  return offers;
}

/** One package for each name that a relation has. */
function providersOf(relation: Relation, asking: OrderNode, offers: Offers): readonly OrderNode[] {
  const wanted = relation.name.startsWith("(") ? namesIn(relation.name) : [relation];
  return wanted.flatMap((one) => {
    const found = providerOf(one, asking, offers);
    return found === undefined || found === asking ? [] : [found];
  });
}

function providerOf({ name, flags, version }: Relation, asking: OrderNode, offers: Offers): OrderNode | undefined {
  const all = offers.get(name) ?? [];
  const files = all.filter(({ isFile }) => isFile);
  const fitting = files.length > 0 ? files : all.filter((offer) => fits(offer, flags, version));
  const score = ({ node }: Offer): number => (node.color === 2 ? 2 : 0) + (node === asking ? 1 : 0);
  return fitting.toSorted((a, b) => score(b) - score(a))[0]?.node;
}

function fits(offer: Offer, flags: number, version: string): boolean {
  const [has, wants] = [operatorOf(offer.flags), operatorOf(flags)];
  if (has === undefined || wants === undefined || offer.version === "" || version === "") return true;
  return overlap({ operator: has, version: offer.version }, { operator: wants, version });
}

const signs: ReadonlyMap<number, VersionOperator> = new Map([
  [sense.less, "<"],
  [sense.greater, ">"],
  [sense.equal, "="],
  [sense.less | sense.equal, "<="],
  [sense.greater | sense.equal, ">="],
]);
const COMPARING = sense.less | sense.greater | sense.equal;

/** `undefined` when any version will do. */
export const operatorOf = (flags: number): VersionOperator | undefined => signs.get(flags & COMPARING);

/** Of a boolean relation: both sides of `and` and `or`, the first of the others, and what an `else` has. */
function namesIn(text: string): readonly Relation[] {
  const { rich, anyOf } = parseRelation(text, "depends");
  return rich ? namesOf(rich) : anyOf.map(plain);
}

function namesOf(rich: RichRelation): readonly Relation[] {
  switch (rich.kind) {
    case "name":
      return [plain(rich.requirement)];
    case "and":
    case "or":
      return rich.parts.flatMap(namesOf);
    case "with":
    case "without":
      return rich.parts.slice(0, 1).flatMap(namesOf);
    default:
      return [...namesOf(rich.wanted), ...(rich.otherwise ? namesOf(rich.otherwise) : [])];
  }
}

function plain({ name, constraint }: Requirement): Relation {
  const flags = [...signs].find(([, operator]) => operator === constraint?.operator)?.[0] ?? 0;
  return { name, flags, version: constraint?.version ?? "" };
}
