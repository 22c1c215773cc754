import type { WhyResult } from "../../build/contract.ts";
import type { Context } from "../context.ts";
import type { CommonFlags } from "../flags.ts";
import { withOptions } from "../options.ts";
import { safeText } from "../safe-text.ts";

export interface WhyFlags extends CommonFlags {
  readonly json?: boolean;
}

/** Why a package is in the image, or why it is not: whichever is the case, for each platform. */
export async function why(this: Context, flags: WhyFlags, recipe: string, packageName: string): Promise<void> {
  const { library, stdout } = this;
  const results = await withOptions({ recipe, flags, world: this }, (options) =>
    library.why({ ...options, packageName }),
  );
  stdout.write(flags.json ? formatReasons(packageName, results) : describeReasons(results));
}

function describeReasons(results: readonly WhyResult[]): string {
  const several = results.length > 1;
  const blocks = results.map(({ platform, lines }) => {
    const all = several ? [`# ${platform}`, ...lines] : lines;
    return all.map((line) => `${safeText(line)}\n`).join("");
  });
  return blocks.join(several ? "\n" : "");
}

function formatReasons(packageName: string, results: readonly WhyResult[]): string {
  const platforms = results.map(({ platform, installed, lines }) => [platform, { installed, lines }]);
  const value = { schemaVersion: 1, package: packageName, platforms: Object.fromEntries(platforms) };
  return `${JSON.stringify(value)}\n`;
}
