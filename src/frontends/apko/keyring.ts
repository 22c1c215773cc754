// `contents.keyring`: the keys that may sign repositories. apko fetches those that are addresses at each build and trusts what
// it gets. Here an address is the name of a key that dodai knows, or that apko's lock has the text of; another is fetched once,
// over TLS, which is told.
import { posix } from "node:path";
import { hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import { publicKeyOf } from "../pem.ts";
import { knownKeyAt } from "./known-keys.ts";
import type { ApkoFile, ApkoWorld } from "./load.ts";
import type { ApkoLock } from "./lock.ts";
import type { Locate } from "./places.ts";

export interface Keyring {
  /** Texts by the file names that signatures and apk call them by. */
  readonly keys: ReadonlyMap<string, string>;
  /** Of keys that nothing vouches for but where they lie. */
  readonly warnings: readonly string[];
}

export interface KeyringContext {
  readonly locate: Locate;
  readonly world: Pick<ApkoWorld, "readFile" | "fetchKey">;
  readonly lock: ApkoLock | undefined;
}

/** Throws KEY_SYNTAX, FILE_UNREADABLE, DOWNLOAD_FAILED, NETWORK_OFFLINE. */
export async function readKeyring(files: readonly ApkoFile[], context: KeyringContext): Promise<Keyring> {
  const keys = new Map<string, string>();
  const warnings: string[] = [];
  for (const { input, document } of files) {
    for (const [index, key] of (input.contents?.keyring ?? []).entries()) {
      const where = document.positionOf(["contents", "keyring", index]);
      const { text, warning } = await keyText(key, where, context);
      if (warning !== undefined) warnings.push(warning);
      if (publicKeyOf(text) === undefined) {
        throw new DodaiError("KEY_SYNTAX", `Cannot read key "${key}": it is not one RSA public key in PEM`, { where });
      }
      keys.set(nameOfKey(key), text);
    }
  }
  return { keys, warnings };
}

interface FoundKey {
  readonly text: string;
  readonly warning?: string;
}

async function keyText(key: string, where: Position, { locate, world, lock }: KeyringContext): Promise<FoundKey> {
  const locked = lock?.keys.get(key);
  if (locked !== undefined) return { text: locked };
  if (!/^https?:\/\//.test(key)) {
    const place = await locate(key);
    if (place !== undefined) return { text: await world.readFile(place) };
    throw new DodaiError("FILE_UNREADABLE", `Cannot read key "${key}": there is no such file that can be read`, {
      where,
      fix: "Paths are relative to the current folder, then to the recipe.",
    });
  }
  return knownKeyAt(key) ?? fetchKey(key, where, world);
}

async function fetchKey(
  key: string,
  where: Position,
  { fetchKey: fetch }: Pick<ApkoWorld, "fetchKey">,
): Promise<FoundKey> {
  const { protocol, hostname } = new URL(key);
  const isSafe = protocol === "https:" || ["127.0.0.1", "[::1]", "localhost"].includes(hostname);
  if (!fetch || !isSafe) {
    const state = fetch ? "whoever is on its way could give another" : "dodai does not know it";
    throw new DodaiError("KEY_SYNTAX", `Cannot take key "${key}": ${state}`, {
      where,
      fix: "Fetch it once, check it, and name the file; or lock the recipe with apko, whose lock has the text.",
    });
  }
  const text = await fetch(key);
  const print = hexOf(sha256(text));
  const warning = `Key "${key}" is trusted because of where it lies (sha256 ${print}). Keep it in a file beside the recipe, and name that`;
  return { text, warning };
}

/** `https://example.com/a/KEY%40x.rsa.pub` is `KEY@x.rsa.pub`. */
function nameOfKey(key: string): string {
  const last = posix.basename(key.replace(/[?#].*$/, ""));
  try {
    return decodeURIComponent(last).replaceAll("/", "");
  } catch {
    return last;
  }
}
