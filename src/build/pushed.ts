// What builds ask of outputs that go to registries, before and instead of pushing them.
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { BuildOptions } from "./contract.ts";
import type { Session } from "./session.ts";

/** Told before the work, and not after it. Throws NETWORK_OFFLINE. */
export function assertReachable({ offline, outputs }: Pick<BuildOptions, "offline" | "outputs">): void {
  const pushed = outputs.find(({ kind }) => kind === "registry");
  if (!offline || pushed === undefined) return;
  throw new DodaiError(
    "NETWORK_OFFLINE",
    `Cannot push to "${pushed.destination}": --offline forbids to ask a registry`,
    {
      fix: "Run it without --offline, or push later what it writes.",
    },
  );
}

/** Whether each name leads to the image already. Registries are loaded when there is a name. */
export async function isPushed(names: readonly string[], digest: Digest, session: Session): Promise<boolean> {
  const { leadTo } = await import("./push-outputs.ts");
  return leadTo(names, digest, session);
}
