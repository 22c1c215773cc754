// A GnuPG of its own for a test: a folder with keys made at fixed times, and gpgv as the judge to compare with.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** When keys are made unless said otherwise, as GnuPG writes times. */
export const keysMade = "20250101T000000";
export const signedAt = "20250201T000000";

export interface GpgHome {
  /** Standard output of gpg at the given moment; its clock stands still. */
  gpg(args: readonly string[], options?: { readonly at?: string; readonly input?: Uint8Array | string }): Buffer;
  /** Makes a key and tells its fingerprint. */
  makeKey(name: string, algorithm: string, options?: { readonly expires?: string; readonly at?: string }): string;
  revoke(fingerprint: string): void;
  export(...fingerprints: readonly string[]): Buffer;
  remove(): void;
}

export function openGpgHome(): GpgHome {
  const folder = mkdtempSync(join(tmpdir(), "dodai-gpg-"));
  const common = ["--homedir", folder, "--batch", "--no-tty", "--quiet", "--yes", "--pinentry-mode", "loopback"];
  const gpg: GpgHome["gpg"] = (args, { at = signedAt, input } = {}) =>
    execFileSync("gpg", [...common, "--passphrase", "", "--faked-system-time", `${at}!`, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      ...(input === undefined ? {} : { input }),
    });
  return {
    gpg,
    makeKey(name, algorithm, { expires = "never", at = keysMade } = {}) {
      const before = new Set(revocations(folder));
      gpg(["--quick-gen-key", name, algorithm, "cert,sign", expires], { at });
      return revocations(folder).find((fingerprint) => !before.has(fingerprint)) ?? "";
    },
    revoke(fingerprint) {
      const certificate = readFileSync(join(folder, "openpgp-revocs.d", `${fingerprint}.rev`), "latin1");
      gpg(["--import"], { input: certificate.replace(":-----BEGIN", "-----BEGIN") });
    },
    export: (...fingerprints) => gpg(["--export", ...fingerprints]),
    remove() {
      spawnSync("gpgconf", ["--homedir", folder, "--kill", "all"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Whether gpgv takes a signature: exit code 0 and no word of an expired or revoked key. Without `data` it is cleartext. */
export function gpgvTakes(signed: {
  readonly data?: Uint8Array;
  readonly signature: Uint8Array;
  readonly keys: Uint8Array;
}): boolean {
  const folder = mkdtempSync(join(tmpdir(), "dodai-gpgv-"));
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const { data, signature, keys } = signed;
  const args = [file("signature", signature), ...(data ? [file("data", data)] : [])];
  const { status, stdout } = spawnSync("gpgv", ["--status-fd", "1", "--keyring", file("keys", keys), ...args]);
  rmSync(folder, { recursive: true, force: true });
  return status === 0 && !/EXPKEYSIG|REVKEYSIG|EXPSIG/.test(stdout.toString("latin1"));
}

/** GnuPG writes a revocation certificate beside each key that it makes. */
function revocations(folder: string): readonly string[] {
  try {
    return readdirSync(join(folder, "openpgp-revocs.d")).map((name) => name.replace(".rev", ""));
  } catch {
    return [];
  }
}
