// `--chown` and `--chmod`: whom files belong to, and what may be done with them.

/** A user or group as it is written: a number, or a name that the image's own passwd or group has. */
export interface WrittenOwner {
  readonly user: string;
  /** `undefined` when only a user is named: its number then is the group's too, or the user's own group. */
  readonly group: string | undefined;
}

/** `user`, `user:group`, `:group`. `undefined` for what is neither. */
export function parseOwner(text: string): WrittenOwner | undefined {
  const [user = "", group, ...others] = text.split(":");
  if (others.length > 0 || text === "") return undefined;
  return { user: user === "" ? "0" : user, group: group === "" ? undefined : group };
}

/** The id of a name in passwd(5) or group(5); a number stands for itself. `undefined` when there is none. */
export function findId(name: string, database: string): number | undefined {
  if (/^\d{1,10}$/.test(name)) return Number(name) <= 0xffff_fffe ? Number(name) : undefined;
  const row = database
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === name);
  return row && /^\d{1,10}$/.test(row[2] ?? "") ? Number(row[2]) : undefined;
}

/** The group that passwd(5) gives a user, by its name or number. */
export function findGroupOfUser(name: string, passwd: string): number | undefined {
  const rows = passwd.split("\n").map((line) => line.split(":"));
  const row = rows.find((fields) => fields[0] === name);
  return row && /^\d{1,10}$/.test(row[3] ?? "") ? Number(row[3]) : undefined;
}

export interface ModeOf {
  readonly mode: number;
  readonly isFolder: boolean;
}

/** What a mode makes of another: `0755`, or chmod(1)'s `u=rwX,go=rX`. `undefined` for what is no mode. */
export function parseMode(text: string): ((file: ModeOf) => number) | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return mode <= 0o7777 ? () => mode : undefined;
  }
  const clauses = text.split(",").map((one) => /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(one));
  if (clauses.some((one) => one === null)) return undefined;
  return (file) => {
    let { mode } = file;
    for (const clause of clauses) {
      const [, who = "", actions = ""] = clause ?? [];
      for (const [, sign = "", what = ""] of actions.matchAll(/([-+=])([^-+=]*)/g)) {
        mode = withAction({ mode, isFolder: file.isFolder }, { who, sign, what });
      }
    }
    return mode;
  };
}

const shifts: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function withAction(
  { mode, isFolder }: ModeOf,
  { who, sign, what }: { readonly who: string; readonly sign: string; readonly what: string },
): number {
  const classes = who === "" || who.includes("a") ? "ugo" : who;
  let [bits, mask] = [0, 0];
  for (const one of classes) {
    const shift = shifts[one] ?? 0;
    bits |= bitsOf(what, { mode, isFolder }) << shift;
    mask |= 7 << shift;
    if (what.includes("s") && one !== "o") bits |= one === "u" ? 0o4000 : 0o2000;
  }
  if (what.includes("t")) bits |= 0o1000;
  if (sign === "+") return mode | bits;
  if (sign === "-") return mode & ~bits;
  return (mode & ~mask) | bits;
}

function bitsOf(what: string, { mode, isFolder }: ModeOf): number {
  if (/^[ugo]$/.test(what)) return (mode >> (shifts[what] ?? 0)) & 7;
  const canRun = what.includes("x") || (what.includes("X") && (isFolder || (mode & 0o111) !== 0));
  return (what.includes("r") ? 4 : 0) | (what.includes("w") ? 2 : 0) | (canRun ? 1 : 0);
}
