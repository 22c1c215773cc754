// Opens a repository of deb packages: keys → InRelease → Packages → compiled index. Each step takes bytes only after the one
// before vouches for them.
import { type Digest, hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { OpenRepository, PackageIndex, Repository, RepositoryAccess } from "../contract.ts";
import { openIndex } from "./index.ts";
import { assertFresh, assertSuite } from "./release-check.ts";
import { chooseIndexes, type ListedIndex } from "./repository-choice.ts";
import { compileIndexes } from "./repository-fetch.ts";
import { fetchRelease } from "./repository-release.ts";

/**
 * PackageFormat.openRepository for deb. All components are read as one index. Throws SIGNATURE_MISSING, SIGNATURE_INVALID,
 * RELEASE_SYNTAX, RELEASE_EXPIRED, RELEASE_FROM_FUTURE, RELEASE_WRONG_SUITE, INDEX_MISSING, INDEX_SYNTAX, DIGEST_MISMATCH,
 * KEY_SYNTAX and what `access` throws.
 */
export async function openDebRepository(
  repository: Repository,
  architecture: string,
  access: RepositoryAccess,
): Promise<OpenRepository> {
  const folder = releaseFolder(repository);
  const signed = await fetchRelease(repository, folder, access);
  const { release, what } = signed;
  assertFresh(release, { now: access.now, archived: repository.archived, what });
  if (!repository.flat) assertSuite(release, repository.suite, what);
  const listed = chooseIndexes(release, { repository, architecture, folder, what });
  const index = await openCompiled(listed, { repository, access });
  return {
    repository,
    chain: {
      repository: repository.name,
      suite: repository.suite,
      components: repository.components,
      signedBy: signed.signedBy,
      release: {
        path: signed.path,
        digest: signed.digest,
        date: release.date,
        ...(release.validUntil === undefined ? {} : { validUntil: release.validUntil }),
      },
      indexes: listed.map(({ forms: [form] }) => ({ path: form.path, digest: form.digest, sizeBytes: form.sizeBytes })),
    },
    index: repository.flat ? onlyOf(index, architecture) : index,
  };
}

/** Where `Release` lies below the repository's root, with a slash at its end; "" for the root itself. */
function releaseFolder({ suite, flat }: Repository): string {
  if (!flat) return `dists/${suite}/`;
  const path = suite
    .replace(/^\/+/, "")
    .replaceAll(/(^|\/)(?:\.\/)+/g, "$1")
    .replace(/^\.$/, "");
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}

/** The index as an earlier run compiled it, or fetched and compiled now. */
async function openCompiled(
  listed: readonly ListedIndex[],
  { repository, access }: { readonly repository: Repository; readonly access: RepositoryAccess },
): Promise<PackageIndex> {
  const key = compiledKey(listed.map(({ forms: [form] }) => form.digest));
  const file = await access.compiled.open(key);
  if (file !== undefined) {
    try {
      return openIndex(file);
    } catch (error) {
      if (!(error instanceof DodaiError) || error.code !== "CACHE_BROKEN") throw error;
    }
  }
  const compiled = await compileIndexes(listed, repository, access);
  return openIndex(await access.compiled.keep(key, compiled));
}

/** The digests of what is compiled, and the form of the result: raised when index-layout.ts or the compiler changes. */
function compiledKey(digests: readonly Digest[]): string {
  return hexOf(sha256(["dodai deb index 1", ...digests].join("\n")));
}

/** A flat repository's one index has the packages of all architectures. */
function onlyOf(index: PackageIndex, architecture: string): PackageIndex {
  const fits = (record: { readonly architecture: string }): boolean =>
    record.architecture === architecture || record.architecture === "all";
  return {
    size: index.size,
    named: (name) => index.named(name).filter(fits),
    providing: (name) => index.providing(name).filter(fits),
    flagged: (flag) => index.flagged(flag).filter(fits),
    names: () => index.names(),
    stanza: (record) => index.stanza(record),
  };
}
