// The ledger: what was done about every maintainer script, and what that changed.
import { formatReadableJson } from "../core/canonical-json.ts";
import { normalizeRules } from "../rootfs/normalize.ts";
import type { BuildResult } from "./contract.ts";

const ledgerVersion = 1;

export function formatLedger({ digest, platforms }: BuildResult): string {
  return formatReadableJson({
    schemaVersion: ledgerVersion,
    digest,
    platforms: Object.fromEntries(
      platforms.map(({ platform, packages, scripts, normalized, steps }) => {
        // Of another architecture beside its like: `glibc.i686`.
        const versions = new Map(
          packages.flatMap(({ name, version, architecture }) => [
            [`${name}.${architecture}`, version],
            [name, version],
          ]),
        );
        const told = {
          scripts: scripts.map((one) => ({
            package: one.package,
            version: versions.get(one.package) ?? "",
            script: one.script,
            done: one.done,
            effect: one.effect,
            exitCode: one.exitCode,
            changed: one.changed.map((path) => `/${path}`),
          })),
          ...(steps && {
            steps: steps.map(({ changed, ...one }) => ({ ...one, changed: changed.map((path) => `/${path}`) })),
          }),
          normalized: normalized.map(({ path, rule }) => ({ path: `/${path}`, rule, reason: reasonOf(rule) })),
        };
        return [platform, told];
      }),
    ),
  });
}

const reasonOf = (rule: string): string => normalizeRules.find(({ name }) => name === rule)?.reason ?? "";
