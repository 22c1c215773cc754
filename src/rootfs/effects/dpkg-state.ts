// What dpkg and its tools leave in their folder whenever they run: the architecture that is the system's own, and empty
// lock files.
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { scriptText, textFile } from "./text-file.ts";

const folder = "var/lib/dpkg";

export const dpkgState: Effect = {
  name: "dpkg-state",
  summary: "leaves what a run of dpkg leaves: lock files, and the system's own architecture",
  covers: [{ package: "dpkg", scripts: ["postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const script = scriptText(context, "dpkg", "postinst") ?? "";
  const files: readonly GeneratedFile[] = [
    ...(script.includes("create_db_native_arch") ? nativeArchitecture(context) : []),
    textFile(`${folder}/lock`, "", 0o640),
    textFile(`${folder}/lock-frontend`, "", 0o640),
    textFile(`${folder}/triggers/Lock`, "", 0o600),
  ];
  return { files, removed: [] };
}

/** dpkg's own package is of the system's architecture. */
function nativeArchitecture({ packages }: EffectContext): readonly GeneratedFile[] {
  const control = packages.find(({ name }) => name === "dpkg")?.control.find(({ name }) => name === "control");
  const architecture = /^Architecture: (\S+)$/m.exec(Buffer.from(control?.bytes ?? []).toString("latin1"))?.[1];
  return architecture === undefined ? [] : [textFile(`${folder}/arch-native`, `${architecture}\n`)];
}
