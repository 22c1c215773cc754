// Files of repositories from whichever of their mirrors has them, checked before anybody reads them.
//
// With a digest that is known beforehand the bytes go through the store and come from there the next time; a folder on this
// machine is read where it is. Without one they are gathered in memory, so that a mirror that breaks off can be left for
// the next before the caller has seen a byte.
import { stat } from "node:fs/promises";
import { type Bytes, bytesOf, collect, type Expected, verified } from "../core/bytes.ts";
import { type Digest, startDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { FetchOptions } from "../packages/contract.ts";
import type { HttpClient } from "./http.ts";
import { type FaultKind, faultOf, HttpFault } from "./http-fault.ts";
import { createMirrorLists } from "./mirror-lists.ts";
import { type Location, locate } from "./mirrors-location.ts";
import { readFileStream, type Store } from "./store.ts";

export interface MirrorOptions {
  readonly store: Store;
  readonly http: HttpClient;
  /** Takes only what is in the store or in folders of this machine. */
  readonly offline: boolean;
}

interface DownloadOptions {
  /** Told the size of each chunk that comes over the network. */
  readonly onBytes?: (count: number) => void;
}

export interface Mirrors {
  /**
   * The bytes of `path` below the first root that has them, or `undefined` when each answers that it has not.
   * Throws DOWNLOAD_FAILED, DIGEST_MISMATCH, NETWORK_OFFLINE, CANCELLED.
   */
  fetch(roots: readonly string[], path: string, options: FetchOptions & DownloadOptions): Promise<Bytes | undefined>;
  /** Absolute path of a file with exactly the expected bytes: in the store, or in a root that is a folder. Throws as `fetch`, and when no root has it. */
  download(
    roots: readonly string[],
    path: string,
    expected: Omit<Expected, "what">,
    options?: DownloadOptions,
  ): Promise<string>;
  /** The same for a file of which nothing is known yet: what it turned out to be. Throws as `download`. */
  obtain(
    roots: readonly string[],
    path: string,
    options: { readonly maxBytes: number } & DownloadOptions,
  ): Promise<Obtained>;
  /** When nothing is being fetched any more; what failed has then cleaned up after itself. */
  settled(): Promise<void>;
}

export interface Obtained {
  readonly path: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

interface Failure {
  readonly location: Location;
  readonly kind: FaultKind;
  readonly reason: string;
}

type Outcome<Result> = { readonly result: Result } | { readonly failures: readonly Failure[] };

/** Mirrors of one run. One that could not be reached is asked last from then on. */
export function createMirrors({ store, http, offline }: MirrorOptions): Mirrors {
  const unreachable = new Set<string>();
  const underway = new Map<string, Promise<Outcome<string>>>();
  const lists = createMirrorLists(http);

  /** What the first root gives that does not fail, or how all failed. */
  const firstOf = async <Result>(
    roots: readonly string[],
    path: string,
    attempt: (location: Location) => Promise<Result>,
  ): Promise<Outcome<Result>> => {
    const locations = (await expanded(roots)).map((root) => locate(root, path));
    const rank = (location: Location): number => (unreachable.has(originOf(location)) ? 1 : 0);
    const failures: Failure[] = [];
    for (const location of locations.toSorted((a, b) => rank(a) - rank(b))) {
      try {
        if (offline && location.kind === "http") throw offlineError(location);
        return { result: await attempt(location) };
      } catch (error) {
        const fault = failureOf(error, location);
        if (fault.kind === "unreachable") unreachable.add(originOf(location));
        failures.push(fault);
      }
    }
    return { failures };
  };

  /** Roots that are lists of mirrors become those mirrors. */
  const expanded = async (roots: readonly string[]): Promise<readonly string[]> => {
    if (offline) return roots.map((root) => root.replace(/^(?:metalink|mirrorlist)\+/, ""));
    try {
      return await lists.expand(roots);
    } catch (error) {
      throw error instanceof HttpFault
        ? new DodaiError("DOWNLOAD_FAILED", `Cannot fetch a list of mirrors: ${error.message}`, { cause: error })
        : error;
    }
  };

  const download = async (location: Location, expected: Expected, options: DownloadOptions): Promise<string> => {
    if (location.kind === "file") return checkFile(location.path, expected);
    const { sizeBytes } = expected;
    const bytes = http.read(location.url, { maxBytes: sizeBytes, sizeBytes, checked: true, onBytes: options.onBytes });
    return store.path(await store.keep(bytes, expected));
  };

  const find = async (
    roots: readonly string[],
    path: string,
    { digest, sizeBytes }: Omit<Expected, "what">,
    options: DownloadOptions,
  ): Promise<Outcome<string>> => {
    if (await store.verify(digest, sizeBytes)) return { result: store.path(digest) };
    return firstOf(roots, path, (location) => download(location, { digest, sizeBytes, what: location.text }, options));
  };

  /** Platforms that are built at once want the same files. */
  const findOnce: typeof find = (roots, path, expected, options) => {
    const key = `${expected.digest} ${path} ${roots.join(" ")}`;
    const known = underway.get(key);
    if (known) return known;
    const started = find(roots, path, expected, options).finally(() => underway.delete(key));
    underway.set(key, started);
    return started;
  };

  return {
    fetch: async (roots, path, options) => {
      const { expected, maxBytes } = options;
      if (expected === undefined) {
        const read = async (location: Location): Promise<Uint8Array> => {
          const bytes = await gather(location, http, maxBytes, options.onBytes);
          await lists.assertVouched(roots, path, bytes);
          return bytes;
        };
        const outcome = await firstOf(roots, path, read);
        return "result" in outcome ? bytesOf(outcome.result) : undefinedWhenMissing(path, outcome.failures);
      }
      if (expected.sizeBytes > maxBytes) throw overLimit(path, expected.sizeBytes, maxBytes);
      const outcome = await findOnce(roots, path, expected, options);
      if (!("result" in outcome)) return undefinedWhenMissing(path, outcome.failures);
      return verified(readFileStream(outcome.result), { ...expected, what: outcome.result });
    },
    download: async (roots, path, expected, options = {}) => {
      const outcome = await findOnce(roots, path, expected, options);
      if ("result" in outcome) return outcome.result;
      throw allFailed(path, outcome.failures);
    },
    obtain: async (roots, path, { maxBytes, onBytes }) => {
      const outcome = await firstOf(roots, path, async (location): Promise<Obtained> => {
        if (location.kind === "file") return measureFile(location.path, maxBytes);
        const counted = measured(http.read(location.url, { maxBytes, checked: false, onBytes }));
        const digest = await store.keep(counted.bytes);
        return { path: store.path(digest), digest, sizeBytes: counted.sizeBytes() };
      });
      if ("result" in outcome) return outcome.result;
      throw allFailed(path, outcome.failures);
    },
    settled: async () => {
      while (underway.size > 0) await Promise.allSettled(underway.values());
    },
  };
}

/** The whole file in memory. */
function gather(
  location: Location,
  http: HttpClient,
  maxBytes: number,
  onBytes: ((count: number) => void) | undefined,
): Promise<Uint8Array> {
  const bytes =
    location.kind === "http"
      ? http.read(location.url, { maxBytes, checked: false, onBytes })
      : readFolderFile(location.path);
  return collect(bytes, { maxBytes, what: location.text, code: "DOWNLOAD_FAILED" });
}

async function* readFolderFile(path: string): AsyncGenerator<Uint8Array> {
  await statFile(path);
  yield* readFileStream(path);
}

/** A file of a folder is used where it is, once its bytes are known to be the expected ones. */
async function checkFile(path: string, expected: Expected): Promise<string> {
  const sizeBytes = await statFile(path);
  if (sizeBytes !== expected.sizeBytes) {
    throw new HttpFault("mismatch", `it has ${sizeBytes} bytes, wanted ${expected.sizeBytes}`);
  }
  for await (const _ of verified(readFileStream(path), expected));
  return path;
}

async function measureFile(path: string, maxBytes: number): Promise<Obtained> {
  const sizeBytes = await statFile(path);
  if (sizeBytes > maxBytes) throw new HttpFault("refused", `it has ${sizeBytes} bytes, at most ${maxBytes} are taken`);
  const state = startDigest();
  for await (const chunk of readFileStream(path)) state.update(chunk);
  return { path, digest: state.digest(), sizeBytes };
}

function measured(bytes: Bytes): { readonly bytes: Bytes; readonly sizeBytes: () => number } {
  let seen = 0;
  async function* passed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      seen += chunk.byteLength;
      yield chunk;
    }
  }
  return { bytes: passed(), sizeBytes: () => seen };
}

