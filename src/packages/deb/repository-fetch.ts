// From listed indexes to one compiled index: fetched by hash where that is offered, checked as compressed and as plain text,
// and read as one text, so that several components are one index.

import { decompress } from "../../archive/decompress.ts";
import { type Bytes, bytesOf, verified } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Repository, RepositoryAccess } from "../contract.ts";
import { compileIndex } from "./index-compile.ts";
import type { IndexForm, ListedIndex } from "./repository-choice.ts";

/** All of Debian's main is 52 MB of text and 10 MB of xz. */
const maxCompressedBytes = 256 << 20;
const maxTextBytes = 1 << 30;

/** Throws INDEX_MISSING, INDEX_SYNTAX, DIGEST_MISMATCH, COMPRESSION_BROKEN and what `access.fetch` throws. */
export async function compileIndexes(
  listed: readonly ListedIndex[],
  repository: Repository,
  access: RepositoryAccess,
): Promise<Uint8Array> {
  const texts = await Promise.all(listed.map((one) => fetchText(one, repository, access)));
  return compileIndex(joined(texts), { what: `Packages of "${repository.name}"`, maxBytes: maxTextBytes });
}

/** The text of an index, from the first of its forms that a mirror has; checked as it is read. */
async function fetchText(
  { forms, plain }: ListedIndex,
  repository: Repository,
  access: RepositoryAccess,
): Promise<Bytes> {
  for (const form of forms) {
    const bytes = await fetchForm(form, repository, access);
    if (bytes === undefined) continue;
    if (form.compression === "none") return bytes;
    const what = `"${form.path}" of "${repository.name}"`;
    const text = decompress(bytes, { compression: form.compression, maxBytes: plain?.sizeBytes ?? maxTextBytes, what });
    return plain === undefined ? text : verified(text, { ...plain, what: `the text of ${what}` });
  }
  throw new DodaiError(
    "INDEX_MISSING",
    `Cannot use repository "${repository.name}": no mirror has "${forms[0].path}", which its release lists`,
    {
      fix: "The mirror may be in the middle of an update, or hold a part of the archive only. Try again, or use another mirror.",
    },
  );
}

/** By its digest first: a mirror that is being updated still has the files of the release before (Acquire-By-Hash). */
async function fetchForm(
  { byHash, path, digest, sizeBytes }: IndexForm,
  repository: Repository,
  access: RepositoryAccess,
): Promise<Bytes | undefined> {
  const options = { maxBytes: maxCompressedBytes, expected: { digest, sizeBytes } };
  const bytes = byHash === undefined ? undefined : await access.fetch(repository, byHash, options);
  return bytes ?? access.fetch(repository, path, options);
}

/** One text after the other, with an empty line between so that stanzas do not run together. */
async function* joined(texts: readonly Bytes[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    yield* text;
    yield* bytesOf("\n\n");
  }
}
