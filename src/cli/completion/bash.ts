import type { CompletedCommand, CompletedFlag } from "./vocabulary.ts";

/**
 * bash splits words at "=" and ":" too (COMP_WORDBREAKS), which names of recipes and outputs hold. So the script takes words
 * from the line itself, and of each answer gives only what follows the last such character.
 */
export function bashScript(commands: readonly CompletedCommand[]): string {
  return `# dodai completion for bash: source <(dodai completion bash)
_dodai() {
  local line="\${COMP_LINE:0:COMP_POINT}" current="" previous="" command="" words values="" files="" word
  read -r -a words <<< "$line"
  if [[ "$line" != *[[:space:]] ]]; then
    current="\${words[-1]}"
    unset 'words[-1]'
  fi
  previous="\${words[-1]}"
  case "\${words[1]:-} \${words[2]:-}" in
${commands.filter(isNested).map(nestedCase).join("\n")}
    *) command="\${words[1]:-}" ;;
  esac
  case "$command" in
    "") values="${topWords(commands).join(" ")} --help --version" ;;
${commands.map(commandCase).join("\n")}
${nestedHeads(commands).join("\n")}
  esac
  COMPREPLY=()
  for word in $values; do
    [[ "$word" == "$current"* ]] && COMPREPLY+=("$word")
  done
  if [[ -n "$files" ]]; then
    while IFS= read -r word; do
      if [[ -d "$word" ]]; then COMPREPLY+=("$word/")
      elif [[ "$files" == any || "$word" == *.yaml || "$word" == *.yml ]]; then COMPREPLY+=("$word"); fi
    done < <(compgen -f -- "$current")
  fi
  local cut="\${current%"\${current##*[=:]}"}" index
  for index in "\${!COMPREPLY[@]}"; do
    COMPREPLY[index]="\${COMPREPLY[index]#"$cut"}"
    [[ "\${COMPREPLY[index]}" == */ || "\${COMPREPLY[index]}" == *= ]] || COMPREPLY[index]+=" "
  done
}
complete -o nospace -F _dodai dodai
`;
}

const isNested = ({ path }: CompletedCommand): boolean => path.includes(" ");

const nestedCase = ({ path }: CompletedCommand): string => `    "${path}") command="${path}" ;;`;

export function topWords(commands: readonly CompletedCommand[]): readonly string[] {
  return [...new Set(commands.map(({ path }) => path.split(" ")[0] ?? ""))];
}

/** `cache`, whose next word is a command too. */
function nestedHeads(commands: readonly CompletedCommand[]): readonly string[] {
  const nested = commands.filter(isNested);
  const heads = [...new Set(nested.map(({ path }) => path.split(" ")[0]))];
  return heads.map((head) => {
    const below = nested.filter(({ path }) => path.startsWith(`${head} `)).map(({ path }) => path.split(" ")[1]);
    return `    ${head}) values="${below.join(" ")} --help" ;;`;
  });
}

function commandCase({ path, flags, words, takesFile }: CompletedCommand): string {
  const names = flags.map(({ name }) => name);
  return `    "${path}")
      case "$previous" in
${flags
  .filter(({ takesValue }) => takesValue)
  .map(valueCase)
  .join("\n")}
        *)
          if [[ "$current" == -* ]]; then values="${names.join(" ")}"
          else values="${words.join(" ")}"${takesFile ? "; files=recipes" : ""}; fi ;;
      esac ;;`;
}

function valueCase({ name, alias, values }: CompletedFlag): string {
  const pattern = alias === undefined ? name : `${name}|${alias}`;
  return `        ${pattern}) ${values.length > 0 ? `values="${values.join(" ")}"` : "files=any"} ;;`;
}