async function statFile(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw new HttpFault("missing", "there is no such file");
    throw new HttpFault("refused", `the file cannot be read (${code})`);
  });
  if (!found.isFile()) throw new HttpFault("refused", "it is not a regular file");
  return found.size;
}

const originOf = (location: Location): string => (location.kind === "http" ? location.url.origin : "file:");

/** What an error says of the mirror alone; anything that has nothing to do with it (a full disk, Ctrl-C) is thrown on. */
function failureOf(error: unknown, location: Location): Failure {
  if (error instanceof DodaiError) {
    if (error.code === "DIGEST_MISMATCH") return { location, kind: "mismatch", reason: afterColon(error.message) };
    if (error.code === "DOWNLOAD_FAILED") return { location, kind: "refused", reason: afterColon(error.message) };
    if (error.code === "NETWORK_OFFLINE") return { location, kind: "refused", reason: offlineReason };
    throw error;
  }
  const fault = faultOf(error);
  if (!(fault instanceof HttpFault)) throw fault;
  return { location, kind: fault.kind, reason: fault.message };
}

/** The state alone of `Cannot VERB THING: state`; the thing is named beside it. */
const afterColon = (message: string): string => message.slice(message.lastIndexOf(": ") + 2);

const offlineReason = "the network is not to be used";

