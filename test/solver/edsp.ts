// apt's own solver on universes of our choosing, through the External Dependency Solver Protocol that apt-utils speaks
// (doc/external-dependency-solver-protocol.md of apt).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PackageRecord, RelationKind, Requirement } from "../../src/packages/contract.ts";

export const edspSolver = "/usr/lib/apt/solvers/apt";

const fields: readonly (readonly [RelationKind, string])[] = [
  ["pre-depends", "Pre-Depends"],
  ["depends", "Depends"],
  ["conflicts", "Conflicts"],
  ["breaks", "Breaks"],
  ["recommends", "Recommends"],
];

export interface EdspRequest {
  readonly install: readonly string[];
  readonly recommends: boolean;
  /** In the order in which apt reads them. */
  readonly packages: readonly PackageRecord[];
}

/** What apt marks for installation, with what its autoremove would drop again; undefined when it fails. */
export function askApt(request: EdspRequest): ReadonlySet<PackageRecord> | undefined {
  const folder = mkdtempSync(join(tmpdir(), "dodai-edsp-"));
  try {
    const config = join(folder, "apt.conf");
    const recommends = `APT::Install-Recommends "${request.recommends}";\n`;
    writeFileSync(config, `${recommends}APT::Architecture "amd64";\nAPT::Architectures { "amd64"; };\n`);
    const { stdout } = spawnSync(edspSolver, {
      input: formatEdsp(request),
      encoding: "utf8",
      env: { ...process.env, APT_CONFIG: config },
    });
    if (/^Error: /m.test(stdout)) return undefined;
    const numbers = Array.from(stdout.matchAll(/^Install: (\d+)$/gm), ([, number]) => Number(number));
    return new Set(numbers.map((number) => request.packages[number] as PackageRecord));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function formatEdsp({ install, packages }: EdspRequest): string {
  const names = install.map((name) => `${name}:amd64`).join(" ");
  const head = `Request: EDSP 0.5\nArchitecture: amd64\nArchitectures: amd64\nInstall: ${names}\n`;
  return [head, ...packages.map(formatPackage)].join("\n");
}

function formatPackage(record: PackageRecord, number: number): string {
  const lines = [
    `Package: ${record.name}`,
    "Architecture: amd64",
    `Version: ${record.version}`,
    `APT-ID: ${number}`,
    `Priority: ${record.priority}`,
    "Section: misc",
    "APT-Release:",
    " a=test",
    "APT-Pin: 500",
    "APT-Candidate: yes",
  ];
  if (record.essential) lines.push("Essential: yes");
  for (const [kind, field] of fields) {
    const relations = record.relations.filter((one) => one.kind === kind);
    const text = relations.map(({ anyOf }) => anyOf.map(formatRequirement).join(" | ")).join(", ");
    if (text !== "") lines.push(`${field}: ${text}`);
  }
  const provides = record.provides.map(({ name, version }) =>
    version === undefined ? name : `${name} (= ${version})`,
  );
  if (provides.length > 0) lines.push(`Provides: ${provides.join(", ")}`);
  return `${lines.join("\n")}\n`;
}

function formatRequirement({ name, constraint }: Requirement): string {
  if (constraint === undefined) return name;
  const operator = { "<": "<<", ">": ">>" }[constraint.operator as string] ?? constraint.operator;
  return `${name} (${operator} ${constraint.version})`;
}
