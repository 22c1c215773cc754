import { formatPlatform } from "../core/platform.ts";
import { conflictError } from "../solver/describe.ts";
import { solve } from "../solver/solve.ts";
import { whyNot, why as whyThere } from "../solver/why.ts";
import type { WhyOptions, WhyResult } from "./contract.ts";
import { planAll } from "./locking.ts";
import { withSession } from "./session.ts";
import { openProblem } from "./solve.ts";

const noChoice = "the image starts from a ready root file system: what is in it was chosen by whoever made that";

/** Solves, and tells for each platform who wanted a package, or why it is not there. Throws PACKAGE_MISSING, UNSATISFIABLE. */
export async function why(options: WhyOptions): Promise<readonly WhyResult[]> {
  const { packageName, insecureUnsigned = false } = options;
  return withSession(options, async (session) => {
    const access = session.access();
    const results: WhyResult[] = [];
    for (const plan of await planAll(options, session)) {
      const platform = formatPlatform(plan.platform);
      if (plan.source) {
        results.push({ platform, installed: false, lines: [noChoice] });
        continue;
      }
      const { problem } = await openProblem(plan, session, { access, insecureUnsigned });
      const outcome = solve(problem);
      if (outcome.kind === "conflict") throw conflictError(outcome);
      const there = whyThere(outcome, packageName);
      const lines = there ?? whyNot(problem, outcome, packageName) ?? [];
      results.push({ platform, installed: there !== undefined, lines });
    }
    return results;
  });
}
