// Random repositories as createrepo_c would make them, and requests in the forms that dnf takes: groups, environments, module
// streams, costs, priorities, excludes and includes.
import type { RpmSpec } from "../kit/rpm.ts";
import { startRandom } from "./random-cases.ts";

export interface RandomRepository {
  readonly id: string;
  readonly packages: readonly RpmSpec[];
  readonly comps: string;
  readonly modules: string;
  /** As dnf has it: the lower wins. */
  readonly priority: number;
  readonly cost: number;
  readonly excludes: readonly string[];
  readonly includes: readonly string[];
  readonly moduleHotfixes: boolean;
}

export interface RandomProblem {
  readonly repositories: readonly RandomRepository[];
  readonly install: readonly string[];
  readonly without: readonly string[];
  readonly recommends: boolean;
}

const names = ["app", "app-libs", "bar", "bar-devel", "cat", "dog", "eel", "eel-common", "fox", "gnu"];
const files = names.map((name) => `/usr/bin/${name}`);

type Random = (below: number) => number;

/** The same for the same seed. */
export function randomProblem(seed: number): RandomProblem {
  const random = startRandom(seed);
  const repositories = ["base", "extra"].slice(0, 1 + random(2)).map((id) => randomRepository(id, random));
  const all = repositories.flatMap(({ packages }) => packages);
  const install = Array.from({ length: 1 + random(3) }, () => randomRequest(all, random));
  return {
    repositories,
    install: [...new Set(install)],
    without: random(4) === 0 ? [pick(names, random)] : [],
    recommends: random(2) === 0,
  };
}

const pick = <Item>(items: readonly Item[], random: Random): Item => items[random(items.length)] as Item;

function randomRepository(id: string, random: Random): RandomRepository {
  const packages = names.flatMap((name) => (random(4) === 0 ? [] : versionsOf(name, random)));
  // Groups and modules that several repositories have, or that lack packages, are told of in docs/solver.md.
  const isFirst = id === "base";
  return {
    id,
    packages,
    comps: isFirst ? compsOf(random) : emptyComps,
    modules: isFirst ? modulesOf(packages, random) : "",
    priority: pick([99, 99, 50], random),
    cost: pick([1000, 500], random),
    excludes: !isFirst && random(3) === 0 ? [pick([...names, "app*", "*-devel", "cat-1*", "dog.noarch"], random)] : [],
    includes: !isFirst && random(6) === 0 ? names.filter(() => random(4) > 0) : [],
    moduleHotfixes: random(4) === 0,
  };
}

const emptyComps = '<?xml version="1.0" encoding="UTF-8"?>\n<comps></comps>\n';

function versionsOf(name: string, random: Random): readonly RpmSpec[] {
  const first = 1 + random(3);
  return Array.from({ length: 1 + Number(random(3) === 0) }, (_, at) =>
    specOf(name, `${first + at}.${random(2)}`, random),
  );
}

function specOf(name: string, version: string, random: Random): RpmSpec {
  const constrained = (): string => `${pick(names, random)} ${pick([">=", "<", "="], random)} ${1 + random(3)}.0`;
  const word = (): string =>
    [pick(names, random), pick(names, random), pick(["V", "W"], random), pick(files, random), constrained()][
      random(5)
    ] ?? "V";
  const rich = (): string => `(${pick(names, random)} ${pick(["or", "if", "and"], random)} ${pick(names, random)})`;
  const some = (rarity: number, of: () => string): readonly string[] => (random(rarity) === 0 ? [of()] : []);
  return {
    name,
    version,
    arch: pick(["x86_64", "x86_64", "noarch"], random),
    ...(random(6) === 0 ? { epoch: 1 } : {}),
    tree: [{ path: `usr/bin/${name}`, content: name }],
    requires: [...some(2, word), ...some(8, rich)],
    provides: [...some(3, () => pick(["V", "W", "V = 2"], random))],
    conflicts: some(10, word),
    obsoletes: some(12, constrained),
    recommends: [...some(4, word), ...some(10, rich)],
    suggests: some(6, word),
    supplements: some(10, () => pick(names, random)),
  };
}

function randomRequest(all: readonly RpmSpec[], random: Random): string {
  const spec = pick(all, random);
  if (spec === undefined) return "app";
  const { name, version = "", arch = "", epoch = 0 } = spec;
  const forms = [
    ...[name, name, name, `${name}.${arch}`, `${name}-${version}`, `${name}-${version}-1`],
    ...[`${name}-${epoch}:${version}-1.${arch}`, `${name} >= ${version}`, `${name.slice(0, 3)}*`, `/usr/bin/${name}`],
    ...["@tools", "@world", "@mod:1", "@mod:2/small", "V", `${name}-${version.slice(0, 1)}*`],
  ];
  return pick(forms, random);
}

function compsOf(random: Random): string {
  const types = ["mandatory", "default", "optional"];
  const required = names
    .filter(() => random(4) === 0)
    .map((name) => `<packagereq type="${pick(types, random)}">${name}</packagereq>`);
  const other = names.find((name) => !required.some((one) => one.includes(`>${name}<`))) ?? "app";
  const conditional = `<packagereq type="conditional" requires="${pick(names, random)}">${other}</packagereq>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<comps><group><id>tools</id><name>Tools</name><packagelist>${required.join("")}${conditional}</packagelist></group>
<group><id>more</id><name>More</name><packagelist><packagereq type="mandatory">${pick(names, random)}</packagereq></packagelist></group>
<environment><id>world</id><name>World</name><grouplist><groupid>tools</groupid></grouplist>
<optionlist><groupid default="${random(2) === 0}">more</groupid></optionlist></environment></comps>
`;
}

function modulesOf(packages: readonly RpmSpec[], random: Random): string {
  const documents = ["1", "2"].map((stream) => {
    const drawn = packages.filter(() => random(6) === 0);
    const own = drawn.length > 0 ? drawn : packages.slice(0, 1);
    const artifacts = own.map(
      ({ name, epoch = 0, version = "", arch = "" }) => `    - ${name}-${epoch}:${version}-1.${arch}`,
    );
    const profile = [...new Set(own.map(({ name }) => name))].map((name) => `      - ${name}`);
    const list = (lines: readonly string[], empty: string): string =>
      lines.length === 0 ? empty : `\n${lines.join("\n")}`;
    return `---
document: modulemd
version: 2
data:
  name: mod
  stream: "${stream}"
  version: 1
  context: c0ffee
  arch: x86_64
  summary: A module
  description: >-
    A module
  license:
    module: [MIT]
  dependencies:
  - requires:
      platform: [el9]
  profiles:
    default:
      rpms:${list(profile, " []")}
    small:
      rpms:${list(profile.slice(0, 1), " []")}
  artifacts:
    rpms:${list(artifacts, " []")}
...
`;
  });
  const stream = random(2) === 0 ? '\n  stream: "1"' : "";
  const usual = `---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: mod${stream}\n  profiles:\n    "1": [default]\n    "2": [default]\n...\n`;
  return `${documents.join("")}${usual}`;
}
