// debconf's database: every package whose script asks something registers its questions, and where nobody answers the
// answers are the defaults. Written as debconf writes it (Debconf::Format::822), item by item in the order of names.
import { compareBytes } from "../../core/byte-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { parseTemplates, type Template } from "./debconf-templates.ts";
import { profilesOf } from "./pam-profiles.ts";

const folder = "var/cache/debconf";

/** In the order in which they are configured: of two that ask the same, the later one's words are kept. */
const askers: readonly { readonly name: string; readonly scripts: readonly ("preinst" | "postinst")[] }[] = [
  { name: "base-passwd", scripts: ["postinst"] },
  { name: "debconf", scripts: ["postinst"] },
  { name: "libpam-modules", scripts: ["preinst"] },
  { name: "libc6", scripts: ["preinst", "postinst"] },
  { name: "libpam0g", scripts: ["postinst"] },
  { name: "libpam-runtime", scripts: ["postinst"] },
  { name: "tzdata", scripts: ["postinst"] },
];

export const debconf: Effect = {
  name: "debconf",
  summary: "registers questions and default answers in debconf's database",
  covers: askers.map(({ name, scripts }) => ({ package: name, scripts })),
  apply,
};

interface Answer {
  readonly value: string;
  readonly seen?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
}

function apply(context: EffectContext): EffectResult {
  if (!context.packages.some(({ name }) => name === "debconf")) return { files: [], removed: [] };
  const templates = new Map<string, Template>();
  const owners = new Map<string, string[]>();
  for (const asker of askers) {
    for (const template of templatesOf(asker.name, context)) {
      templates.set(template.name, template);
      owners.set(template.name, [...(owners.get(template.name) ?? []), ...ownersOf(asker, context)]);
    }
  }
  const sorted = [...templates.values()].sort((a, b) => compareBytes(a.name, b.name));
  const answers = answersOf(templates, context);
  return {
    files: [
      database("templates.dat", [...itemsBelow(context, "templates.dat", templates), ...sorted.map(formatTemplate)]),
      database("config.dat", [
        ...itemsBelow(context, "config.dat", templates),
        ...sorted.map(({ name }) => formatQuestion(name, owners.get(name) ?? [], answers.get(name))),
      ]),
      { ...database("passwords.dat", []), mode: 0o600 },
    ],
    removed: [],
  };
}

function templatesOf(name: string, { packages }: EffectContext): readonly Template[] {
  const member = packages.find((one) => one.name === name)?.control.find((one) => one.name === "templates");
  return member ? parseTemplates(Buffer.from(member.bytes).toString("latin1")) : [];
}

/** A preinst is called after its package, a postinst after its file, which may have an architecture. */
function ownersOf({ name, scripts }: (typeof askers)[number], { packages }: EffectContext): readonly string[] {
  const control = packages.find((one) => one.name === name)?.control.find((one) => one.name === "control");
  const text = Buffer.from(control?.bytes ?? []).toString("latin1");
  const architecture = /^Architecture: (\S+)$/m.exec(text)?.[1] ?? "";
  const file = /^Multi-Arch: same$/m.test(text) ? `${name}:${architecture}` : name;
  return scripts.map((script) => (script === "preinst" ? name : file));
}

/** What scripts set on a fresh system that asks nobody. */
function answersOf(templates: ReadonlyMap<string, Template>, context: EffectContext): ReadonlyMap<string, Answer> {
  const profiles = profilesOf(context);
  const enabled = profiles.filter(({ fields }) => fields.get("Default") === "yes");
  const usual = (name: string): Answer => ({ value: templates.get(name)?.fields.get("default") ?? "" });
  return new Map<string, Answer>([
    ["debconf/frontend", usual("debconf/frontend")],
    ["debconf/priority", usual("debconf/priority")],
    ["libpam-runtime/override", { value: "false" }],
    [
      "libpam-runtime/profiles",
      {
        value: enabled.map(({ name }) => name).join(", "),
        variables: {
          profile_names: profiles.map(({ name }) => name).join(", "),
          profiles: profiles.map(({ fields }) => fields.get("Name") ?? "").join(", "),
        },
      },
    ],
    ["tzdata/Areas", { value: "Etc", seen: true }],
    ["tzdata/Zones/Etc", { value: "UTC", seen: true }],
  ]);
}

function formatTemplate({ name, fields }: Template): string {
  const lines = [...fields]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([field, value]) => `${field.charAt(0).toUpperCase()}${field.slice(1)}: ${oneLine(value)}\n`);
  return `Name: ${name}\n${lines.join("")}Owners: ${name}\n\n`;
}

function formatQuestion(name: string, owners: readonly string[], answer: Answer | undefined): string {
  const variables = Object.entries(answer?.variables ?? {}).map(([key, value]) => ` ${key} = ${oneLine(value)}\n`);
  return [
    `Name: ${name}\nTemplate: ${name}\n`,
    answer ? `Value: ${oneLine(answer.value)}\n` : "",
    `Owners: ${[...new Set(owners)].sort(compareBytes).join(", ")}\n`,
    answer?.seen ? "Flags: seen\n" : "",
    variables.length > 0 ? `Variables:\n${variables.join("")}` : "",
    "\n",
  ].join("");
}

/** Items begin with `Name: `, in whose order debconf writes them. */
const byName = (a: string, b: string): number => compareBytes(nameIn(a), nameIn(b));
const nameIn = (item: string): string => item.slice(0, item.indexOf("\n"));

const oneLine = (text: string): string => text.replaceAll("\n", "\\n");

/** What the image below has registered, but for what is registered anew. */
function itemsBelow(context: EffectContext, name: string, templates: ReadonlyMap<string, Template>): readonly string[] {
  const path = `${folder}/${name}`;
  if (context.tree.get(path)?.entry.kind !== "file") return [];
  return Buffer.from(context.read(path))
    .toString("latin1")
    .split(/\n{2,}/)
    .filter((item) => item !== "" && !templates.has(/^Name: (.*)$/m.exec(item)?.[1] ?? ""))
    .map((item) => `${item.replace(/\n$/, "")}\n\n`);
}

function database(name: string, items: readonly string[]): GeneratedFile & { readonly kind: "file" } {
  const bytes = Buffer.from([...items].sort(byName).join(""), "latin1");
  return { kind: "file", path: `${folder}/${name}`, mode: 0o644, bytes };
}
