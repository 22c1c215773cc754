import { topWords } from "./bash.ts";
import type { CompletedCommand, CompletedFlag } from "./vocabulary.ts";

export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef dodai
# dodai completion for zsh: dodai completion zsh > a folder of $fpath, as _dodai
_dodai() {
  local -a list
  if (( CURRENT == 2 )); then
    list=(${topWords(commands)
      .map((word) => quote(`${word}:${briefOf(commands, word)}`))
      .join(" ")})
    _describe 'command' list
    compadd -- --help --version
    return
  fi
  case "$words[2]" in
${groups(commands).join("\n")}
  esac
}
compdef _dodai dodai 2>/dev/null
`;
}

function briefOf(commands: readonly CompletedCommand[], word: string): string {
  return commands.find(({ path }) => path === word)?.brief ?? `Commands of ${word}`;
}

function groups(commands: readonly CompletedCommand[]): readonly string[] {
  return topWords(commands).map((word) => {
    const own = commands.find(({ path }) => path === word);
    if (own) return `    ${word}) shift words; (( CURRENT-- )); ${argumentsOf(own)} ;;`;
    const nested = commands.filter(({ path }) => path.startsWith(`${word} `));
    const names = nested.map(({ path }) => path.slice(word.length + 1));
    const cases = nested.map(
      (one, index) => `        ${names[index]}) shift 2 words; (( CURRENT -= 2 )); ${argumentsOf(one)} ;;`,
    );
    return `    ${word})
      if (( CURRENT == 3 )); then compadd -- ${names.join(" ")}; return; fi
      case "$words[3]" in
${cases.join("\n")}
      esac ;;`;
  });
}

function argumentsOf({ flags, words, takesFile }: CompletedCommand): string {
  const specs = flags.map(flagSpec);
  if (words.length > 0 || takesFile) {
    // A word may be one of the names or a file: both are offered.
    const names = words.map((word) => word.replaceAll(":", "\\:")).join(" ");
    const offered = takesFile ? `{ compadd -- ${names}; _files -g "*.(yaml|yml)" }` : `(${names})`;
    specs.push(quote(`*:argument:${offered}`));
  }
  return `_arguments -s ${specs.join(" ")}`;
}

function flagSpec({ name, alias, brief, takesValue, values }: CompletedFlag): string {
  const told = brief.replaceAll(/[[\]:]/g, " ");
  const wanted = values.length > 0 ? `(${values.join(" ")})` : "_files";
  const value = takesValue ? `:value:${wanted}` : "";
  const one = (flag: string): string => quote(`*${flag}[${told}]${value}`);
  return alias === undefined ? one(name) : `${one(name)} ${one(alias)}`;
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
