// Opens a repository of rpm packages: repomd.xml → primary.xml and what belongs to it → compiled index. Most repositories of
// rpm do not sign repomd.xml, because every package is signed and is verified when it is opened; a signature that is there is
// verified too, and a false one is an error.
import { type Compression, compressionOfName } from "../../archive/compression.ts";
import { decompress } from "../../archive/decompress.ts";
import { type Bytes, collect } from "../../core/bytes.ts";
import { hexOf, parseDigest, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { policyAt } from "../../crypto/openpgp/policy.ts";
import { assertSigned } from "../../crypto/openpgp/verdict.ts";
import { verifyDetached } from "../../crypto/openpgp/verify.ts";
import type {
  Advisory,
  NamedPackage,
  OpenRepository,
  PackageGroup,
  PackageIndex,
  Repository,
  RepositoryAccess,
} from "../contract.ts";
import { trustedKeys } from "../trusted-keys.ts";
import { compatibleArchitectures } from "./architectures.ts";
import { readComps } from "./comps.ts";
import { readFilelists } from "./filelists.ts";
import { type OpenIndexOptions, openIndex } from "./index.ts";
import { startIndex } from "./index-compile.ts";
import { type Modules, parseModules } from "./modules.ts";
import { readingPrimary } from "./primary.ts";
import { type MetadataFile, parseRepomd, type Repomd } from "./repomd.ts";
import { readUpdateinfo } from "./updateinfo.ts";
import { verifiedAs } from "./verified.ts";

const maxRepomdBytes = 4 << 20;
const maxSignatureBytes = 1 << 20;
const maxCompressedBytes = 1 << 30;
/** primary.xml of all of Fedora is some 300 MB, filelists.xml 800 MB. */
const maxTextBytes = 4 * 2 ** 30;
const maxModulesBytes = 256 << 20;
/** updateinfo.xml of years of a distribution is some 100 MB. */
const maxUpdateinfoBytes = 1 << 30;
/** What compressed text may unfold to: real metadata does some twentyfold, bombs a thousandfold. */
const maxUnfolding = 200;
const alwaysAllowedBytes = 64 << 20;
/** Of text that is read. */
const PIECE_BYTES = 64 << 10;

/**
 * PackageFormat.openRepository for rpm. Throws SIGNATURE_INVALID, RELEASE_SYNTAX, INDEX_MISSING, INDEX_SYNTAX, DIGEST_MISMATCH,
 * KEY_SYNTAX and what `access` throws.
 */
export async function openRpmRepository(
  repository: Repository,
  architecture: string,
  access: RepositoryAccess,
): Promise<OpenRepository> {
  const folder = folderOf(repository);
  const source: Source = { repository, access, folder, architecture };
  const path = `${folder}repodata/repomd.xml`;
  const what = `repomd.xml of "${repository.name}"`;
  const bytes = await fetchWhole(source, path, { maxBytes: maxRepomdBytes, what });
  if (bytes === undefined) throw missing(source, `it has no "${path}"`);
  const signedBy = await verifyRepomd(source, bytes, what);
  const repomd = await parseRepomd(bytes, what);
  const files = chosenFiles(repomd);
  const index = await openCompiled(source, files);
  return {
    repository,
    chain: {
      repository: repository.name,
      suite: repository.suite,
      components: repository.components,
      signedBy,
      ...(repository.insecureUnsigned ? { unsignedPackages: "taken" } : {}),
      release: { path, digest: sha256(bytes), date: repomd.date },
      indexes: [...files.values()].flatMap((file) => indexOf(folder, file)),
    },
    index: folder === "" ? index : belowFolder(index, folder),
    advisories: async (packages) => fetchAdvisories(source, repomd, packages),
  };
}

interface Source {
  readonly repository: Repository;
  readonly access: RepositoryAccess;
  /** Where the repository lies below its root, with a slash at its end; "" for the root. */
  readonly folder: string;
  readonly architecture: string;
}

/** A suite is a path below the root: `BaseOS/x86_64/os`. */
function folderOf({ suite }: Repository): string {
  const path = suite.replace(/^(?:\.?\/+)+|^\.$/, "").replace(/\/+$/, "");
  return path === "" ? "" : `${path}/`;
}

/** Records' paths lie below the repository's root, those of metadata below its folder. */
function belowFolder(index: PackageIndex, folder: string): PackageIndex {
  const moved = new Map<object, ReturnType<PackageIndex["named"]>[number]>();
  const originals = new Map<object, ReturnType<PackageIndex["named"]>[number]>();
  const all = (records: ReturnType<PackageIndex["named"]>): ReturnType<PackageIndex["named"]> =>
    records.map((record) => {
      const known = moved.get(record) ?? { ...record, path: `${folder}${record.path}` };
      moved.set(record, known);
      originals.set(known, record);
      return known;
    });
  return {
    ...index,
    named: (name) => all(index.named(name)),
    providing: (name) => all(index.providing(name)),
    relating: (kind, name) => all(index.relating?.(kind, name) ?? []),
    stanza: (record) => index.stanza(originals.get(record) ?? record),
  };
}

/** Fingerprints of the keys that signed, sorted; none where nothing is signed, or by keys that nobody trusts. */
async function verifyRepomd(source: Source, bytes: Uint8Array, what: string): Promise<readonly string[]> {
  const { repository, access, folder } = source;
  const path = `${folder}repodata/repomd.xml.asc`;
  const signature = await fetchWhole(source, path, { maxBytes: maxSignatureBytes, what: `${what}.asc` });
  const keyring = repository.keys.flatMap(trustedKeys);
  if (signature === undefined || keyring.length === 0) return [];
  const policy = policyAt(access.now, { archived: repository.archived });
  const verdicts = judged(() => verifyDetached(bytes, { signature, keyring, policy, what: `${what}.asc` }));
  if (verdicts instanceof DodaiError) return ignored(verdicts, repository, access);
  const isForeign = verdicts.signatures.every((one) => one.kind === "refused" && one.reason === "unknown-key");
  if (isForeign) {
    access.warn(
      `The index of "${repository.name}" is signed by a key that is not among its keys; its packages are verified`,
    );
    return [];
  }
  const signed = judged(() => assertSigned(verdicts, what));
  if (signed instanceof DodaiError) return ignored(signed, repository, access);
  return [...new Set(signed.map(({ fingerprint }) => fingerprint))].sort();
}

function judged<Result>(judge: () => Result): Result | DodaiError {
  try {
    return judge();
  } catch (error) {
    if (error instanceof DodaiError && error.code.startsWith("SIGNATURE_")) return error;
    throw error;
  }
}

function ignored(
  error: DodaiError,
  { name, insecureUnsigned }: Repository,
  access: RepositoryAccess,
): readonly string[] {
  if (!insecureUnsigned) throw error;
  access.warn(`Repository "${name}" is used without a good signature, as was asked: ${error.message}`);
  return [];
}

/** What is read, by what it is: `primary`, `filelists`, `group`, `modules`. */
function chosenFiles({ files }: Repomd): ReadonlyMap<string, MetadataFile> {
  const wanted: readonly (readonly [string, readonly string[]])[] = [
    ["primary", ["primary"]],
    ["filelists", ["filelists"]],
    ["group", ["group_gz", "group_xz", "group_zst", "group"]],
    ["modules", ["modules"]],
  ];
  const chosen = new Map<string, MetadataFile>();
  for (const [kind, types] of wanted) {
    const file = types.map((type) => files.get(type)).find((one) => one !== undefined);
    if (file) chosen.set(kind, file);
  }
  return chosen;
}

function indexOf(folder: string, { path, checksum, sizeBytes }: MetadataFile): OpenRepository["chain"]["indexes"] {
  if (checksum.algorithm !== "sha256" || sizeBytes === undefined) return [];
  return [{ path: `${folder}${path}`, digest: parseDigest(`sha256:${checksum.hex}`), sizeBytes }];
}

/** The index as an earlier run compiled it, or fetched and compiled now. */
async function openCompiled(source: Source, files: ReadonlyMap<string, MetadataFile>): Promise<PackageIndex> {
  const { access, repository } = source;
  const key = compiledKey(files, source);
  const { modules, excludes, includes, moduleHotfixes, modulePlatform } = repository;
  const options: OpenIndexOptions = {
    modules: modules ?? [],
    excludes: excludes ?? [],
    includes: includes ?? [],
    moduleHotfixes: moduleHotfixes ?? false,
    modulePlatform,
  };
  const file = await access.compiled.open(key);
  if (file !== undefined) {
    try {
      return openIndex(file, options);
    } catch (error) {
      if (!(error instanceof DodaiError) || error.code !== "CACHE_BROKEN") throw error;
    }
  }
  return openIndex(await access.compiled.keep(key, compile(source, files)), options);
}

/** The digests of what is compiled, and the form of the result: raised when the compiler changes. */
function compiledKey(
  chosen: ReadonlyMap<string, MetadataFile>,
  { architecture, repository: { files = [] } }: Source,
): string {
  const digests = [...chosen].map(([kind, { checksum }]) => `${kind} ${checksum.algorithm}:${checksum.hex}`);
  return hexOf(sha256(["dodai rpm index 5", architecture, ...digests, ...files].join("\n")));
}

/** Rows leave as soon as they are made. */
async function* compile(source: Source, files: ReadonlyMap<string, MetadataFile>): AsyncGenerator<Uint8Array> {
  const { repository, architecture } = source;
  const limits = (kind: string): { what: string; maxBytes: number } => ({
    what: `${kind} of "${repository.name}"`,
    maxBytes: maxTextBytes,
  });
  const index = startIndex(`the index of "${repository.name}"`);
  const architectures = new Set(["noarch", ...compatibleArchitectures(architecture).map(({ name }) => name)]);
  const reading = readingPrimary(
    await fetchText(source, files, "primary"),
    (row, id) => {
      if (architectures.has(row[2])) index.add(row, id);
    },
    limits("primary.xml"),
  );
  for await (const _ of reading) yield* index.takeRows();
  const wanted = index.missingFiles(repository.files ?? []);
  if (wanted.size > 0 && files.has("filelists")) {
    const found = (id: string, paths: readonly string[]): void => index.addFiles(id, paths);
    await readFilelists(await fetchText(source, files, "filelists"), { wanted, found }, limits("filelists.xml"));
  }
  const groups: readonly PackageGroup[] = files.has("group")
    ? await readComps(await fetchText(source, files, "group"), limits("comps.xml"))
    : [];
  yield* index.finish({ groups, modules: await fetchModules(source, files) });
}

async function fetchModules(source: Source, files: ReadonlyMap<string, MetadataFile>): Promise<Modules> {
  if (!files.has("modules")) return { streams: [], defaults: [] };
  const what = `modules.yaml of "${source.repository.name}"`;
  const bytes = await collect(await fetchText(source, files, "modules"), { maxBytes: maxModulesBytes, what });
  return parseModules(Buffer.from(bytes).toString("utf8"), what);
}

async function fetchAdvisories(
  source: Source,
  { files }: Repomd,
  packages: readonly NamedPackage[],
): Promise<readonly Advisory[] | undefined> {
  if (!files.has("updateinfo")) return undefined;
  const what = `updateinfo.xml of "${source.repository.name}"`;
  const text = await fetchText(source, files, "updateinfo");
  return readUpdateinfo(text, { what, maxBytes: maxUpdateinfoBytes, packages });
}

/** The text of a metadata file: its digest is checked as compressed and as plain text, while it passes. */
async function fetchText(source: Source, files: ReadonlyMap<string, MetadataFile>, kind: string): Promise<Bytes> {
  const file = files.get(kind) as MetadataFile;
  const { repository, access, folder } = source;
  const path = `${folder}${file.path}`;
  const { checksum, sizeBytes, openChecksum, openBytes } = file;
  const isKnown = checksum.algorithm === "sha256" && sizeBytes !== undefined;
  const expected = isKnown ? { expected: { digest: parseDigest(`sha256:${checksum.hex}`), sizeBytes } } : {};
  const found = await access.fetch(repository, path, { maxBytes: maxCompressedBytes, ...expected });
  if (found === undefined) throw missing(source, `no mirror has "${path}", which its repomd.xml lists`);
  const what = `"${path}" of "${repository.name}"`;
  const bytes = isKnown ? found : verifiedAs(found, checksum, what);
  const compression: Compression = compressionOfName(file.path);
  if (compression === "none") return bytes;
  const most = sizeBytes === undefined ? maxTextBytes : Math.max(alwaysAllowedBytes, maxUnfolding * sizeBytes);
  const maxBytes = Math.min(openBytes ?? maxTextBytes, maxTextBytes, most);
  const text = decompress(bytes, { compression, maxBytes, what, pieceBytes: PIECE_BYTES });
  return openChecksum === undefined ? text : verifiedAs(text, openChecksum, `the text of ${what}`);
}

async function fetchWhole(
  { repository, access }: Source,
  path: string,
  { maxBytes, what }: { readonly maxBytes: number; readonly what: string },
): Promise<Uint8Array | undefined> {
  const stream = await access.fetch(repository, path, { maxBytes });
  return stream && (await collect(stream, { maxBytes, what, code: "RELEASE_SYNTAX" }));
}

function missing({ repository }: Source, state: string): DodaiError {
  return new DodaiError("INDEX_MISSING", `Cannot use repository "${repository.name}": ${state}`, {
    fix: "Check its URL. A release that has ended may have moved to the distribution's archive of old releases.",
  });
}
