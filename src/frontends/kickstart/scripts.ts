// %post, whose bodies run on the image; and certificates, which are files in it.
import { posix } from "node:path";
import type { RecipeStep } from "../../core/recipe.ts";
import { parseInterpreter } from "../native/values.ts";
import { checkedValue } from "./checked.ts";
import type { Faults } from "./faults.ts";
import { has, lastOf, type Value } from "./options.ts";
import type { Section } from "./statements.ts";

/** Where installers have the new system. */
const outsideRoot = "/mnt/sysimage";

/** Sections that only an installer runs. */
const installers: readonly string[] = ["%pre", "%pre-install", "%onerror", "%traceback"];

export function readSteps(sections: readonly Section[], faults: Faults): readonly RecipeStep[] {
  for (const name of installers) {
    const [first, ...others] = sections.filter((one) => one.name === name);
    const more = others.length === 0 ? "" : ` (nor ${others.length} more)`;
    if (first)
      faults.warn(first.position, `${name} is not run${more}: it is for the installer's own system, and there is none`);
  }
  const scripts = sections.filter(({ name }) => name === "%post").map((section) => stepOf(section, faults));
  return [...certificateSteps(sections, faults), ...scripts];
}

function stepOf({ options, lines, position }: Section, faults: Faults): RecipeStep {
  const outside = has(options, "nochroot");
  const interpreter = lastOf(options, "interpreter");
  if (interpreter) checkedValue(interpreter, parseInterpreter, faults);
  const log = logOf(lastOf(options, "log", "logfile"), { outside, faults });
  return {
    script: lines.map(({ text }) => `${text}\n`).join(""),
    interpreter: interpreter?.text ?? "/bin/sh",
    failure: has(options, "erroronfail") ? "error" : "warn",
    ...(log === undefined ? {} : { log }),
    outside,
    position,
  };
}

const isPlainPath = (path: string): boolean =>
  /^\/[^\p{Cc}:]+$/u.test(path) && posix.normalize(path) === path && !path.endsWith("/");

/** With --nochroot only what is below /mnt/sysimage is in the image. */
function logOf(
  value: Value | undefined,
  { outside, faults }: { outside: boolean; faults: Faults },
): string | undefined {
  if (!value) return undefined;
  const { text, position } = value;
  if (!isPlainPath(text)) {
    faults.broken(position, `Cannot use log "${text}": it is no plain absolute path`);
    return undefined;
  }
  if (!outside || text.startsWith(`${outsideRoot}/`)) return text;
  faults.warn(position, `log "${text}" is not kept: it is outside of ${outsideRoot}`);
  return undefined;
}

/** Where ca-trust looks for authorities of one's own. */
const anchors = "/etc/pki/ca-trust/source/anchors";

/** %certificate: a file each, written before scripts run, and an anchor made known. */
function certificateSteps(sections: readonly Section[], faults: Faults): readonly RecipeStep[] {
  return sections.flatMap((section): readonly RecipeStep[] => {
    const { name, options, lines, position } = section;
    if (name !== "%certificate") return [];
    const file = lastOf(options, "filename");
    const folder = lastOf(options, "dir");
    const isAnchor = has(options, "type");
    const content = lines.map(({ text }) => `${text}\n`).join("");
    if (!file || !/^[\w][\w.+-]*$/.test(file.text)) {
      faults.broken(file?.position ?? position, `Cannot use "${file?.text ?? ""}": it is no plain name of a file`);
    } else if (folder && !/^(?:\/[\w.+-]+)+$/.test(folder.text)) {
      faults.broken(folder.position, `Cannot use "${folder.text}": it is no plain absolute path`);
    } else if (!folder && !isAnchor)
      faults.broken(position, "Cannot read %certificate: it has neither --dir nor --type");
    else if (content.trim() === "") faults.broken(position, "Cannot read %certificate: it is empty");
    else {
      const folders = [...(folder ? [folder.text] : []), ...(isAnchor ? [anchors] : [])];
      const script = folders.map((one) => `mkdir -p ${one}\ncat > ${one}/${file.text} <<'%end'\n${content}%end\n`);
      const update = isAnchor ? ["update-ca-trust extract\n"] : [];
      return [
        {
          script: ["set -e\n", ...script, ...update].join(""),
          interpreter: "/bin/sh",
          failure: "error",
          outside: false,
          position,
        },
      ];
    }
    return [];
  });
}
