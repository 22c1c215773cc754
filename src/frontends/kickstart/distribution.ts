// Which distribution and release a kickstart is of: nothing in it says so, and much of it shows it.
import type { Position } from "../../core/dodai-error.ts";
import type { Recipe } from "../../core/recipe.ts";
import { parseDistribution } from "../native/values.ts";
import type { Faults } from "./faults.ts";
import type { Address } from "./repositories.ts";
import type { Statements } from "./statements.ts";

interface Fact {
  readonly name: string;
  readonly release?: string;
  /** For people: `"http://..."`. */
  readonly from: string;
  readonly position: Position;
}

export interface FindDistribution {
  readonly statements: Statements;
  readonly addresses: readonly Address[];
  readonly requests: Recipe["packages"];
  readonly faults: Faults;
  /** What the person says: `centos:7`. */
  readonly distro?: string;
  readonly start: Position;
  /** Whether nothing else is wrong: what would show the distribution may be what is wrong. */
  readonly isSound: boolean;
}

/** `undefined` when it cannot be known, with the fault told. Throws RECIPE_SYNTAX for a `distro` that is none. */
export function findDistribution(options: FindDistribution): Recipe["distribution"] | undefined {
  const { statements, addresses, requests, faults, distro, start, isSound } = options;
  if (distro !== undefined) return parseDistribution(distro);
  const own = [...addresses.flatMap(factsOfAddress), ...requests.flatMap(factsOfPackage)];
  const version = releaseOfVersion(own[0]?.name, statements.version);
  const isOpen = own.every(({ release }) => release === undefined) && version === undefined;
  const named = isOpen ? factOfName(start).filter(({ name }) => own.every((one) => one.name === name)) : [];
  const facts = [...own, ...named];
  const [first] = facts;
  if (!first && !isSound) return undefined;
  if (!first)
    return unknown(start, "nothing in it shows the distribution: no address of one, no package with its release");
  const other = facts.find(({ name }) => name !== first.name);
  if (other) return unknown(other.position, `${first.from} is of ${first.name}, and ${other.from} of ${other.name}`);
  const releases = facts.filter(({ release }) => release !== undefined);
  const [known] = releases;
  const second = releases.find(({ release }) => release !== known?.release);
  if (known && second) {
    return unknown(
      second.position,
      `${known.from} is of release ${known.release}, and ${second.from} of ${second.release}`,
    );
  }
  const release = known?.release ?? version;
  if (release === undefined)
    return unknown(first.position, `${first.from} is of ${first.name}, and nothing shows the release`, first.name);
  for (const { from, position } of named)
    faults.warn(position, `taken as ${first.name}:${release} by ${from}; --distro says it better`);
  return { name: first.name, release, position: (known ?? first).position };

  function unknown(where: Position, state: string, name?: string): undefined {
    const fix = name === undefined ? '--distro NAME:RELEASE, as in "--distro centos:7"' : `--distro ${name}:RELEASE`;
    faults.broken(where, `Cannot tell the distribution: ${state}`, `Say it with ${fix}.`);
    return undefined;
  }
}

const variable = /\$\{?releasever\}?/;

