// What BusyBox's addgroup and adduser do to passwd(5), group(5) and shadow(5) (BusyBox loginutils, with the options that
// packages use). Homes are not made: packages say -H, or ship theirs.

/** Lines of the three files, changed in place. */
export interface AccountFiles {
  readonly passwd: string[];
  readonly group: string[];
  readonly shadow: string[] | undefined;
}

/** The first and last numbers that are given to the system's own, and to people's (BusyBox, FIRST_SYSTEM_ID). */
const systemIds = [100, 999] as const;
const ordinaryIds = [1000, 59999] as const;
const NOGROUP = "65533";
const SECONDS_A_DAY = 86_400;

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly names: readonly string[];
}

/** `addgroup [-S] [-g GID] GROUP`, or `addgroup USER GROUP`. */
export function addGroup(files: AccountFiles, words: readonly string[]): void {
  const { flags, values, names } = optionsOf(words, "g");
  const [first, second] = names;
  if (first === undefined) return;
  if (second !== undefined) {
    addMember(files, first, second);
    return;
  }
  const gid = values.get("g") ?? freeId(flags.has("S") ? systemIds : ordinaryIds, [files.group], 2);
  const isTaken = files.group.some((line) => fieldOf(line, 0) === first || fieldOf(line, 2) === gid);
  if (!isTaken) files.group.push(`${first}:x:${gid}:`);
}

/** `adduser [-S] [-D] [-H] [-u UID] [-G GROUP] [-h HOME] [-s SHELL] [-g GECOS] USER`, or `adduser USER GROUP`. */
export function addAccount(files: AccountFiles, words: readonly string[], epoch: number): void {
  const { flags, values, names } = optionsOf(words, "uGhsgk");
  const [name, group] = names;
  if (name === undefined) return;
  if (group !== undefined) {
    addMember(files, name, group);
    return;
  }
  if (files.passwd.some((line) => fieldOf(line, 0) === name)) return;
  const isSystem = flags.has("S");
  const wantedGroup = values.get("G");
  if (wantedGroup === undefined && !isSystem) addGroup(files, [name]);
  const ownGroup = isSystem ? groupOfId(files, NOGROUP) : name;
  const named = wantedGroup ?? ownGroup ?? "";
  const gid = files.group.map((line) => (fieldOf(line, 0) === named ? fieldOf(line, 2) : undefined)).find(Boolean);
  if (gid === undefined) return;
  const uid = values.get("u") ?? freeId(isSystem ? systemIds : ordinaryIds, [files.passwd], 2);
  const gecos = values.get("g") ?? "Linux User,,,";
  const home = values.get("h") ?? `/home/${name}`;
  const shell = values.get("s") ?? (isSystem ? "/sbin/nologin" : "/bin/sh");
  files.passwd.push([name, "x", uid, gid, gecos, home, shell].join(":"));
  files.shadow?.push(`${name}:!:${Math.floor(epoch / SECONDS_A_DAY)}:0:99999:7:::`);
  if (isSystem || wantedGroup !== undefined) addMember(files, name, named);
}

function addMember({ group }: AccountFiles, user: string, name: string): void {
  const at = group.findIndex((line) => fieldOf(line, 0) === name);
  const line = group[at];
  if (line === undefined) return;
  const members = (fieldOf(line, 3) ?? "").split(",").filter((one) => one !== "");
  if (members.includes(user)) return;
  group[at] = [...line.split(":").slice(0, 3), [...members, user].join(",")].join(":");
}

const groupOfId = ({ group }: AccountFiles, gid: string): string | undefined => {
  const found = group.find((line) => fieldOf(line, 2) === gid);
  return found === undefined ? undefined : fieldOf(found, 0);
};

function freeId([from, to]: readonly [number, number], files: readonly (readonly string[])[], field: number): string {
  const taken = new Set(files.flat().map((line) => Number(fieldOf(line, field))));
  for (let id = from; id <= to; id++) if (!taken.has(id)) return String(id);
  return String(to);
}

const fieldOf = (line: string, at: number): string | undefined => line.split(":")[at];

/** getopt(3): flags may stand together, and a value may stand right behind its flag. */
function optionsOf(words: readonly string[], withValue: string): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const names: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || word === "-") {
      names.push(word);
      continue;
    }
    for (let letter = 1; letter < word.length; letter++) {
      const flag = word.charAt(letter);
      if (!withValue.includes(flag)) {
        flags.add(flag);
        continue;
      }
      const rest = word.slice(letter + 1);
      values.set(flag, rest === "" ? (words[++at] ?? "") : rest);
      break;
    }
  }
  return { flags, values, names };
}
