// Debian repositories made in memory and signed with gpg by keys that live for one test file.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Bytes, bytesOf, concatBytes, verified } from "../../src/core/bytes.ts";
import type { RandomAccess, Repository, RepositoryAccess, TrustKey } from "../../src/packages/contract.ts";
import { memoryAccess } from "../../src/packages/memory-access.ts";
import { type DebSpec, packagesText } from "./deb.ts";

/** A key pair in a folder of its own. Close it, since gpg leaves an agent running. */
export interface Signer {
  readonly key: TrustKey;
  /** gpg's folder. */
  readonly home: string;
  /** InRelease of a Release; `at` is the time that gpg believes it is. */
  inline(text: string, options?: { readonly at?: Date }): Uint8Array;
  /** Release.gpg of a Release; any detached signature, armored. */
  detached(text: string | Uint8Array, options?: { readonly at?: Date }): Uint8Array;
  close(): void;
}

/** `expires` is a time as gpg takes it, `20250101T000000`. */
export function createSigner(
  owner: string,
  {
    expires = "never",
    algorithm = "ed25519",
  }: { readonly expires?: string; readonly algorithm?: "ed25519" | "rsa3072" } = {},
): Signer {
  const home = mkdtempSync(join(tmpdir(), "dodai-gpg-"));
  const gpg = (args: readonly string[], input: string | Uint8Array = ""): Buffer => {
    const usual = [
      "--homedir",
      home,
      "--batch",
      "--quiet",
      "--no-tty",
      "--pinentry-mode",
      "loopback",
      "--passphrase",
      "",
    ];
    return execFileSync("gpg", [...usual, ...args], { input, stdio: ["pipe", "pipe", "pipe"] });
  };
  // Older than every release of the tests, so that they can be dated at will.
  gpg([
    "--faked-system-time",
    "20200101T000000",
    "--quick-generate-key",
    `${owner} <${owner}@example.org>`,
    algorithm,
    "sign",
    expires,
  ]);
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(String(gpg(["--list-keys", "--with-colons"])))?.[1] ?? "";
  const armored = String(gpg(["--armor", "--export"]));
  // "!" stops the clock there: else it is a second later when gpg takes one to start.
  const timeOf = (at: Date | undefined): readonly string[] =>
    at === undefined ? [] : ["--faked-system-time", `${at.toISOString().replaceAll(/[-:]|\.\d+Z/g, "")}!`];
  return {
    home,
    key: { fingerprint, owner, source: "made for a test", armored },
    inline: (text, { at } = {}) => gpg([...timeOf(at), "--clear-sign"], text),
    detached: (text, { at } = {}) => gpg([...timeOf(at), "--armor", "--detach-sign"], text),
    close: () => {
      execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

type Ending = "" | ".gz" | ".xz" | ".zst";

export interface SuiteSpec {
  readonly suite: string;
  readonly codename?: string;
  readonly date: Date;
  readonly validUntil?: Date;
  /** Packages by component and architecture: `{ main: { amd64: [...] } }`; `all` may be one. */
  readonly packages: Readonly<Record<string, Readonly<Record<string, readonly DebSpec[]>>>>;
  /** In which forms indexes are there; the plain form is listed always, and is there only with "". */
  readonly endings?: readonly Ending[];
  readonly byHash?: boolean;
  /** More fields of Release, or other values; `undefined` leaves one out. */
  readonly fields?: Readonly<Record<string, string | undefined>>;
}

/** Files by their path below the repository's root. */
export type RepositoryFiles = Map<string, Uint8Array>;

/** A suite with its indexes and `Release`, not signed yet. */
export function makeSuite(spec: SuiteSpec): RepositoryFiles {
  const folder = `dists/${spec.suite}/`;
  const indexes = new Map<string, Uint8Array>();
  for (const [component, architectures] of Object.entries(spec.packages)) {
    for (const [architecture, packages] of Object.entries(architectures)) {
      indexes.set(`${component}/binary-${architecture}/Packages`, Buffer.from(packagesText(packages)));
    }
  }
  const architectures = [...new Set(Object.values(spec.packages).flatMap((one) => Object.keys(one)))];
  return makeFolder(folder, indexes, {
    ...spec,
    fields: {
      Architectures: architectures.join(" "),
      Components: Object.keys(spec.packages).join(" "),
      ...spec.fields,
    },
  });
}

/** A flat repository: `Packages` and `Release` in one folder, `""` or with a slash at its end. */
export function makeFlat(folder: string, packages: readonly DebSpec[], date: Date): RepositoryFiles {
  const indexes = new Map([["Packages", Buffer.from(packagesText(packages))]]);
  return makeFolder(folder, indexes, {
    suite: "",
    date,
    packages: {},
    endings: ["", ".gz"],
    fields: { Suite: undefined },
  });
}

function makeFolder(
  folder: string,
  indexes: ReadonlyMap<string, Uint8Array>,
  { suite, codename, date, validUntil, endings = [".gz"], byHash = false, fields = {} }: SuiteSpec,
): RepositoryFiles {
  const files: RepositoryFiles = new Map();
  let sums = "";
  for (const [path, text] of indexes) {
    for (const ending of new Set<Ending>(["", ...endings])) {
      const bytes = compress(text, ending);
      const hex = createHash("sha256").update(bytes).digest("hex");
      sums += `\n ${hex} ${bytes.byteLength} ${path}${ending}`;
      if (!endings.includes(ending)) continue;
      files.set(`${folder}${path}${ending}`, bytes);
      if (byHash) files.set(`${folder}${dirname(path)}/by-hash/SHA256/${hex}`, bytes);
    }
  }
  const all = {
    Suite: suite,
    Codename: codename,
    Date: formatDate(date),
    "Valid-Until": validUntil && formatDate(validUntil),
    "Acquire-By-Hash": byHash ? "yes" : undefined,
    ...fields,
    SHA256: sums,
  };
  files.set(`${folder}Release`, Buffer.from(releaseText(all)));
  return files;
}

function releaseText(fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}:${value?.startsWith("\n") ? "" : " "}${value}\n`)
    .join("");
}

/** `Sat, 21 Nov 2026 09:15:44 UTC` */
const formatDate = (date: Date): string => date.toUTCString().replace("GMT", "UTC");

function compress(bytes: Uint8Array, ending: Ending): Uint8Array {
  switch (ending) {
    case "":
      return bytes;
    case ".gz":
      return gzipSync(bytes);
    case ".zst":
      return zstdCompressSync(bytes);
    case ".xz":
      return execFileSync("xz", ["-1", "-c"], { input: bytes });
  }
}

export interface Signing {
  readonly form?: "InRelease" | "Release.gpg";
  readonly at?: Date;
  /** Changes the text before it is signed. */
  readonly edit?: (text: string) => string;
}

/** The files with their Release signed: as InRelease (and no Release), or with Release.gpg. */
export function signed(files: RepositoryFiles, signer: Signer, options: Signing = {}): RepositoryFiles {
  const result = new Map(files);
  const path = [...files.keys()].find((one) => /(?:^|\/)Release$/.test(one)) ?? "Release";
  const edit = options.edit ?? ((text) => text);
  const text = edit(Buffer.from(files.get(path) ?? "").toString());
  const folder = path.slice(0, -"Release".length);
  const time = options.at === undefined ? {} : { at: options.at };
  if (options.form === "Release.gpg") {
    result.set(path, Buffer.from(text)).set(`${folder}Release.gpg`, signer.detached(text, time));
  } else {
    result.delete(path);
    result.set(`${folder}InRelease`, signer.inline(text, time));
  }
  return result;
}

/** The repository as a recipe or distribution would name it. */
export function repositoryOf(changes: Partial<Repository> & Pick<Repository, "keys">): Repository {
  return {
    name: "test/sable",
    urls: [],
    suite: "sable",
    flat: false,
    components: ["main"],
    insecureUnsigned: false,
    archived: false,
    priority: 500,
    ...changes,
  };
}

/** Access to files in memory, which checks what is expected as the real one does; with what it was asked and told. */
export interface MemoryRepositoryAccess extends RepositoryAccess {
  readonly fetched: string[];
  readonly warnings: string[];
  readonly kept: Map<string, Uint8Array>;
}

export function accessTo(files: RepositoryFiles, now: Date): MemoryRepositoryAccess {
  const fetched: string[] = [];
  const warnings: string[] = [];
  const kept = new Map<string, Uint8Array>();
  const opened = (key: string): RandomAccess | undefined => {
    const bytes = kept.get(key);
    return bytes && memoryAccess(bytes);
  };
  return {
    fetched,
    warnings,
    kept,
    now,
    fetch: async (_, path, { expected }) => {
      fetched.push(path);
      const bytes = files.get(path);
      if (bytes && expected) await drained(verified(bytesOf(bytes), { ...expected, what: path }));
      return bytes && bytesOf(bytes);
    },
    compiled: {
      open: (key) => Promise.resolve(opened(key)),
      keep: async (key, bytes) => {
        const whole = await wholeOf(bytes);
        kept.set(key, whole);
        return memoryAccess(whole);
      },
    },
    warn: (message) => void warnings.push(message),
  };
}

/** Bytes that may come in pieces, at once. */
export const wholeOf = async (bytes: Bytes | Uint8Array): Promise<Uint8Array> =>
  bytes instanceof Uint8Array ? bytes : concatBytes(await Array.fromAsync(bytes));

async function drained(bytes: Bytes): Promise<void> {
  for await (const _ of bytes);
}

/** Writes the files below a folder. */
export async function writeRepository(folder: string, files: RepositoryFiles): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}
