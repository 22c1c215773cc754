// update-rc.d(8): start-up scripts are linked into the folders of their run levels, in an order that follows from what their
// headers need of each other. Done here for the scripts of a minimal system, which need nothing that is there.
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText } from "./text-file.ts";

/** Start-up scripts by the package that has them. */
const scripts: ReadonlyMap<string, string> = new Map([
  ["procps", "procps"],
  ["util-linux-extra", "hwclock.sh"],
]);

export const initScripts: Effect = {
  name: "init-scripts",
  summary: "links the start-up scripts of the hardware clock and of procps, as update-rc.d does",
  covers: [...scripts.keys()].map((name) => ({ package: name, scripts: ["preinst", "postinst"] })),
  apply,
};

function apply(context: EffectContext): EffectResult {
  const there = [...scripts.values()].flatMap((name) => {
    const text = readText(context, `etc/init.d/${name}`);
    return text === undefined ? [] : [{ name, text }];
  });
  if (there.length === 0) return { files: [], removed: [] };
  // update-rc.d makes the folders of all run levels.
  const folders = ["0", "1", "2", "3", "4", "5", "6", "S"]
    .map((level): GeneratedFile => ({ kind: "directory", path: `etc/rc${level}.d`, mode: 0o755 }))
    .filter(({ path }) => !context.tree.has(path));
  const links = there.flatMap((one) => [...linksOf(one, "Default-Start", "S"), ...linksOf(one, "Default-Stop", "K")]);
  return { files: [...folders, ...links], removed: [] };
}

interface StartupScript {
  readonly name: string;
  readonly text: string;
}

/** In the folders of a header such as `# Default-Stop:      0 6` (LSB, "Comment Conventions for Init Scripts"). */
function linksOf({ name, text }: StartupScript, header: string, letter: string): readonly GeneratedFile[] {
  const value = new RegExp(`^# ${header}:[ \\t]*(.*)$`, "m").exec(text)?.[1] ?? "";
  return value
    .split(/\s+/)
    .filter((level) => /^[0-6S]$/.test(level))
    .map((level) => ({
      kind: "symlink",
      path: `etc/rc${level}.d/${letter}01${name}`,
      target: `../init.d/${name}`,
    }));
}
