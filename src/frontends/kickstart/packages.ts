// %packages: names, globs, `-name`, groups and environments, and what its header says of all of them. Several sections are one:
// what a later line says of a name is what counts, and so does a later header.
import type { Position } from "../../core/dodai-error.ts";
import type { PackageRequest, Recipe } from "../../core/recipe.ts";
import { parseLanguage, parsePackageRequest } from "../native/values.ts";
import { checkedValue } from "./checked.ts";
import { formOfGroup } from "./commands.ts";
import type { Faults } from "./faults.ts";
import { firstColumn, positionOf } from "./lines.ts";
import { has, lastOf, readOptions, type Value } from "./options.ts";
import type { Section } from "./statements.ts";

export interface ChosenPackages
  extends Required<Pick<Recipe, "packages" | "recommends" | "documentation">>,
    Pick<Recipe, "languages" | "ignoreMissing"> {}

/** `undefined` without any %packages. */
export function readPackages(sections: readonly Section[], faults: Faults): ChosenPackages | undefined {
  const own = sections.filter(({ name }) => name === "%packages");
  const [first] = own;
  if (!first) return undefined;
  const chosen = new Map<string, PackageRequest>();
  for (const { lines } of own) {
    for (const line of lines) {
      const text = line.text.replace(/#.*/, "").trim();
      if (text !== "") readLine(text, positionOf(line, firstColumn(line.text)), { chosen, faults });
    }
  }
  const settings = own.map((section) => readHeader(section, faults)).reduce(laidOver);
  const { nocore, ...others } = settings;
  const core: PackageRequest = { request: "@core", exclude: false, position: first.position };
  const packages = [...chosen.values()];
  // Anaconda takes the group core unless it is told not to.
  const named = packages.some(({ request }) => request === "@core");
  return { ...others, packages: nocore || named ? packages : [core, ...packages] };
}

interface Header extends Omit<ChosenPackages, "packages"> {
  readonly nocore: boolean;
}

/** Languages stay until another header names some; all else is as the last header has it. */
function laidOver(before: Header, after: Header): Header {
  const languages = after.languages ?? before.languages;
  return { ...after, ...(languages ? { languages } : {}) };
}

function readHeader({ options, position }: Section, faults: Faults): Header {
  if (has(options, "default")) {
    faults.unsupported(
      position,
      "Cannot use --default: which environment that is depends on the installer",
      'Name one, as in "@^minimal-environment".',
    );
  }
  for (const name of ["ignorebroken", "multilib"] as const) {
    const why =
      name === "multilib" ? "packages of one architecture are taken" : "packages that do not fit are an error";
    if (has(options, name)) faults.warn(position, `--${name} of %packages has no effect: ${why}`);
  }
  const languages = languagesOf(lastOf(options, "inst-langs", "instLangs"), faults);
  return {
    documentation: !has(options, "excludedocs"),
    recommends: !has(options, "exclude-weakdeps", "excludeWeakdeps"),
    ...(has(options, "ignoremissing") ? { ignoreMissing: true } : {}),
    nocore: has(options, "nocore"),
    ...(languages ? { languages } : {}),
  };
}

/** Parts of rpm's `%_install_langs`, with colons or commas between them. */
function languagesOf(value: Value | undefined, faults: Faults): readonly string[] | undefined {
  if (!value) return undefined;
  const { text, position } = value;
  const parts = text.split(/[:,]/).filter((one) => one !== "");
  return parts.flatMap((part) => checkedValue({ text: part, position }, parseLanguage, faults) ?? []);
}

interface Reading {
  readonly chosen: Map<string, PackageRequest>;
  readonly faults: Faults;
}

function readLine(text: string, position: Position, { chosen, faults }: Reading): void {
  const exclude = text.startsWith("-");
  const written = exclude ? text.slice(1).trim() : text;
  const read = written.startsWith("@") ? readGroup : readName;
  const request = read(written, { exclude, position, faults });
  if (request === undefined) return;
  // An environment or group that is taken back is as if nobody had named it; another may bring the group all the same.
  const isKnown = chosen.delete(request);
  if (request.startsWith("@^") && exclude) {
    if (!isKnown) faults.warn(position, `"${text}" has no effect: the environment is not asked for`);
    return;
  }
  // There is one environment: a later one takes the place of an earlier one.
  if (request.startsWith("@^")) for (const one of [...chosen.keys()]) if (one.startsWith("@^")) chosen.delete(one);
  chosen.set(request, { request, exclude, position });
}

interface ReadOne {
  readonly exclude: boolean;
  readonly position: Position;
  readonly faults: Faults;
}

/** As recipes have it; what is asked for may have a version. */
function readName(name: string, { exclude, position, faults }: ReadOne): string | undefined {
  // A backslash before a "*" keeps it from a shell; here there is none, and no package has it in its name.
  const plain = name.replaceAll(/\\(?=[*?[])/g, "");
  const read = requestIn(exclude ? `!${plain}` : plain);
  if (read === undefined) {
    const several = /\s/.test(name) ? "Write each package in a line of its own." : undefined;
    faults.unknown(position, `Cannot read "${name.slice(0, 80)}": it is no name of a package`, several);
  } else if (plain !== name) faults.warn(position, `"${name}" is taken as "${plain}"`);
  return read;
}

function requestIn(text: string): string | undefined {
  try {
    return text.length > 512 ? undefined : parsePackageRequest(text).request;
  } catch {
    return undefined;
  }
}

/** `@core`, `@^minimal-environment`, `@nodejs:18/common`, `@xfce-desktop --nodefaults`. */
function readGroup(text: string, { position, faults }: ReadOne): string | undefined {
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    text: word,
    column: position.column + index,
  }));
  const options = readOptions(words, {
    name: "a group",
    position,
    form: formOfGroup(),
    faults,
  });
  const name = options?.words.map((word) => word.text).join(" ") ?? "";
  if (!options || requestIn(name) === undefined) {
    faults.unknown(
      position,
      `Cannot read "${text}": it is no name of a group`,
      'Write it as in "@core" or "@^minimal-environment".',
    );
    return undefined;
  }
  if (has(options, "nodefaults"))
    faults.warn(position, `--nodefaults has no effect: "${name}" comes with its default packages`);
  if (has(options, "optional"))
    faults.warn(position, `--optional has no effect: "${name}" comes without its optional packages`);
  return name;
}
