# dodai completion for bash: source <(dodai completion bash)
_dodai() {
  local line="${COMP_LINE:0:COMP_POINT}" current="" previous="" command="" words values="" files="" word
  read -r -a words <<< "$line"
  if [[ "$line" != *[[:space:]] ]]; then
    current="${words[-1]}"
    unset 'words[-1]'
  fi
  previous="${words[-1]}"
  case "${words[1]:-} ${words[2]:-}" in
    "cache dir") command="cache dir" ;;
    "cache size") command="cache size" ;;
    "cache prune") command="cache prune" ;;
    *) command="${words[1]:-}" ;;
  esac
  case "$command" in
    "") values="build lock resolve why run pull push copy inspect recipes init import cache completion --help --version" ;;
    "build")
      case "$previous" in
        --tag|-t) files=any ;;
        --output|-o) values="type=oci,dest= type=oci-layout,dest= type=docker,dest= type=tar,dest= type=dir,dest= type=context,dest= type=registry,ref=" ;;
        --cache-from) values="type=registry,ref=" ;;
        --cache-to) values="type=registry,ref=" ;;
        --scripts) values="run emulate skip" ;;
        --compression) values="gzip zstd none" ;;
        --ledger) files=any ;;
        --script-timeout) files=any ;;
        --run-timeout) files=any ;;
        --iidfile) files=any ;;
        --metadata-file) files=any ;;
        --file|-f) files=any ;;
        --build-arg) files=any ;;
        --target) files=any ;;
        --secret) files=any ;;
        --ssh) files=any ;;
        --label) files=any ;;
        --no-cache-filter) files=any ;;
        --build-context) files=any ;;
        --call) values="build check" ;;
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        --distro) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--tag --output --push --insecure-http --cache-from --cache-to --locked --scripts --compression --ledger --script-timeout --run-timeout --iidfile --metadata-file --json --file --build-arg --target --secret --ssh --label --squash --no-cache --no-cache-filter --build-context --check --call --platform --offline --insecure-unsigned --progress --cache-dir --distro --allow-unknown --help"
          else values="distroless/base distroless/base:nonroot"; files=recipes; fi ;;
      esac ;;
    "lock")
      case "$previous" in
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        --distro) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--json --platform --offline --insecure-unsigned --progress --cache-dir --distro --allow-unknown --help"
          else values="distroless/base distroless/base:nonroot"; files=recipes; fi ;;
      esac ;;
    "resolve")
      case "$previous" in
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        --distro) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--advisories --json --platform --offline --insecure-unsigned --progress --cache-dir --distro --allow-unknown --help"
          else values="distroless/base distroless/base:nonroot"; files=recipes; fi ;;
      esac ;;
    "why")
      case "$previous" in
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        --distro) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--json --platform --offline --insecure-unsigned --progress --cache-dir --distro --allow-unknown --help"
          else values="distroless/base distroless/base:nonroot"; files=recipes; fi ;;
      esac ;;
    "run")
      case "$previous" in
        --env|-e) files=any ;;
        --workdir|-w) files=any ;;
        --volume|-v) files=any ;;
        --user|-u) files=any ;;
        --entrypoint) files=any ;;
        --platform) files=any ;;
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--interactive --tty --env --workdir --volume --user --entrypoint --network --platform --cache-dir --help"
          else values="distroless/base distroless/base:nonroot"; files=recipes; fi ;;
      esac ;;
    "pull")
      case "$previous" in
        --output|-o) values="type=oci,dest= type=oci-layout,dest= type=docker,dest= type=tar,dest= type=dir,dest= type=context,dest= type=registry,ref=" ;;
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--output --platform --insecure-http --offline --progress --cache-dir --json --help"
          else values=""; fi ;;
      esac ;;
    "push")
      case "$previous" in
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--platform --insecure-http --offline --progress --cache-dir --json --help"
          else values="distroless/base distroless/base:nonroot"; files=recipes; fi ;;
      esac ;;
    "copy")
      case "$previous" in
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--platform --referrers --insecure-http --offline --progress --cache-dir --json --help"
          else values=""; files=recipes; fi ;;
      esac ;;
    "inspect")
      case "$previous" in
        --platform) files=any ;;
        --progress) values="auto tty plain quiet" ;;
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--platform --raw --config --referrers --insecure-http --offline --progress --cache-dir --json --help"
          else values=""; files=recipes; fi ;;
      esac ;;
    "recipes")
      case "$previous" in

        *)
          if [[ "$current" == -* ]]; then values="--json --help"
          else values=""; fi ;;
      esac ;;
    "init")
      case "$previous" in

        *)
          if [[ "$current" == -* ]]; then values="--help"
          else values=""; files=recipes; fi ;;
      esac ;;
    "import")
      case "$previous" in
        --output|-o) values="type=oci,dest= type=oci-layout,dest= type=docker,dest= type=tar,dest= type=dir,dest= type=context,dest= type=registry,ref=" ;;
        --distro) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--output --distro --allow-unknown --help"
          else values=""; files=recipes; fi ;;
      esac ;;
    "cache dir")
      case "$previous" in
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--cache-dir --help"
          else values=""; fi ;;
      esac ;;
    "cache size")
      case "$previous" in
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--cache-dir --json --help"
          else values=""; fi ;;
      esac ;;
    "cache prune")
      case "$previous" in
        --max-size) files=any ;;
        --older-than) files=any ;;
        --cache-dir) files=any ;;
        *)
          if [[ "$current" == -* ]]; then values="--max-size --older-than --cache-dir --json --help"
          else values=""; fi ;;
      esac ;;
    "completion")
      case "$previous" in

        *)
          if [[ "$current" == -* ]]; then values="--help"
          else values="bash zsh fish"; fi ;;
      esac ;;
    cache) values="dir size prune --help" ;;
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
  local cut="${current%"${current##*[=:]}"}" index
  for index in "${!COMPREPLY[@]}"; do
    COMPREPLY[index]="${COMPREPLY[index]#"$cut"}"
    [[ "${COMPREPLY[index]}" == */ || "${COMPREPLY[index]}" == *= ]] || COMPREPLY[index]+=" "
  done
}
complete -o nospace -F _dodai dodai