/** Addresses of trees and lists of mirrors; the first group is the release. */
const addressForms: readonly {
  readonly name: string;
  readonly form: RegExp;
  readonly release?: (text: string) => string;
}[] = [
  {
    name: "centos",
    form: /\/(?:centos|centos-stream)\/(?:SIGs\/)?(\d+)-stream\//i,
    release: (number) => `stream${number}`,
  },
  {
    name: "centos",
    form: /\/\/mirror\.stream\.centos\.org\/(?:SIGs\/)?(\d+)-stream\//i,
    release: (number) => `stream${number}`,
  },
  { name: "centos", form: /[?&]repo=centos-[\w-]+-(\d+)-stream\b/i, release: (number) => `stream${number}` },
  { name: "centos", form: /\/centos\/(\$\{?releasever\}?|\d+)(?:\.[\d.]+)?\//i },
  { name: "centos", form: /\/altarch\/(\$\{?releasever\}?|\d+)(?:\.[\d.]+)?\//i },
  { name: "centos", form: /\/\/vault\.centos\.org\/(\d+)(?:\.[\d.]+)?\// },
  { name: "centos", form: /\/\/mirrorlist\.centos\.org\/.*[?&]release=(\$\{?releasever\}?|\d+)/ },
  { name: "rockylinux", form: /\/rocky(?:linux)?\/(\$\{?releasever\}?|\d+)(?:\.\d+)?\//i },
  { name: "rockylinux", form: /[?&]repo=rocky-[\w-]+-(\$\{?releasever\}?|\d+)/i },
  { name: "almalinux", form: /\/almalinux\/(\$\{?releasever\}?|\d+)(?:\.\d+)?\//i },
  { name: "almalinux", form: /\/\/mirrors\.almalinux\.org\/mirrorlist\/(\$\{?releasever\}?|\d+)/i },
  {
    name: "fedora",
    form: /\/fedora\/(?:linux\/)?(?:releases|development|updates)\/(?:test(?:ing)?\/)?(\$\{?releasever\}?|\d+|rawhide)\//i,
  },
  { name: "fedora", form: /[?&]repo=(?:fedora-(?!cisco)|updates-(?:released|testing)-f)(\$\{?releasever\}?|\d+)/i },
  { name: "fedora", form: /[?&]repo=(rawhide)\b/i },
];

function factsOfAddress({ text, position }: Address): readonly Fact[] {
  if (/\/epel\/|[?&]repo=epel/i.test(text)) return [];
  for (const { name, form, release = (found: string): string => found } of addressForms) {
    const [, found] = form.exec(`${text}/`) ?? [];
    if (found === undefined) continue;
    const from = `"${text}"`;
    return [variable.test(found) ? { name, from, position } : { name, release: release(found), from, position }];
  }
  return [];
}

/** Packages that hold /etc/os-release. */
const releasePackages: readonly { readonly name: string; readonly form: RegExp; readonly release?: string }[] = [
  { name: "centos", form: /^centos-(?:stream-|linux-)?release$/ },
  { name: "rockylinux", form: /^rocky-release$/ },
  { name: "almalinux", form: /^almalinux-release$/ },
  { name: "fedora", form: /^fedora-release(?:-[a-z-]+)?$/ },
];

function factsOfPackage({ request, exclude, position }: Recipe["packages"][number]): readonly Fact[] {
  if (exclude || !position) return [];
  const found = releasePackages.find(({ form }) => form.test(request));
  return found ? [{ name: found.name, from: `package "${request}"`, position }] : [];
}

/** `Rocky-9-Container-Base.ks`: the last resort. */
function factOfName(position: Position): readonly Fact[] {
  const file = position.file.replace(/^.*\//, "");
  const forms = {
    centos: /centos[-_]?(stream)?[-_]?(\d+)/i,
    rockylinux: /rocky(?:linux)?[-_]?()(\d+)/i,
    almalinux: /alma(?:linux)?[-_]?()(\d+)/i,
    fedora: /fedora[-_]?()(\d+)/i,
  };
  return Object.entries(forms).flatMap(([name, form]): readonly Fact[] => {
    const [, stream = "", number] = form.exec(file) ?? [];
    return number === undefined
      ? []
      : [{ name, release: `${stream.toLowerCase()}${number}`, from: `the name of the file, "${file}"`, position }];
  });
}

/** Of a `#version=`, which is the installer's: `RHEL9` and `F43`. */
function releaseOfVersion(name: string | undefined, version = ""): string | undefined {
  const [, family, number = ""] = /^(RHEL|F)(\d+)$/.exec(version) ?? [];
  if (family === undefined || name === undefined || (family === "F") !== (name === "fedora")) return undefined;
  return name === "centos" && Number(number) >= 9 ? `stream${number}` : number;
}
