// When a package that stands for a name is what another asks of the name.
import type { PackageRecord, Requirement } from "../packages/contract.ts";
import type { ApkDependency, ApkPackage, ApkProvider } from "./policy-apk-names.ts";
import type { Problem } from "./problem.ts";

/** Whether a provider, or that there is none, is what a package asks for. */
export function isProvided(
  by: ApkPackage | undefined,
  { requirement, refused }: ApkDependency,
  provider: ApkProvider | undefined,
  problem: Problem,
): boolean {
  if (provider === undefined) return refused;
  // A package may refuse what it provides itself: then it wants to be the only one.
  if (refused && by === provider.pkg) return true;
  return meets(requirement, provider.version, problem) !== refused;
}

function meets(
  { name, constraint }: Requirement,
  version: string | undefined,
  { format, architecture }: Problem,
): boolean {
  if (constraint === undefined) return true;
  if (version === undefined) return false;
  const record = { ...probe, name, version };
  return format.satisfies(record, { name, constraint }, architecture);
}

/** A package that is nothing but a name and a version, to ask the format whether they meet a requirement. */
const probe: PackageRecord = {
  name: "",
  version: "",
  architecture: "",
  source: { name: "", version: "" },
  path: "",
  sizeBytes: 0,
  digest: "Q1",
  installedBytes: 0,
  essential: false,
  protected: false,
  priority: "",
  multiArch: "no",
  provides: [],
  relations: [],
  summary: "",
};