function offlineError(location: Location): DodaiError {
  return new DodaiError("NETWORK_OFFLINE", `Cannot fetch ${location.text}: ${offlineReason}`);
}

function undefinedWhenMissing(path: string, failures: readonly Failure[]): undefined {
  if (failures.length > 0 && failures.every(({ kind }) => kind === "missing")) return undefined;
  throw allFailed(path, failures);
}

/** One error for all mirrors, with each one's reason. */
function allFailed(path: string, failures: readonly Failure[]): DodaiError {
  const only = failures.length === 1 ? failures[0] : undefined;
  const reasons = failures.map(({ location, reason }) => `\n  ${location.text}: ${reason}`).join("");
  const message =
    only === undefined
      ? `Cannot fetch "${path}": ${failures.length === 0 ? "its repository has no URL" : `no mirror has it as wanted${reasons}`}`
      : `Cannot fetch ${only.location.text}: ${only.reason}`;
  if (failures.some(({ reason }) => reason === offlineReason)) {
    return new DodaiError("NETWORK_OFFLINE", message, {
      fix: "Run once without --offline while there is a network: what was fetched then is kept.",
    });
  }
  const mismatch = failures.some(({ kind }) => kind === "mismatch");
  if (mismatch && failures.every(({ kind }) => kind === "mismatch" || kind === "missing")) {
    return new DodaiError("DIGEST_MISMATCH", message, {
      fix: "The mirror may be in the middle of an update, or the file was changed on the way. Try again, or use another mirror.",
    });
  }
  const certificate = failures.some(({ reason }) => reason.includes("certificate"));
  return new DodaiError("DOWNLOAD_FAILED", message, {
    fix: certificate
      ? "If an authority of your own signs it, let NODE_EXTRA_CA_CERTS name the file with that authority's certificate."
      : "Check the network, the proxy variables and the URL; or name another mirror.",
  });
}

function overLimit(path: string, sizeBytes: number, maxBytes: number): DodaiError {
  return new DodaiError(
    "DOWNLOAD_FAILED",
    `Cannot fetch "${path}": it has ${sizeBytes} bytes, at most ${maxBytes} are taken`,
  );
}
