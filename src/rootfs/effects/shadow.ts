// shadowconfig(8) of passwd: pwconv and grpconv move what takes the place of passwords where only root and group shadow read
// it. Accounts have no passwords yet, so no hash moves: what cannot be entered as a password stays so.
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

const shadowGroup = 42;
const secondsPerDay = 86_400;

export const shadow: Effect = {
  name: "shadow",
  summary: "makes /etc/shadow and /etc/gshadow, as shadowconfig does",
  covers: [{ package: "passwd", scripts: ["preinst", "postinst"] }],
  apply,
};

function apply(context: EffectContext): EffectResult {
  const passwd = readText(context, "etc/passwd");
  const group = readText(context, "etc/group");
  if (passwd === undefined || group === undefined || context.tree.has("etc/shadow")) return { files: [], removed: [] };
  const ages = agesOf(readText(context, "etc/login.defs") ?? "");
  const day = Math.floor(context.epoch / secondsPerDay);
  const files: readonly GeneratedFile[] = [
    textFile("etc/passwd", withPassword(passwd, "x")),
    textFile("etc/group", withPassword(group, "x")),
    textFile("etc/passwd-", passwd, 0o600),
    textFile("etc/group-", group),
    secret(
      "etc/shadow",
      mapLines(passwd, ([name, word]) => `${name}:${locked(word)}:${day}:${ages}:::`),
    ),
    secret(
      "etc/gshadow",
      mapLines(group, ([name, word, , members]) => `${name}:${locked(word)}::${members ?? ""}`),
    ),
    textFile("etc/.pwd.lock", "", 0o600),
  ];
  return { files, removed: [] };
}

function secret(path: string, text: string): GeneratedFile {
  return { kind: "file", path, mode: 0o640, gid: shadowGroup, bytes: Buffer.from(text) };
}

/** Accounts that say `x` already have a password nowhere: nobody can log in with one. */
const locked = (word: string | undefined): string => (word === undefined || word === "x" ? "!" : word);

/** PASS_MIN_DAYS, PASS_MAX_DAYS and PASS_WARN_AGE of login.defs(5), as shadow(5) has them. */
function agesOf(defs: string): string {
  const value = (name: string, usual: string): string =>
    new RegExp(`^${name}\\s+(-?\\d+)`, "m").exec(defs)?.[1] ?? usual;
  return `${value("PASS_MIN_DAYS", "0")}:${value("PASS_MAX_DAYS", "99999")}:${value("PASS_WARN_AGE", "7")}`;
}

function mapLines(text: string, format: (fields: readonly string[]) => string): string {
  return text
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => `${format(line.split(":"))}\n`)
    .join("");
}

const withPassword = (text: string, word: string): string => mapLines(text, (fields) => fields.with(1, word).join(":"));
