// What the formats say of a package file that cannot be read, whichever layer below found it out.
import type { Bytes } from "../core/bytes.ts";
import { DodaiError, type ErrorCode } from "../core/dodai-error.ts";

export interface PackageFaults {
  /** Reads; a fault that means that the package is broken becomes PACKAGE_BROKEN. */
  asPackage<Result>(what: string, read: () => Promise<Result>): Promise<Result>;
  /** Reads a body in the same way. */
  bodyOf(body: Bytes, what: string): AsyncGenerator<Uint8Array>;
  broken(what: string, state: string, cause?: unknown): DodaiError;
}

/** `maker` makes sound packages of the format. `codes` say that one is broken; too large and unsafe paths keep theirs. */
export function packageFaults(maker: string, codes: readonly ErrorCode[]): PackageFaults {
  const broken = (what: string, state: string, cause?: unknown): DodaiError =>
    new DodaiError("PACKAGE_BROKEN", `Cannot open ${what}: ${state}`, {
      fix: `The file is damaged or was not made by ${maker}. Fetch it again, or ask who made it.`,
      cause,
    });
  const asPackage: PackageFaults["asPackage"] = async (what, read) => {
    try {
      return await read();
    } catch (error) {
      if (error instanceof DodaiError && codes.includes(error.code)) throw broken(what, error.message, error);
      throw error;
    }
  };
  return {
    broken,
    asPackage,
    bodyOf: async function* (body, what) {
      const chunks = body[Symbol.asyncIterator]();
      for (;;) {
        const { done, value } = await asPackage(what, () => chunks.next());
        if (done) return;
        yield value;
      }
    },
  };
}
