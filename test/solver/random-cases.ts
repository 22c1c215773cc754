// Small random repositories and requests in libsolv's form: few names, so that they meet.

/** `kinds` are libsolv's tags of relations: `Req`, `Con`, `Rec` ... */
export function randomCase(seed: number, kinds: ReadonlySet<string>): string {
  const random = startRandom(seed);
  const names = [..."abcdefghijkl"].slice(0, 4 + random(8));
  const virtual = ["V", "W", "X"];
  const name = (): string => (random(3) === 0 ? virtual[random(3)] : names[random(names.length)]) ?? "a";
  const lines = ["repo system 0 empty", "repo test 0 testtags <inline>"];
  for (const one of names) {
    const version = 1 + random(3);
    lines.push(`#>=Pkg: ${one} ${version} 1 x86_64`, `#>=Prv: ${one} = ${version}-1`);
    if (random(3) === 0) lines.push(`#>=Prv: ${virtual[random(3)]}`);
    for (const [tag, rarity] of rarities) {
      if (!kinds.has(tag)) continue;
      for (let at = 0; at < 2; at++) if (random(rarity) === 0) lines.push(`#>=${tag}: ${name()}`);
    }
  }
  lines.push("system x86_64 rpm system");
  if (!kinds.has("Rec")) lines.push("solverflags ignorerecommended");
  const asked = new Set(Array.from({ length: 1 + random(2) }, () => names[random(names.length)]));
  for (const one of asked) lines.push(`job install name ${one}`);
  return `${lines.join("\n")}\nresult transaction,problems <inline>\n`;
}

const rarities: readonly (readonly [tag: string, rarity: number])[] = [
  ["Req", 2],
  ["Con", 6],
  ["Rec", 4],
  ["Sug", 4],
  ["Sup", 6],
  ["Enh", 6],
];

/** Numbers below a bound, the same for the same seed (xorshift). */
function startRandom(seed: number): (below: number) => number {
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
