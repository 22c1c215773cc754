// Registries for the library's verbs: connections and credentials of one call, ended with it.
import { DodaiError } from "../core/dodai-error.ts";
import { version } from "../core/version.ts";
import { createHttpClient } from "../io/http.ts";
import { createRegistry, type Registry } from "../io/registry.ts";
import { openCredentials } from "../io/registry-credentials.ts";
import { parseRegistryMirrors } from "../io/registry-place.ts";
import type { RegistryOptions } from "./contract.ts";

/** A registry takes a while to look at what it got, and a blob store behind it to move it. */
const timeouts = { connectMs: 15_000, idleMs: 180_000 };

/** Runs a task with registries; netrc is not read for them, since they have credentials of their own. */
export async function withRegistry<Result>(
  options: Omit<RegistryOptions, "cacheDirectory" | "onEvent">,
  task: (registry: Registry) => Promise<Result>,
): Promise<Result> {
  const { environment = {}, offline = false, insecureHttp = false, signal } = options;
  const http = createHttpClient({ userAgent: `dodai/${version}`, environment, timeouts, signal });
  try {
    const credentials = openCredentials(environment);
    const mirrors = parseRegistryMirrors(environment.DODAI_REGISTRY_MIRRORS ?? "");
    return await task(createRegistry({ http, credentials, insecureHttp, offline, mirrors, signal }));
  } catch (error) {
    if (signal?.aborted) throw new DodaiError("CANCELLED", "Cannot go on: it was cancelled", { cause: signal.reason });
    throw error;
  } finally {
    http.close();
  }
}
