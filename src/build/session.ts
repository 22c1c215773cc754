// What one call of the library owns while it runs: the store, connections, threads, and the caller's wishes.
import { mkdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { collect } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { version } from "../core/version.ts";
import type { MirrorSettings } from "../distros/contract.ts";
import { describeFullDisk } from "../io/atomic.ts";
import type { FileAccess } from "../io/file-access.ts";
import type { HttpClient } from "../io/http.ts";
import type { Mirrors } from "../io/mirrors.ts";
import type { Registry } from "../io/registry.ts";
import { openStore, type Store } from "../io/store.ts";
import { createWorkerPool, type WorkerPool } from "../io/worker-pool.ts";
import type { Repository, RepositoryAccess } from "../packages/contract.ts";
import type { BuildEvent, BuildOptions, CommonOptions } from "./contract.ts";
import type { Job, JobResult } from "./jobs.ts";
import { mirrorSettings } from "./mirror-settings.ts";
import { openPieceStore, type PieceStore } from "./piece-store.ts";
import type { OpenedRegistry } from "./registry.ts";

export interface Session {
  readonly store: Store;
  readonly pieces: PieceStore;
  readonly now: Date;
  /** Aborts when the caller no longer wants the result. */
  readonly signal: AbortSignal | undefined;
  /** Connections are made ready with the first call. */
  mirrors(): Promise<Mirrors>;
  http(): Promise<HttpClient>;
  /** Registries of images, whose connections are made ready with the first call. */
  registry(): Promise<Registry>;
  /** Threads are started with the first job. */
  pool(): WorkerPool<Job, JobResult>;
  hasThreads(): boolean;
  settingsFor(distribution: string): Promise<MirrorSettings>;
  access(): RepositoryAccess;
  emit(event: BuildEvent): void;
  /** Throws CANCELLED when the caller no longer wants the result. */
  assertWanted(): void;
}

export type SessionOptions = Omit<CommonOptions, "recipe"> & Pick<BuildOptions, "insecureHttp">;

/** Runs a task with a session and ends what the session owns, however the task ends. */
export async function withSession<Result>(
  options: SessionOptions,
  task: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { signal } = options;
  assertNotAborted(signal);
  const store = await openStore(options.cacheDirectory);
  const owned = own(options, store);
  const abort = (): void => void owned.close();
  signal?.addEventListener("abort", abort);
  try {
    return await task(owned.session);
  } catch (error) {
    assertNotAborted(signal);
    // What is written in place of a stream knows no words for it.
    throw describeFullDisk(error, options.cacheDirectory);
  } finally {
    signal?.removeEventListener("abort", abort);
    await owned.close();
  }
}

function own(
  options: SessionOptions,
  store: Store,
): { readonly session: Session; readonly close: () => Promise<void> } {
  const { onEvent, signal } = options;
  let network: Promise<Network> | undefined;
  let registries: Promise<OpenedRegistry> | undefined;
  let pool: WorkerPool<Job, JobResult> | undefined;
  let temporary: string | undefined;
  let closed = false;
  const openIndexes: FileAccess[] = [];
  const settings = new Map<string, Promise<MirrorSettings>>();
  const emit = (event: BuildEvent): void => onEvent?.(event);
  const now = options.now ?? new Date();
  // When one package fails, others are still on their way: they must not begin anything that nobody would end.
  const assertOpen = (): void => {
    if (closed) throw new DodaiError("CANCELLED", "Cannot go on: the build has ended");
  };

  const session: Session = {
    store,
    pieces: openPieceStore(join(store.directory, "pieces"), () => {
      assertOpen();
      if (temporary === undefined) {
        temporary = store.temporary();
        mkdirSync(temporary);
      }
      return temporary;
    }),
    now,
    signal,
    mirrors: async () => {
      network ??= openNetwork(options, store);
      return (await network).mirrors;
    },
    http: async () => {
      network ??= openNetwork(options, store);
      return (await network).http;
    },
    registry: async () => {
      assertOpen();
      registries ??= import("./registry.ts").then(({ openRegistry }) => openRegistry({ ...options, store }));
      return (await registries).registry;
    },
    pool: () => {
      assertOpen();
      pool ??= createWorkerPool({ module: workerModule(), threads: availableParallelism() });
      return pool;
    },
    hasThreads: () => pool !== undefined,
    settingsFor: (distribution) => {
      const known = settings.get(distribution) ?? mirrorSettings(distribution, options);
      settings.set(distribution, known);
      return known;
    },
    access: () => repositoryAccess({ store, mirrors: session.mirrors, now, emit, openIndexes }),
    emit,
    assertWanted: () => assertNotAborted(signal),
  };
  const close = async (): Promise<void> => {
    closed = true;
    const { http, mirrors } = (await network?.catch(() => undefined)) ?? {};
    http?.close();
    (await registries?.catch(() => undefined))?.close();
    await mirrors?.settled();
    for (const one of openIndexes.splice(0)) one.close();
    await pool?.close();
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  return { session, close };
}

interface Network {
  readonly http: HttpClient;
  readonly mirrors: Mirrors;
}

/** Loaded when it is needed: a build that has everything does without, and Node's HTTP takes a while to load. */
async function openNetwork(
  { environment = {}, offline = false, signal }: SessionOptions,
  store: Store,
): Promise<Network> {
  const [{ createHttpClient }, { createMirrors }, { readNetrc }] = await Promise.all([
    import("../io/http.ts"),
    import("../io/mirrors.ts"),
    import("../io/netrc.ts"),
  ]);
  const netrc = await readNetrc(environment);
  const http = createHttpClient({ userAgent: `dodai/${version}`, environment, netrc, signal });
  return { http, mirrors: createMirrors({ store, http, offline }) };
}

function workerModule(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}

function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new DodaiError("CANCELLED", "Cannot go on: the build was cancelled", { cause: signal.reason });
}

interface AccessParts {
  readonly store: Store;
  readonly now: Date;
  /** Connections are made ready with the first call. */
  mirrors(): Promise<Mirrors>;
  readonly emit: (event: BuildEvent) => void;
  /** Indexes that were opened, for the session to close. */
  readonly openIndexes: FileAccess[];
}

/** What repository clients see of the world. A release is fetched once for all platforms, so that they agree. */
function repositoryAccess({ store, mirrors, now, emit, openIndexes }: AccessParts): RepositoryAccess {
  const remember = (file: FileAccess | undefined): FileAccess | undefined => {
    if (file) openIndexes.push(file);
    return file;
  };
  const releases = new Map<string, Promise<Uint8Array | undefined>>();
  const fetchWhole = async (
    repository: Repository,
    path: string,
    maxBytes: number,
  ): Promise<Uint8Array | undefined> => {
    const bytes = await (await mirrors()).fetch(repository.urls, path, { maxBytes });
    return bytes && collect(bytes, { maxBytes, what: path });
  };
  return {
    fetch: async (repository, path, { maxBytes, expected }) => {
      if (expected) {
        let seen = 0;
        const onBytes = (count: number): void => {
          seen += count;
          emit({
            kind: "progress",
            stage: "index",
            doneBytes: seen,
            totalBytes: expected.sizeBytes,
            what: `${repository.name} ${path}`,
          });
        };
        return (await mirrors()).fetch(repository.urls, path, { maxBytes, expected, onBytes });
      }
      const key = JSON.stringify([repository.urls, path]);
      const known = releases.get(key) ?? fetchWhole(repository, path, maxBytes);
      releases.set(key, known);
      const bytes = await known;
      return bytes && oneChunk(bytes);
    },
    now,
    compiled: {
      open: async (key) => remember(await store.openValue("indexes", key)),
      keep: async (key, bytes) => {
        await store.keepValue("indexes", key, bytes);
        const kept = remember(await store.openValue("indexes", key));
        if (!kept) throw new DodaiError("CACHE_BROKEN", `Cannot read back what was written to "${store.directory}"`);
        return kept;
      },
    },
    warn: (text) => emit({ kind: "warning", text }),
  };
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
