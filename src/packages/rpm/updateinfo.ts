// updateinfo.xml: advisories, each with the packages that it is for. Those of all that a distribution ever fixed are many: only
// what speaks of packages that are asked for is kept.
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Advisory, NamedPackage } from "../contract.ts";
import { formatEvr } from "./version.ts";
import { type Attributes, readXml } from "./xml.ts";

/** Of all advisories that are kept: far above those of the largest image. */
const MAX_CHARACTERS = 32 << 20;
/** Of one advisory: kernels have a thousand and more. */
const MAX_CVES = 100_000;

interface UpdateinfoOptions {
  readonly what: string;
  readonly maxBytes: number;
  readonly packages: readonly NamedPackage[];
}

interface Draft {
  id: string;
  readonly type: string;
  severity: string | undefined;
  title: string;
  issued: Date | undefined;
  readonly cves: Set<string>;
  readonly packages: Set<NamedPackage>;
}

/** Advisories for any of the packages, in the file's order, each with those of them that it names. Throws INDEX_SYNTAX. */
export async function readUpdateinfo(bytes: Bytes, options: UpdateinfoOptions): Promise<readonly Advisory[]> {
  const wanted = new Map(options.packages.map((one) => [fullName(one), one]));
  const advisories: Advisory[] = [];
  let draft: Draft | undefined;
  let characters = 0;
  await readXml(
    bytes,
    {
      open(name, attributes) {
        if (name === "update") draft = startDraft(attributes);
        else if (draft) openIn(draft, { name, attributes, wanted });
        if (draft && draft.cves.size > MAX_CVES) throw fault(options, "an advisory in it names endlessly many CVEs");
      },
      close(name, text) {
        if (!draft) return;
        if (name !== "update") {
          closeIn(draft, name, oneLine(text));
          return;
        }
        if (draft.packages.size > 0) {
          characters += lengthOf(draft);
          if (draft.id === "") throw fault(options, "an advisory in it has no id");
          if (characters > MAX_CHARACTERS) throw fault(options, "it says endlessly much of packages that were chosen");
          advisories.push({ ...draft, cves: [...draft.cves].sort(), packages: [...draft.packages] });
        }
        draft = undefined;
      },
    },
    options,
  );
  return advisories;
}

const startDraft = ({ type = "" }: Attributes): Draft => ({
  id: "",
  type: oneLine(type) || "unknown",
  severity: undefined,
  title: "",
  issued: undefined,
  cves: new Set(),
  packages: new Set(),
});

const oneLine = (text: string): string => text.trim().replaceAll(/\s+/g, " ");

interface Opened {
  readonly name: string;
  readonly attributes: Attributes;
  readonly wanted: ReadonlyMap<string, NamedPackage>;
}

function openIn(draft: Draft, { name, attributes, wanted }: Opened): void {
  if (name === "issued") draft.issued = timeOf(attributes.date);
  if (name === "reference") for (const one of cvesOf(attributes)) draft.cves.add(one);
  const found = name === "package" ? wanted.get(nameOf(attributes)) : undefined;
  if (found) draft.packages.add(found);
}

function closeIn(draft: Draft, name: string, text: string): void {
  if (name === "id") draft.id = text;
  if (name === "title") draft.title = text;
  if (name === "severity" && text !== "") draft.severity = text;
}

/** With what an advisory takes beside its texts. */
const lengthOf = ({ id, type, severity = "", title, cves }: Draft): number =>
  [id, type, severity, title, ...cves].reduce((sum, text) => sum + text.length, 64);

const fullName = ({ name, version, architecture }: NamedPackage): string => `${name}-${version}.${architecture}`;

/** `NAME-EPOCH:VERSION-RELEASE.ARCH`, without the epoch when it is 0 or not stated. */
function nameOf({ name = "", epoch = "", version = "", release = "", arch = "" }: Attributes): string {
  const evr = formatEvr(/^\d{1,10}$/.test(epoch) ? Number(epoch) : 0, version, release);
  return fullName({ name, version: evr, architecture: arch });
}

/** References of type `cve`; and CVEs that others name, as those of Fedora to its bug tracker do. */
function cvesOf({ type, id = "", title = "" }: Attributes): readonly string[] {
  const found = `${id} ${title}`.match(/\bCVE-\d{4}-\d{4,19}\b/g) ?? [];
  return type === "cve" && found.length === 0 && /^[\w.:-]{1,64}$/.test(id) ? [id] : found;
}

/** `2024-01-31 12:00:00`, which is UTC, or seconds since 1970; `undefined` for what is neither. */
function timeOf(text = ""): Date | undefined {
  const [, day, time = "00:00:00"] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d))?/.exec(text) ?? [];
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) : Number.NaN;
  const date = new Date(day === undefined ? 1000 * seconds : `${day}T${time}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const fault = ({ what }: UpdateinfoOptions, state: string): DodaiError =>
  new DodaiError("INDEX_SYNTAX", `Cannot read ${what}: ${state}`);
