// Every program that dodai knows, for one build.
import type { EffectContext } from "../effects/contract.ts";
import { accountPrograms } from "./account-programs.ts";
import { filePrograms } from "./file-programs.ts";
import type { Program, ShellOptions } from "./shell.ts";
import { systemPrograms } from "./system-programs.ts";
import { sysusers } from "./sysusers.ts";
import { testCommand } from "./test-command.ts";
import { echo, printf, textPrograms } from "./text-programs.ts";
import { tmpfiles } from "./tmpfiles.ts";
import { extractTrust } from "./trust-extract.ts";

export function openPrograms({ epoch, platform }: EffectContext): Pick<ShellOptions, "programs" | "builtins"> {
  const trust: Program = (call) => extractTrust(call, epoch);
  const programs = new Map<string, Program>([
    ...textPrograms,
    ...filePrograms,
    ...accountPrograms(epoch),
    ...systemPrograms(platform),
    ["systemd-sysusers", (call) => sysusers(call, epoch)],
    ["systemd-tmpfiles", tmpfiles],
    ["p11-kit", trust],
    ["trust", trust],
    ["true", () => 0],
    ["false", () => 1],
    ["sleep", () => 0],
    ["sync", () => 0],
  ]);
  return { programs, builtins };
}

const builtins: ReadonlyMap<string, Program> = new Map<string, Program>([
  [":", () => 0],
  ["true", () => 0],
  ["false", () => 1],
  ["echo", echo],
  ["printf", printf],
  ["test", testCommand],
  ["[", testCommand],
  ["[[", testCommand],
]);
