// What the numbers were measured on.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { version } from "../../src/core/version.ts";

export function describeMachine(medium: string, now: Date): readonly string[] {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return [
    `${now.toISOString().slice(0, 16).replace("T", " ")} UTC, load ${loadavg()
      .map((one) => one.toFixed(1))
      .join(" ")} at the start`,
    `${availableParallelism()} cores of ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, ${systemName()}; everything on ${medium}`,
    `dodai ${version}${commit()}, Node ${process.versions.node}; ${tools().join(", ")}`,
  ];
}

export function describeLoad(): string {
  return loadavg()[0]?.toFixed(1) ?? "unknown";
}

function systemName(): string {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown system";
}

function commit(): string {
  const text = firstLine("git", ["-C", import.meta.dirname, "rev-parse", "--short", "HEAD"]);
  return text === undefined ? "" : ` (${text})`;
}

function tools(): readonly string[] {
  const asked = [
    ["mmdebstrap", "--version"],
    ["apt-get", "--version"],
    ["xz", "--version"],
    ["gzip", "--version"],
  ] as const;
  return asked.map(([program, flag]) => firstLine(program, [flag]) ?? `no ${program}`);
}

function firstLine(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.split("\n")[0]?.trim() : undefined;
}
