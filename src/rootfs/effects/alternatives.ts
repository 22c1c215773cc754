// update-alternatives(1): several packages offer a program, and links lead to the best. Read from the scripts themselves,
// which say it in words that need no shell: `update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...`
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { nodeAt } from "../resolve.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { scriptText, textFile } from "./text-file.ts";

interface Link {
  readonly link: string;
  readonly name: string;
  readonly path: string;
}

interface Choice extends Link {
  readonly priority: number;
  readonly slaves: readonly Link[];
}

export const alternatives: Effect = {
  name: "alternatives",
  summary: "sets the links of update-alternatives, which scripts ask for",
  covers: ["bash", "debianutils", "mawk", "tar", "util-linux"].map((name) => ({
    package: name,
    scripts: ["postinst"],
  })),
  apply,
};

function apply(context: EffectContext): EffectResult {
  const groups = new Map<string, Choice[]>();
  for (const { package: name } of alternatives.covers) {
    for (const choice of choicesIn(scriptText(context, name, "postinst") ?? "")) {
      if (!nodeAt(context.tree, choice.path.slice(1))) continue;
      const group = groups.get(choice.name);
      if (group) group.push(choice);
      else groups.set(choice.name, [choice]);
    }
  }
  return { files: [...groups.values()].flatMap((choices) => filesOf(choices, context)), removed: [] };
}

/** Every command of the script, lines that go on put together. */
function choicesIn(script: string): readonly Choice[] {
  const lines = script.replaceAll("\\\n", " ").split("\n");
  return lines.flatMap((line) => {
    const [, words] = /^\s*update-alternatives\s+--install\s+([^$`"'|;&]*?)\s*(?:\|\| true\s*)?$/.exec(line) ?? [];
    const [link, name, path, priority, ...rest] = words?.split(/\s+/) ?? [];
    if (link === undefined || name === undefined || path === undefined || priority === undefined) return [];
    return [{ link, name, path, priority: Number(priority), slaves: slavesIn(rest) }];
  });
}

function slavesIn(words: readonly string[]): readonly Link[] {
  const slaves: Link[] = [];
  for (let at = 0; at < words.length; at += 4) {
    const [option, link, name, path] = words.slice(at, at + 4);
    if (option !== "--slave" || link === undefined || name === undefined || path === undefined) break;
    slaves.push({ link, name, path });
  }
  return slaves;
}

/** The links of the best choice, and dpkg's record of all of them: by path, each with its slaves by name. */
function filesOf(choices: readonly Choice[], { tree }: EffectContext): readonly GeneratedFile[] {
  const [best] = choices.toSorted((a, b) => b.priority - a.priority);
  if (!best) return [];
  const byName = new Map(choices.flatMap((one) => one.slaves).map((slave) => [slave.name, slave]));
  const slaves = [...byName.values()].sort((a, b) => compareBytes(a.name, b.name));
  const linked = [best, ...best.slaves.filter(({ path }) => nodeAt(tree, path.slice(1)))];
  const links = linked.flatMap(({ link, name, path }): readonly GeneratedFile[] => [
    { kind: "symlink", path: `etc/alternatives/${name}`, target: path },
    { kind: "symlink", path: link.slice(1), target: `/etc/alternatives/${name}` },
  ]);
  const record = [
    "auto",
    best.link,
    ...slaves.flatMap(({ name, link }) => [name, link]),
    "",
    ...choices
      .toSorted((a, b) => compareBytes(a.path, b.path))
      .flatMap((choice) => [
        choice.path,
        String(choice.priority),
        ...slaves.map(({ name }) => choice.slaves.find((one) => one.name === name)?.path ?? ""),
      ]),
    "",
  ];
  return [...links, textFile(`var/lib/dpkg/alternatives/${best.name}`, record.map((line) => `${line}\n`).join(""))];
}
