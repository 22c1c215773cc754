import type { TarLimits } from "../archive/tar.ts";

/** What a root file system may cost: it comes from dodai itself, or from programs in the sandbox. */
export const sandboxTarLimits: TarLimits = {
  maxEntries: 10_000_000,
  maxTotalBytes: 2 ** 40,
  maxHeaderBytes: 1 << 20,
  what: "root file system",
};
