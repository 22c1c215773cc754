// Which ways of being root there are on this host.
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { DodaiError } from "../core/dodai-error.ts";
import type { SandboxMode } from "./contract.ts";
import { machineOfHost } from "./filter.ts";
import { findProgram, runProgram } from "./program.ts";

export interface ModeReport {
  readonly mode: SandboxMode;
  /** Why it cannot be used; `undefined` when it can. */
  readonly missing: string | undefined;
}

const allModes: readonly SandboxMode[] = ["root", "subordinate", "single"];

/** What `unshare` is told to make a user namespace of. */
export const userWords: Readonly<Record<SandboxMode, readonly string[]>> = {
  root: [],
  subordinate: ["--user", "--map-root-user", "--map-auto"],
  single: ["--user", "--map-root-user"],
};

/** What each mode lacks here, found out by trying. */
export async function detectModes(): Promise<readonly ModeReport[]> {
  return Promise.all(
    usableModes(undefined).map(async ({ mode, missing }) => {
      if (missing !== undefined) return { mode, missing };
      const words = ["--mount", "--pid", "--fork", "--mount-proc", "true"];
      const { exitCode, errors } = await runProgram(["unshare", ...userWords[mode], ...words]);
      return { mode, missing: exitCode === 0 ? undefined : errors.trim() };
    }),
  );
}

/** The modes to try, with what is known to be missing without trying. */
export function usableModes(modes: readonly SandboxMode[] = allModes): readonly ModeReport[] {
  const programs = ["unshare", "setpriv", "pivot_root", "mount", "umount", "mkfifo"].filter(
    (name) => findProgram(name) === undefined,
  );
  const missingForAll =
    machineOfHost() === undefined
      ? `programs of images run on x86_64 and arm64 machines only, not on ${process.arch}`
      : programs.length > 0
        ? `the host has no ${programs.join(", ")} (package util-linux)`
        : undefined;
  return modes.map((mode) => ({ mode, missing: missingForAll ?? missingFor(mode) }));
}

function missingFor(mode: SandboxMode): string | undefined {
  const [uid, username] = [process.getuid?.(), userName()];
  switch (mode) {
    case "root":
      return uid === 0 ? undefined : "you are not root";
    case "subordinate":
      if (findProgram("newuidmap") === undefined || findProgram("newgidmap") === undefined)
        return "the host has no newuidmap (package uidmap or shadow-utils)";
      for (const file of ["/etc/subuid", "/etc/subgid"]) {
        if (!hasRange(file, [username, String(uid)])) return `${file} has no line for ${username}`;
      }
      return undefined;
    case "single":
      return undefined;
  }
}

export function unavailable(reasons: readonly string[]): DodaiError {
  return new DodaiError(
    "SANDBOX_UNAVAILABLE",
    `Cannot open a sandbox: no way of it works here\n${reasons.join("\n")}`,
    {
      fix: `Run dodai as root, or let ${userName()} make user namespaces (sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns; in a container its seccomp profile). With ids of its own (package uidmap; "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${userName()}") files have their real owners. Where none of it can be had, choose "--scripts emulate" or "skip", which run nothing.`,
    },
  );
}

/** Its number where nobody gave it a name, as in containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}

/** subuid(5): name or uid, first id, count. */
function hasRange(file: string, owners: readonly string[]): boolean {
  if (!existsSync(file)) return false;
  return readFileSync(file, "utf8")
    .split("\n")
    .some((line) => owners.includes(line.split(":")[0] ?? ""));
}
