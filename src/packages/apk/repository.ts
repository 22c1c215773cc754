// Opens a repository of apk packages: keys → APKINDEX.tar.gz → records. The index is signed whole, so what is parsed has been
// vouched for; it has no date of its own, and its newest package says how old it is.

import { decompress } from "../../archive/decompress.ts";
import { splitGzip } from "../../archive/gzip-split.ts";
import { readTar } from "../../archive/tar.ts";
import { bytesOf, collect } from "../../core/bytes.ts";
import { hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { OpenRepository, Repository, RepositoryAccess } from "../contract.ts";
import { openIndex } from "./index.ts";
import { compileText } from "./index-compile.ts";
import { assertSigned, readSignatures, type Signature } from "./signature.ts";

/** Alpine's largest has 3 MB, and 10 MB of text. */
const maxIndexBytes = 64 << 20;
const maxTextBytes = 512 << 20;
const maxSignatureBytes = 1 << 20;

/**
 * PackageFormat.openRepository for apk. The index lies at SUITE/COMPONENT/ARCHITECTURE/APKINDEX.tar.gz, or without components
 * at SUITE/ARCHITECTURE/. Throws SIGNATURE_MISSING, SIGNATURE_INVALID, KEY_SYNTAX, INDEX_MISSING, INDEX_SYNTAX and what
 * `access` throws.
 */
export async function openApkRepository(
  repository: Repository,
  architecture: string,
  access: RepositoryAccess,
): Promise<OpenRepository> {
  const folder = folderOf(repository, architecture);
  const path = `${folder}APKINDEX.tar.gz`;
  const what = `"${path}" of "${repository.name}"`;
  const stream = await access.fetch(repository, path, { maxBytes: maxIndexBytes });
  if (stream === undefined) throw missing(repository, path);
  const bytes = await collect(stream, { maxBytes: maxIndexBytes, what, code: "INDEX_SYNTAX" });
  const signedBy = await judge(bytes, { repository, access, what });
  const digest = sha256(bytes);
  const key = hexOf(sha256(["dodai apk index 2", digest].join("\n")));
  const compiled = (await access.compiled.open(key)) ?? (await access.compiled.keep(key, await compile(bytes, what)));
  const { index, newestBuild } = openIndex(compiled, { folder, architecture });
  return {
    repository,
    chain: {
      repository: repository.name,
      suite: repository.suite,
      components: repository.components,
      signedBy,
      release: { path, digest, date: new Date(1000 * newestBuild) },
      indexes: [{ path, digest, sizeBytes: bytes.byteLength }],
    },
    index,
  };
}

/** Below the repository's root, with a slash at its end. */
function folderOf({ suite, components }: Repository, architecture: string): string {
  const parts = [...suite.split("/"), ...components, architecture].filter((part) => part !== "" && part !== ".");
  return `${parts.join("/")}/`;
}

interface Judged {
  readonly repository: Repository;
  readonly access: RepositoryAccess;
  readonly what: string;
}

/** Fingerprints of the keys that signed; none, with a warning, where that was asked for. */
async function judge(bytes: Uint8Array, { repository, access, what }: Judged): Promise<readonly string[]> {
  try {
    const { signatures, signed } = await splitIndex(bytes, what);
    return assertSigned(signed, signatures, { keys: repository.keys, what });
  } catch (error) {
    if (!repository.insecureUnsigned || !(error instanceof DodaiError) || !error.code.startsWith("SIGNATURE_"))
      throw error;
    access.warn(`Repository "${repository.name}" is used without a good signature, as was asked: ${error.message}`);
    return [];
  }
}

/** What is signed is everything behind the member with the signatures. */
async function splitIndex(
  bytes: Uint8Array,
  what: string,
): Promise<{ readonly signatures: readonly Signature[]; readonly signed: Uint8Array }> {
  const source = splitGzip(bytesOf(bytes.subarray(0, maxSignatureBytes)));
  const magic = Buffer.from(await source.peek(3)).toString("latin1");
  if (magic === "ADB") throw version3(what);
  const member = await source.member({ maxBytes: maxTextBytes, what }).catch((error: unknown) => {
    // A first member that is longer than signatures are is none.
    if (bytes.length > maxSignatureBytes && error instanceof DodaiError && /cut off/.test(error.message))
      return undefined;
    throw asIndex(error, what);
  });
  const signatures = member && readSignatures(member.plain, what);
  if (member === undefined || signatures === undefined) return { signatures: [], signed: bytes };
  return { signatures, signed: bytes.subarray(member.raw.length) };
}

async function compile(bytes: Uint8Array, what: string): Promise<Uint8Array> {
  const text = await readText(bytes, what).catch((error: unknown) => {
    throw asIndex(error, what);
  });
  return compileText(text);
}

async function readText(bytes: Uint8Array, what: string): Promise<Uint8Array> {
  const plain = decompress(bytesOf(bytes), { compression: "gzip", maxBytes: maxTextBytes, what });
  let text: Uint8Array | undefined;
  const limits = { maxEntries: 64, maxTotalBytes: maxTextBytes, maxHeaderBytes: 1 << 16, what };
  for await (const { entry, body } of readTar(plain, limits)) {
    if (entry.path !== "APKINDEX") continue;
    if (text !== undefined) throw syntaxError(what, 'it holds "APKINDEX" twice');
    text = Uint8Array.from(await collect(body, { maxBytes: maxTextBytes, what }));
  }
  return text ?? Promise.reject(syntaxError(what, 'it holds no "APKINDEX"'));
}

function asIndex(error: unknown, what: string): unknown {
  const isFormat = error instanceof DodaiError && /^(?:ARCHIVE|COMPRESSION)_/.test(error.code);
  return isFormat ? syntaxError(what, error.message, error) : error;
}

function version3(what: string): DodaiError {
  return new DodaiError(
    "INDEX_SYNTAX",
    `Cannot read ${what}: it is in the form of apk-tools 3 (ADB), wanted that of apk v2`,
    {
      fix: "dodai reads indexes of apk-tools 2, which Alpine and Wolfi publish. Ask the repository's owner for those.",
    },
  );
}

function syntaxError(what: string, state: string, cause?: unknown): DodaiError {
  return new DodaiError("INDEX_SYNTAX", `Cannot read ${what}: ${state}`, { cause });
}

function missing({ name }: Repository, path: string): DodaiError {
  return new DodaiError("INDEX_MISSING", `Cannot use repository "${name}": it has no "${path}"`, {
    fix: "Check its URL and the release. A release that has ended may no longer be on every mirror.",
  });
}
