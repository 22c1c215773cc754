// update-rc.d(8): start-up scripts are linked into the folders of their run levels, in an order that follows from what their
// headers need of each other. Done here for the one script of a minimal system, which needs nothing that is there.
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText } from "./text-file.ts";

const script = "hwclock.sh";

export const initScripts: Effect = {
  name: "init-scripts",
  summary: "links the start-up script of the hardware clock, as update-rc.d does",
  covers: [{ package: "util-linux-extra", scripts: ["preinst", "postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const text = readText(context, `etc/init.d/${script}`);
  if (text === undefined) return { files: [], removed: [] };
  // update-rc.d makes the folders of all run levels.
  const folders = ["0", "1", "2", "3", "4", "5", "6", "S"]
    .map((level): GeneratedFile => ({ kind: "directory", path: `etc/rc${level}.d`, mode: 0o755 }))
    .filter(({ path }) => !context.tree.has(path));
  return {
    files: [...folders, ...links(text, "Default-Start", "S"), ...links(text, "Default-Stop", "K")],
    removed: [],
  };
}

/** In the folders of a header such as `# Default-Stop:      0 6` (LSB, "Comment Conventions for Init Scripts"). */
function links(text: string, header: string, letter: string): readonly GeneratedFile[] {
  const value = new RegExp(`^# ${header}:[ \\t]*(.*)$`, "m").exec(text)?.[1] ?? "";
  return value
    .split(/\s+/)
    .filter((level) => /^[0-6S]$/.test(level))
    .map((level) => ({
      kind: "symlink",
      path: `etc/rc${level}.d/${letter}01${script}`,
      target: `../init.d/${script}`,
    }));
}
