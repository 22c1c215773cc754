// What is good enough, as a value. Nothing here knows which keys are trusted: that is the caller's keyring.

export interface Policy {
  /** Judged against this moment; there is no other clock. */
  readonly now: Date;
  /**
   * Old releases and snapshots: a key or signature that has ended since is taken when the signature was made before. A key
   * that was retired or replaced counts as one that ended then; a key that was revoked for any other reason never signs.
   */
  readonly archived: boolean;
  /**
   * Where SHA-1 is taken. `self-signatures` lets keys of before about 2015 be used, whose statements about themselves
   * (expiry, subkeys) rest on it: someone who could forge these would need a second preimage or the owner's help.
   */
  readonly sha1: "never" | "self-signatures" | "always";
  /** RSA and DSA keys with fewer bits do not count. 1024 is needed for Debian before lenny. */
  readonly minModulusBits: number;
  /** A signature may be dated this much after `now`, for clocks that differ. */
  readonly futureSkewSeconds: number;
}

/** SHA-1 in self-signatures only, 2048 bits, five minutes. MD5 and RIPEMD-160 are never taken. */
export function policyAt(now: Date, changes: Partial<Omit<Policy, "now">> = {}): Policy {
  return {
    archived: false,
    sha1: "self-signatures",
    minModulusBits: 2048,
    futureSkewSeconds: 300,
    ...changes,
    now,
  };
}
