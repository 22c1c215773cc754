// Registries for the library's verbs: connections and credentials of one call, ended with it.
import { DodaiError } from "../core/dodai-error.ts";
import { version } from "../core/version.ts";
import { createHttpClient } from "../io/http.ts";
import { createRegistry, type Registry } from "../io/registry.ts";
import { openCredentials } from "../io/registry-credentials.ts";
import { placesInStore } from "../io/registry-memory.ts";
import { parseRegistryMirrors } from "../io/registry-place.ts";
import type { Store } from "../io/store.ts";
import type { RegistryOptions } from "./contract.ts";

type Options = Omit<RegistryOptions, "cacheDirectory" | "onEvent"> & { readonly store: Store };

export interface OpenedRegistry {
  readonly registry: Registry;
  /** Ends all connections. */
  close(): void;
}

/** netrc is not read for registries, since they have credentials of their own. Throws USAGE. */
export function openRegistry({
  environment = {},
  offline = false,
  insecureHttp = false,
  signal,
  store,
}: Options): OpenedRegistry {
  const mirrors = parseRegistryMirrors(environment.DODAI_REGISTRY_MIRRORS ?? "");
  const credentials = openCredentials(environment);
  const http = createHttpClient({ userAgent: `dodai/${version}`, environment, signal });
  const registry = createRegistry({
    http,
    credentials,
    insecureHttp,
    offline,
    mirrors,
    signal,
    places: placesInStore(store),
  });
  return { registry, close: () => http.close() };
}

/** Runs a task with registries. */
export async function withRegistry<Result>(
  options: Options,
  task: (registry: Registry) => Promise<Result>,
): Promise<Result> {
  const { signal } = options;
  const opened = openRegistry(options);
  try {
    return await task(opened.registry);
  } catch (error) {
    if (signal?.aborted) throw new DodaiError("CANCELLED", "Cannot go on: it was cancelled", { cause: signal.reason });
    throw error;
  } finally {
    opened.close();
  }
}
