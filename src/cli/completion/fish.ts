import { topWords } from "./bash.ts";
import type { CompletedCommand, CompletedFlag } from "./vocabulary.ts";

export function fishScript(commands: readonly CompletedCommand[]): string {
  const tops = topWords(commands);
  const lines = [
    "# dodai completion for fish: dodai completion fish > ~/.config/fish/completions/dodai.fish",
    "complete -c dodai -f",
  ];
  for (const word of tops) {
    const brief = commands.find(({ path }) => path === word)?.brief ?? `Commands of ${word}`;
    lines.push(`complete -c dodai -n __fish_use_subcommand -a ${word} -d ${quote(brief)}`);
  }
  for (const command of commands) lines.push(...commandLines(command, commands));
  return `${lines.join("\n")}\n`;
}

function commandLines(command: CompletedCommand, commands: readonly CompletedCommand[]): readonly string[] {
  const [top = "", below] = command.path.split(" ");
  const siblings = commands.filter(({ path }) => path.startsWith(`${top} `)).map(({ path }) => path.split(" ")[1]);
  const inTop = `__fish_seen_subcommand_from ${top}`;
  const condition = below === undefined ? inTop : `${inTop}; and __fish_seen_subcommand_from ${below}`;
  const lines = command.flags.map((flag) => flagLine(flag, condition));
  if (below !== undefined) {
    const unchosen = `${inTop}; and not __fish_seen_subcommand_from ${siblings.join(" ")}`;
    lines.unshift(`complete -c dodai -n ${quote(unchosen)} -a ${below} -d ${quote(command.brief)}`);
  }
  if (command.words.length > 0)
    lines.push(`complete -c dodai -n ${quote(condition)} -a ${quote(command.words.join(" "))}`);
  if (command.takesFile) lines.push(`complete -c dodai -n ${quote(condition)} -k -a '(__fish_complete_suffix .yaml)'`);
  return lines;
}

function flagLine({ name, alias, brief, takesValue, values }: CompletedFlag, condition: string): string {
  const short = alias === undefined ? "" : ` -s ${alias.slice(1)}`;
  const value = values.length > 0 ? ` -x -a ${quote(values.join(" "))}` : takesValue ? " -r -F" : "";
  return `complete -c dodai -n ${quote(condition)} -l ${name.slice(2)}${short}${value} -d ${quote(brief)}`;
}

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
