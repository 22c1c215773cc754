#compdef dodai
# dodai completion for zsh: dodai completion zsh > a folder of $fpath, as _dodai
_dodai() {
  local -a list
  if (( CURRENT == 2 )); then
    list=('build:Build an image' 'lock:Write down the exact packages of a recipe' 'resolve:List the packages that a recipe gives now' 'why:Tell why a package is in an image, or why it is not' 'recipes:List the recipes that are built in' 'init:Write a recipe to start from' 'cache:Commands of cache' 'completion:Print a script that completes commands in a shell')
    _describe 'command' list
    compadd -- --help --version
    return
  fi
  case "$words[2]" in
    build) shift words; (( CURRENT-- )); _arguments -s '*--tag[Name of the image; may be repeated]:value:_files' '*-t[Name of the image; may be repeated]:value:_files' '*--output[What to write; may be repeated]:value:(type=oci,dest= type=oci-layout,dest= type=docker,dest= type=tar,dest= type=dir,dest= type=context,dest=)' '*-o[What to write; may be repeated]:value:(type=oci,dest= type=oci-layout,dest= type=docker,dest= type=tar,dest= type=dir,dest= type=context,dest=)' '*--locked[Fail unless the lock is there and fits]' '*--scripts[Maintainer scripts; as the recipe says by default]:value:(run emulate skip)' '*--compression[Of layers; gzip by default]:value:(gzip zstd none)' '*--ledger[Where to write what was done about each script]:value:_files' '*--script-timeout[For all scripts together; 10m by default]:value:_files' '*--json[JSON on standard output]' '*--platform[Platforms; the recipe'\''s or this machine'\''s by default]:value:_files' '*--offline[Fetch nothing]' '*--insecure-unsigned[Take repositories (or =REPOSITORY alone) without a signature]' '*--progress[How progress is shown]:value:(auto tty plain quiet)' '*--cache-dir[Folder of the cache]:value:_files' '*--help[Show this help]' '*-h[Show this help]' '*:argument:{ compadd -- distroless/base distroless/base\:nonroot; _files -g "*.(yaml|yml)" }' ;;
    lock) shift words; (( CURRENT-- )); _arguments -s '*--json[JSON on standard output]' '*--platform[Platforms; the recipe'\''s or this machine'\''s by default]:value:_files' '*--offline[Fetch nothing]' '*--insecure-unsigned[Take repositories (or =REPOSITORY alone) without a signature]' '*--progress[How progress is shown]:value:(auto tty plain quiet)' '*--cache-dir[Folder of the cache]:value:_files' '*--help[Show this help]' '*-h[Show this help]' '*:argument:{ compadd -- distroless/base distroless/base\:nonroot; _files -g "*.(yaml|yml)" }' ;;
    resolve) shift words; (( CURRENT-- )); _arguments -s '*--json[JSON on standard output]' '*--platform[Platforms; the recipe'\''s or this machine'\''s by default]:value:_files' '*--offline[Fetch nothing]' '*--insecure-unsigned[Take repositories (or =REPOSITORY alone) without a signature]' '*--progress[How progress is shown]:value:(auto tty plain quiet)' '*--cache-dir[Folder of the cache]:value:_files' '*--help[Show this help]' '*-h[Show this help]' '*:argument:{ compadd -- distroless/base distroless/base\:nonroot; _files -g "*.(yaml|yml)" }' ;;
    why) shift words; (( CURRENT-- )); _arguments -s '*--json[JSON on standard output]' '*--platform[Platforms; the recipe'\''s or this machine'\''s by default]:value:_files' '*--offline[Fetch nothing]' '*--insecure-unsigned[Take repositories (or =REPOSITORY alone) without a signature]' '*--progress[How progress is shown]:value:(auto tty plain quiet)' '*--cache-dir[Folder of the cache]:value:_files' '*--help[Show this help]' '*-h[Show this help]' '*:argument:{ compadd -- distroless/base distroless/base\:nonroot; _files -g "*.(yaml|yml)" }' ;;
    recipes) shift words; (( CURRENT-- )); _arguments -s '*--json[JSON on standard output]' '*--help[Show this help]' '*-h[Show this help]' ;;
    init) shift words; (( CURRENT-- )); _arguments -s '*--help[Show this help]' '*-h[Show this help]' '*:argument:{ compadd -- ; _files -g "*.(yaml|yml)" }' ;;
    cache)
      if (( CURRENT == 3 )); then compadd -- dir size prune; return; fi
      case "$words[3]" in
        dir) shift 2 words; (( CURRENT -= 2 )); _arguments -s '*--cache-dir[Folder of the cache]:value:_files' '*--help[Show this help]' '*-h[Show this help]' ;;
        size) shift 2 words; (( CURRENT -= 2 )); _arguments -s '*--cache-dir[Folder of the cache]:value:_files' '*--json[JSON on standard output]' '*--help[Show this help]' '*-h[Show this help]' ;;
        prune) shift 2 words; (( CURRENT -= 2 )); _arguments -s '*--max-size[Remove what was not used for longest until no more than this is left]:value:_files' '*--older-than[Remove what was not used for so long]:value:_files' '*--cache-dir[Folder of the cache]:value:_files' '*--json[JSON on standard output]' '*--help[Show this help]' '*-h[Show this help]' ;;
      esac ;;
    completion) shift words; (( CURRENT-- )); _arguments -s '*--help[Show this help]' '*-h[Show this help]' '*:argument:(bash zsh fish)' ;;
  esac
}
compdef _dodai dodai 2>/dev/null
