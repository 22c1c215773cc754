// systemd-sysusers(8): accounts that packages describe in sysusers.d(5). Lines have a type, a name, a number, a description, a home
// and a shell.
import { compareBytes } from "../../core/byte-order.ts";
import type { RootFiles } from "./root-files.ts";
import type { Call } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

const SECONDS_A_DAY = 86_400;
/** The system's own numbers, given from the top. */
const [FIRST, LAST] = [100, 999];
const NO_SHELL = "/usr/sbin/nologin";

interface Wanted {
  readonly kind: "u" | "g" | "m";
  readonly name: string;
  /** Of `m` the group, else a number, `USER:GROUP`, or "-". */
  readonly id: string;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

export function sysusers({ words, files, input }: Call, epoch: number): number {
  const { rest, has } = optionsOf(words, { flags: ["inline"], values: [] });
  const text = has.has("inline") ? rest.join("\n") : rest.includes("-") ? input : textOf(files, chosen(files, rest));
  const lines = text.split("\n").flatMap(parseLine);
  const accounts = openAccounts(files, epoch);
  for (const one of lines)
    if (one.kind === "g" && !accounts.has("group", one.name)) accounts.addGroup(one.name, one.id);
  for (const one of lines) if (one.kind === "m" && !accounts.has("group", one.id)) accounts.addGroup(one.id, "-");
  for (const one of lines) if (one.kind === "u" && !accounts.has("passwd", one.name)) accounts.addUser(one);
  for (const one of lines) if (one.kind === "m") accounts.addMember(one.name, one.id);
  return accounts.write();
}

/** Files that are named, or all; one in /etc takes the place of one of its name in /usr. */
function chosen(files: RootFiles, names: readonly string[]): readonly string[] {
  const folders = ["/etc/sysusers.d", "/run/sysusers.d", "/usr/lib/sysusers.d"];
  const byName = new Map<string, string>();
  for (const folder of folders)
    for (const name of files.names(folder))
      if (name.endsWith(".conf") && !byName.has(name)) byName.set(name, `${folder}/${name}`);
  if (names.length === 0) return [...byName].sort(([a], [b]) => compareBytes(a, b)).map(([, path]) => path);
  return names.flatMap((name) => (name.startsWith("/") ? [name] : (byName.get(name) ?? [])));
}

const textOf = (files: RootFiles, paths: readonly string[]): string =>
  paths.map((path) => `${Buffer.from(files.read(path) ?? new Uint8Array()).toString("latin1")}\n`).join("");

function parseLine(line: string): readonly Wanted[] {
  if (/^\s*(?:#|$)/.test(line)) return [];
  const fields = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? plain);
  const [kind = "", name = "", id = "-", comment = "-", home = "-", shell = "-"] = fields;
  if (line.includes("%") || line.includes("\\") || !/^[ugm]$/.test(kind) || !/^[A-Za-z_][\w-]{0,30}$/.test(name))
    throw notUnderstood(`the line "${line}" of sysusers.d`);
  return [{ kind: kind as Wanted["kind"], name, id, comment, home, shell }];
}

type File = "passwd" | "group" | "shadow" | "gshadow";

interface Accounts {
  has(file: "passwd" | "group", name: string): boolean;
  addGroup(name: string, id: string): number;
  addUser(wanted: Wanted): void;
  addMember(user: string, group: string): void;
  write(): number;
}

function openAccounts(files: RootFiles, epoch: number): Accounts {
  const read = (file: File): string[] =>
    Buffer.from(files.read(`/etc/${file}`) ?? new Uint8Array())
      .toString("latin1")
      .split("\n")
      .filter((line) => line !== "");
  const lines: Readonly<Record<File, string[]>> = {
    passwd: read("passwd"),
    group: read("group"),
    shadow: read("shadow"),
    gshadow: read("gshadow"),
  };
  const before = new Map(Object.entries(lines).map(([file, all]) => [file, all.join("\n")]));
  const find = (file: File, name: string): string[] | undefined =>
    lines[file].find((line) => line.startsWith(`${name}:`))?.split(":");
  const idsOf = (file: File): ReadonlySet<number> => new Set(lines[file].map((line) => Number(line.split(":")[2])));
  const freeId = (): number => {
    const taken = new Set([...idsOf("passwd"), ...idsOf("group")]);
    for (let id = LAST; id >= FIRST; id--) if (!taken.has(id)) return id;
    throw notUnderstood("a number that is free");
  };
  const numberOf = (id: string, file: "passwd" | "group"): number => {
    if (id === "-") return freeId();
    if (!/^\d{1,9}$/.test(id)) throw notUnderstood(`the number ${id} of sysusers.d`);
    return idsOf(file).has(Number(id)) ? freeId() : Number(id);
  };
  const addGroup = (name: string, id: string): number => {
    const gid = numberOf(id, "group");
    lines.group.push(`${name}:x:${gid}:`);
    lines.gshadow.push(`${name}:!*::`);
    return gid;
  };
  const addUser = ({ name, id, comment, home, shell }: Wanted): void => {
    const [uidText = "-", groupText] = id.split(":");
    const own = find("group", groupText !== undefined && !/^\d+$/.test(groupText) ? groupText : name);
    if (groupText !== undefined && (own === undefined || /^\d+$/.test(groupText)))
      throw notUnderstood(`the group of ${name}`);
    const known = own === undefined ? undefined : Number(own[2]);
    const isFree = known !== undefined && !idsOf("passwd").has(known);
    const uid = uidText === "-" && isFree && groupText === undefined ? known : numberOf(uidText, "passwd");
    const gid = known ?? addGroup(name, idsOf("group").has(uid) ? "-" : String(uid));
    const plain = (text: string, usual: string): string => (text === "-" || text === "" ? usual : text);
    const shown = plain(shell, uid === 0 ? "/bin/sh" : NO_SHELL);
    lines.passwd.push([name, "x", uid, gid, plain(comment, ""), plain(home, "/"), shown].join(":"));
    lines.shadow.push(`${name}:!*:${Math.floor(epoch / SECONDS_A_DAY)}::::::`);
  };
  return {
    has: (file, name) => find(file, name) !== undefined,
    addGroup,
    addUser,
    addMember: (user, group) => {
      if (!find("passwd", user)) throw notUnderstood(`the account ${user}`);
      for (const file of ["group", "gshadow"] as const) {
        lines[file].forEach((line, at) => {
          const fields = line.split(":");
          const members = (fields[3] ?? "").split(",").filter((one) => one !== "");
          if (fields[0] === group && !members.includes(user))
            lines[file][at] = fields.with(3, [...members, user].join(",")).join(":");
        });
      }
    },
    write: () => {
      for (const file of ["passwd", "group", "shadow", "gshadow"] as const) {
        const text = lines[file].join("\n");
        if (text === before.get(file)) continue;
        if (!files.stat("/etc/.pwd.lock")) {
          files.write("/etc/.pwd.lock", new Uint8Array());
          files.change("/etc/.pwd.lock", { mode: 0o600 });
        }
        const path = `/etc/${file}`;
        const [old, entry] = [files.read(path), files.stat(path)];
        if (old && entry) {
          files.write(`${path}-`, old);
          files.change(`${path}-`, { mode: entry.mode, uid: entry.uid, gid: entry.gid });
        }
        if (!files.write(path, Buffer.from(`${text}\n`, "latin1"))) return 1;
        if (!entry && file.endsWith("shadow")) files.change(path, { mode: 0 });
      }
      return 0;
    },
  };
}
