// `contents.keyring`: the keys that may sign repositories. apko fetches those that are addresses and trusts what it gets;
// here an address is the name of a key that dodai knows, or that apko's lock has the text of.
import { posix } from "node:path";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import type { RecipeWorld } from "../native/load.ts";
import { publicKeyOf } from "../pem.ts";
import { knownKeyAt } from "./known-keys.ts";
import type { ApkoFile } from "./load.ts";
import type { ApkoLock } from "./lock.ts";
import type { Locate } from "./places.ts";

export interface Keyring {
  /** Texts by the file names that signatures and apk call them by. */
  readonly keys: ReadonlyMap<string, string>;
}

export interface KeyringContext {
  readonly locate: Locate;
  readonly world: Pick<RecipeWorld, "readFile">;
  readonly lock: ApkoLock | undefined;
}

/** Throws KEY_SYNTAX, FILE_UNREADABLE. */
export async function readKeyring(files: readonly ApkoFile[], context: KeyringContext): Promise<Keyring> {
  const keys = new Map<string, string>();
  for (const { input, document } of files) {
    for (const [index, key] of (input.contents?.keyring ?? []).entries()) {
      const where = document.positionOf(["contents", "keyring", index]);
      const text = await keyText(key, where, context);
      if (publicKeyOf(text) === undefined) {
        throw new DodaiError("KEY_SYNTAX", `Cannot read key "${key}": it is not one RSA public key in PEM`, { where });
      }
      keys.set(nameOfKey(key), text);
    }
  }
  return { keys };
}

async function keyText(key: string, where: Position, { locate, world, lock }: KeyringContext): Promise<string> {
  const locked = lock?.keys.get(key);
  if (locked !== undefined) return locked;
  if (!/^https?:\/\//.test(key)) {
    const place = await locate(key);
    if (place !== undefined) return world.readFile(place);
    throw new DodaiError("FILE_UNREADABLE", `Cannot read key "${key}": there is no such file that can be read`, {
      where,
      fix: "Paths are relative to the current folder, then to the recipe.",
    });
  }
  const known = knownKeyAt(key);
  if (known) return known.text;
  throw new DodaiError(
    "KEY_SYNTAX",
    `Cannot take key "${key}": dodai does not know it, and trusts no key because of where it lies`,
    {
      where,
      fix: "Fetch it once, check it, and name the file; or lock the recipe with apko, whose lock has the text.",
    },
  );
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
