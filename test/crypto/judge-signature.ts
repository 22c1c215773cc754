// What becomes of one signature by a made key, for tables of keys.
import { type Policy, policyAt } from "../../src/crypto/openpgp/policy.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { type MadeKey, type SecretPart, type SignOptions, signDocument, subpacket, u32 } from "./make-openpgp.ts";

export const policy: Policy = policyAt(new Date("2026-01-01"));
export const archived: Policy = { ...policy, archived: true };

export type Judged = SignOptions & { readonly by?: SecretPart; readonly under?: Policy };

/** `good`, or the reason why a signature by the key, or by `by`, is refused; made one day after the key unless said otherwise. */
export function judge(key: MadeKey, { by = key.part, under = policy, ...options }: Judged = {}): string {
  const { binary } = signDocument({ part: by }, "text", options);
  const [verdict] = verifyDetached(Buffer.from("text"), {
    signature: binary,
    keyring: [key.publicKey],
    policy: under,
  }).signatures;
  return verdict?.kind === "refused" ? verdict.reason : "good";
}

export const flags = (value: number): Buffer => subpacket(27, Buffer.of(value));
export const keyExpires = (seconds: number): Buffer => subpacket(9, u32(seconds));
