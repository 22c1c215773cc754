// Texts of `--help`. Examples are commands that work as they stand.

const exitCodesHelp = `EXIT CODES
  0    done
  1    the build failed
  2    the command line or the recipe is wrong
  3    the network failed
  4    a signature, digest or date could not be verified
  5    no set of packages satisfies the recipe
  6    the lock is missing, out of date or broken
  130  interrupted (SIGINT)
  143  ended (SIGTERM)`;

const environmentHelp = `ENVIRONMENT
  SOURCE_DATE_EPOCH      seconds since 1970 for every time that dodai writes
  DODAI_CACHE_DIR        the cache; else XDG_CACHE_HOME/dodai, else ~/.cache/dodai
  DODAI_MIRROR_DEBIAN    mirrors of Debian's archive, with white space between them; _UBUNTU of Ubuntu's
  DODAI_MIRROR_ALPINE    mirrors of Alpine; DODAI_MIRROR_WOLFI those of Wolfi
  DODAI_SNAPSHOT_DEBIAN  root of a snapshot service, for recipes with "snapshot"; _UBUNTU of Ubuntu's
  DODAI_REGISTRY_MIRRORS copies of registries: docker.io=mirror.example/hub ...
  DODAI_DEBUG            1 shows the stack of an unexpected error
  DOCKER_CONFIG, REGISTRY_AUTH_FILE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, NETRC, NODE_EXTRA_CA_CERTS,
  NO_COLOR, FORCE_COLOR`;

export const recipeHelp = `RECIPE is a built-in name (see "dodai recipes") or a file: one that ends in .yaml or .yml, dodai's
own or apko's, or a kickstart (*.ks, or a file that reads like one).`;

export function describeCommand(
  summary: string,
  { examples, more = "" }: { readonly examples: readonly string[]; readonly more?: string },
): string {
  const shown = examples.map((example) => `  ${example}`).join("\n");
  return [summary, more, `EXAMPLES\n${shown}`, exitCodesHelp].filter((part) => part !== "").join("\n\n");
}

export const rootHelp: string = `Builds base container images straight from a distribution's signed packages,
without Docker, root or a host package manager.

EXAMPLES
  dodai build distroless/base            # ./distroless-base.tar, and its digest on standard output
  docker load -i distroless-base.tar
  dodai init && dodai build recipe.yaml

Results go to standard output, all else to standard error.
"dodai COMMAND --help" has the flags of a command; docs/cli.md has all of it.

${exitCodesHelp}

${environmentHelp}`;
