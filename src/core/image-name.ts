// Names of images, as people type them and as tools write them. The grammar is that of the distribution project's
// reference package: [REGISTRY/]PATH[:TAG][@DIGEST]; a name without a registry is Docker Hub's.
import { type Digest, parseDigest } from "./digest.ts";
import { DodaiError } from "./dodai-error.ts";

/** One image's name with its defaults filled in: `debian` is `docker.io`, `library/debian`, `latest`. */
export interface ImageName {
  /** Host, with its port when it has one: `registry.example:5000`. */
  readonly registry: string;
  /** Path below the registry: `library/debian`. */
  readonly repository: string;
  /** `latest` when the text had neither tag nor digest. */
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

const dockerRegistry = "docker.io";
const officialPrefix = "library/";
const defaultTag = "latest";

/** Longest name without tag and digest, in characters (reference: RepositoryNameTotalLengthMax). */
const maxNameLength = 255;

/** A name of that length, a tag of 128 and a digest of 71, with what stands between. */
const maxTextLength = maxNameLength + ":".length + 128 + "@".length + 71;

const hostPart = "(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])";
const registrySyntax = new RegExp(String.raw`^(?:${hostPart}(?:\.${hostPart})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?$`);
const pathPart = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const repositorySyntax = new RegExp(`^${pathPart}(?:/${pathPart})*$`);
const idSyntax = /^[0-9a-f]{64}$/;
const tagSyntax = /^\w[\w.-]{0,127}$/;

/** Reads `debian:trixie`, `registry.example:5000/team/app@sha256:...` and the like. Throws IMAGE_NAME_SYNTAX. */
export function parseImageName(text: string): ImageName {
  if (text.length > maxTextLength) throw refuse(`${text.slice(0, 40)}...`, `it has ${text.length} characters`);
  const { rest, digest } = splitDigest(text);
  const { name, tag } = splitTag(rest, text);
  const { registry, repository } = splitRegistry(name);
  if (!registrySyntax.test(registry)) throw refuse(text, `"${registry}" is not a registry's host and port`);
  if (!repositorySyntax.test(repository)) throw refuse(text, repositoryFault(repository), repositoryFix(name, text));
  if (idSyntax.test(name)) throw refuse(text, "64 hex digits alone are an image's ID and not a name");
  if (registry.length + 1 + repository.length > maxNameLength) {
    throw refuse(text, `it is longer than ${maxNameLength} characters`);
  }
  return { registry, repository, tag: tag ?? (digest === undefined ? defaultTag : undefined), digest };
}

/** The whole name, nothing left out: `docker.io/library/debian:trixie`. */
export function formatImageName({ registry, repository, tag, digest }: ImageName): string {
  return `${registry}/${repository}${formatEnd(tag, digest)}`;
}

/** The name as `docker save` and `docker images` write it, without Docker Hub's own parts: `debian:trixie`. */
export function formatShortImageName({ registry, repository, tag, digest }: ImageName): string {
  const end = formatEnd(tag, digest);
  if (registry !== dockerRegistry) return `${registry}/${repository}${end}`;
  const short = repository.startsWith(officialPrefix) ? repository.slice(officialPrefix.length) : repository;
  // A part may look like a registry (`localhost/a`, `docker.io/a`), and `library/a/b` without its first part is `a/b`.
  const named = [short, repository].find((one) => {
    const read = splitRegistry(one);
    return read.registry === registry && read.repository === repository && !idSyntax.test(one);
  });
  return named === undefined ? `${registry}/${repository}${end}` : `${named}${end}`;
}

function formatEnd(tag: string | undefined, digest: Digest | undefined): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

function splitDigest(text: string): { readonly rest: string; readonly digest: Digest | undefined } {
  const at = text.indexOf("@");
  if (at < 0) return { rest: text, digest: undefined };
  try {
    return { rest: text.slice(0, at), digest: parseDigest(text.slice(at + 1)) };
  } catch (cause) {
    throw refuse(text, "what follows @ is not sha256: and 64 lower-case hex digits", { cause });
  }
}

/** A colon behind the last slash starts a tag; one before it belongs to the registry's port. */
function splitTag(rest: string, text: string): { readonly name: string; readonly tag: string | undefined } {
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  if (colon < 0) return { name: rest, tag: undefined };
  const tag = rest.slice(colon + 1);
  if (!tagSyntax.test(tag)) {
    throw refuse(text, `"${tag}" is not a tag: letters, digits, "_", "." and "-", at most 128, not first "." or "-"`);
  }
  return { name: rest.slice(0, colon), tag };
}

/** The first part is a registry when it has a dot, a colon or an upper-case letter, or is `localhost`. */
function splitRegistry(name: string): { readonly registry: string; readonly repository: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isRegistry = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const registry = isRegistry ? first : dockerRegistry;
  const repository = isRegistry ? name.slice(slash + 1) : name;
  if (registry !== dockerRegistry && registry !== `index.${dockerRegistry}`) return { registry, repository };
  return { registry: dockerRegistry, repository: repository.includes("/") ? repository : officialPrefix + repository };
}

function repositoryFault(repository: string): string {
  if (repository === "" || repository === officialPrefix) return "it names no repository";
  return "a repository is lower-case letters, digits and single separators between them";
}

function repositoryFix(name: string, text: string): { readonly fix?: string } {
  const lower = name.toLowerCase();
  const { repository } = splitRegistry(lower);
  if (name === lower || !repositorySyntax.test(repository)) return {};
  return { fix: `Did you mean "${lower}${text.slice(name.length)}"?` };
}

function refuse(
  text: string,
  state: string,
  details: { readonly fix?: string; readonly cause?: unknown } = {},
): DodaiError {
  return new DodaiError("IMAGE_NAME_SYNTAX", `Cannot read image name "${text}": ${state}`, {
    fix: 'Write it as [REGISTRY/]PATH[:TAG], as in "registry.example:5000/team/app:1.2".',
    ...details,
  });
}
