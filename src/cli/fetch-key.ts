// A key that a recipe names by its address.
import { collect } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { version } from "../core/version.ts";
import { createHttpClient } from "../io/http.ts";
import { readNetrc } from "../io/netrc.ts";
import type { World } from "./context.ts";

/** A public key of 4096 bits has 800 bytes. */
const maxKeyBytes = 64 << 10;

/** Throws DOWNLOAD_FAILED, NETWORK_OFFLINE. */
export async function fetchKey(
  url: string,
  { env, signal }: Pick<World, "env" | "signal">,
  { offline }: { readonly offline: boolean },
): Promise<string> {
  if (offline) {
    throw new DodaiError("NETWORK_OFFLINE", `Cannot fetch key "${url}": --offline allows no download`);
  }
  const http = createHttpClient({
    userAgent: `dodai/${version}`,
    environment: env,
    netrc: await readNetrc(env),
    signal,
  });
  try {
    const bytes = http.read(new URL(url), { maxBytes: maxKeyBytes, checked: false });
    return Buffer.from(await collect(bytes, { maxBytes: maxKeyBytes, what: url })).toString();
  } catch (cause) {
    if (cause instanceof DodaiError) throw cause;
    const state = cause instanceof Error ? cause.message : String(cause);
    throw new DodaiError("DOWNLOAD_FAILED", `Cannot fetch key "${url}": ${state}`, { cause });
  } finally {
    http.close();
  }
}
