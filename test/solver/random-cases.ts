// Small random repositories and requests in libsolv's form: few names, so that they meet.

/** What makes a problem harder than names that require each other. */
export type Hardness = "versions" | "Con" | "Obs" | "weak" | "rich" | "architectures" | "repositories";

interface Drawn {
  readonly name: string;
  readonly version: number;
  readonly architecture: string;
}

/** A test case for testsolv, with requests as dnf makes them. The same for the same seed. */
export function randomCase(seed: number, hard: ReadonlySet<Hardness>): string {
  const random = startRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const names = [..."abcdefghijkl"].slice(0, 4 + random(8));
  const virtual = ["V", "W", "X"];
  const constraint = (): string =>
    hard.has("versions") && random(3) === 0 ? ` ${pick([">=", "<", "=", "<=", ">"])} ${1 + random(3)}` : "";
  const word = (): string => (random(3) === 0 ? pick(virtual) : `${pick(names)}${constraint()}`);
  const relation = (): string => (hard.has("rich") && random(3) === 0 ? rich(word, pick) : word());
  const known: string[] = [];
  const drawn: Drawn[] = [];
  const lines = ["repo system 0 empty"];
  for (const repository of hard.has("repositories") ? ["first", "second"] : ["test"]) {
    lines.push(`repo ${repository} ${hard.has("repositories") ? random(2) : 0} testtags <inline>`);
    for (const name of names) {
      for (const one of variants(name, hard, random)) {
        known.push(`${name}-${one.version}-1.${one.architecture}@${repository}`);
        drawn.push(one);
        lines.push(...packageLines(one, { hard, random, pick, relation, virtual }));
      }
    }
  }
  lines.push("system x86_64 rpm system");
  if (hard.has("architectures")) lines.push("poolflags implicitobsoleteusescolors");
  if (!hard.has("weak")) lines.push("solverflags ignorerecommended");
  for (const one of new Set(Array.from({ length: 1 + random(3) }, () => pick(drawn).name))) {
    lines.push(`job install oneof ${known.filter((nevra) => nevra.startsWith(`${one}-`)).join(" ")} [setevr,setarch]`);
  }
  return `${lines.join("\n")}\nresult transaction,problems <inline>\n`;
}

/** Versions and architectures of one name; none at times, so that some things cannot be had. */
function variants(name: string, hard: ReadonlySet<Hardness>, random: Random): readonly Drawn[] {
  if (hard.has("repositories") && random(3) === 0) return [];
  const first = 1 + random(3);
  const versions = hard.has("versions") && random(3) === 0 ? [first, first + 1] : [first];
  const kind = hard.has("architectures") ? random(4) : 3;
  const architectures = [["noarch"], ["i686"], ["x86_64", "i686"], ["x86_64"]][kind] ?? [];
  return versions.flatMap((version) => architectures.map((architecture) => ({ name, version, architecture })));
}

interface PackageOptions {
  readonly hard: ReadonlySet<Hardness>;
  readonly random: Random;
  pick<Item>(items: readonly Item[]): Item;
  relation(): string;
  readonly virtual: readonly string[];
}

function packageLines({ name, version, architecture }: Drawn, options: PackageOptions): readonly string[] {
  const { hard, random, pick, relation, virtual } = options;
  const lines = [`#>=Pkg: ${name} ${version} 1 ${architecture}`, `#>=Prv: ${name} = ${version}-1`];
  if (random(3) === 0) {
    const provided = hard.has("versions") && random(2) === 0 ? ` = ${1 + random(3)}` : "";
    lines.push(`#>=Prv: ${pick(virtual)}${provided}`);
  }
  const tags = [
    "Req",
    ...(hard.has("weak") ? ["Rec", "Sug", "Sup", "Enh"] : []),
    ...[...hard].filter((one) => /^[A-Z]/.test(one)),
  ];
  for (const tag of tags) {
    for (let at = 0; at < 2; at++) {
      if (random(rarities[tag] ?? 2) !== 0) continue;
      const drawn = relation();
      // Only names and versions can be obsoleted; supplements on a condition are libsolv's alone.
      const isPlain = tag === "Obs" || (/^(?:Sup|Enh)$/.test(tag) && drawn.includes("<IF>"));
      lines.push(`#>=${tag}: ${isPlain ? drawn.replace(/ [&|<][& |I].*$/, "") : drawn}`);
    }
  }
  return lines;
}

const rarities: Readonly<Record<string, number>> = { Req: 2, Con: 6, Rec: 4, Sug: 4, Sup: 6, Enh: 6, Obs: 8 };

function rich(word: () => string, pick: <Item>(items: readonly Item[]) => Item): string {
  const sign = pick(["&", "|", "<IF>", "|"]);
  return `${word()} ${sign} ${word()}`;
}

type Random = (below: number) => number;

/** Numbers below a bound, the same for the same seed (xorshift). */
export function startRandom(seed: number): Random {
  let state = ((seed + 1) * 2654435761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}
