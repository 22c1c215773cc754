// Scripts of apk packages of which every line is known: they make system accounts and list login shells. Most scripts of Alpine
// are so. A script with any other line is left alone as a whole, and told as one that did not run.
import { installOrder } from "../../packages/apk/install-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import { type AccountFiles, addAccount, addGroup } from "./busybox-accounts.ts";
import type { Effect, EffectContext, EffectResult } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

const scripts: readonly string[] = [".pre-install", ".post-install"];

export const apkScripts: Effect = {
  name: "apk-scripts",
  summary: "makes the accounts and lists the shells that packages of Alpine ask for",
  covers: [],
  apply,
};

type Command = readonly [name: string, ...words: string[]];

function apply(context: EffectContext): EffectResult {
  const covered: { package: string; script: string }[] = [];
  const accounts = readAccounts(context);
  const shells: string[] = [];
  for (const { name, control } of inOrder(context)) {
    for (const script of scripts) {
      const member = control.find((one) => one.name === script);
      const commands = member && parseScript(Buffer.from(member.bytes).toString("utf8"));
      if (commands === undefined) continue;
      covered.push({ package: name, script });
      for (const [command, ...words] of commands) {
        // Where there are no accounts BusyBox can add none, and scripts do not mind.
        if (command === "addgroup" && accounts !== undefined) addGroup(accounts, words);
        if (command === "adduser" && accounts !== undefined) addAccount(accounts, words, context.epoch);
        if (command === "add-shell") shells.push(...words);
      }
    }
  }
  return { files: [...accountFiles(context, accounts), ...shellsFile(context, shells)], removed: [], covered };
}

function inOrder({ packages }: EffectContext): EffectContext["packages"] {
  return installOrder(
    packages.filter(({ control }) => control.some((one) => one.name === ".PKGINFO")),
    [],
  );
}

/** Commands of a script; `undefined` when any of its lines is another. */
function parseScript(text: string): readonly Command[] | undefined {
  const commands: Command[] = [];
  for (const line of text.split("\n")) {
    const plain = line.replace(/^\s*#.*/, "").trim();
    if (plain === "" || /^(?:exit 0|set -e|:)$/.test(plain)) continue;
    if (installsBusybox.test(plain)) continue;
    const words = wordsOf(
      plain.replace(/\s*(?:(?:[12]|&)?>\s*\/dev\/null|2>&1|\|\| *(?:true|:|exit [01]))(?=\s|$)/g, ""),
    );
    const [command] = words ?? [];
    if (words === undefined || command === undefined || !isKnown(command, words)) return undefined;
    commands.push(words as unknown as Command);
  }
  return commands;
}

/** A colon would be another field of the file that it goes into, and BusyBox refuses it. */
function isKnown(command: string, words: readonly string[]): boolean {
  if (command === "add-shell") return words.every((word) => /^[\w./-]+$/.test(word));
  return (command === "addgroup" || command === "adduser") && !words.some((word) => word.includes(":"));
}

/** What `busybox-links` does. */
const installsBusybox = /^\/bin\/busybox (?:mkdir -p(?: "[\w/]+")+|--install -s \|\| exit 1)$/;

/** Words of a command without any expansion; quotes are taken off. `undefined` when the shell would do more. */
function wordsOf(command: string): readonly string[] | undefined {
  const words: string[] = [];
  const word = /\s*(?:"([^"$`\\]*)"|'([^']*)'|([\w./:,@%+=-]+))(?=\s|$)/y;
  while (word.lastIndex < command.length) {
    const found = word.exec(command);
    if (found === null) return undefined;
    words.push(found[1] ?? found[2] ?? found[3] ?? "");
  }
  return words;
}

function readAccounts(context: EffectContext): AccountFiles | undefined {
  const [passwd, group, shadow] = ["etc/passwd", "etc/group", "etc/shadow"].map((path) => readText(context, path));
  if (passwd === undefined || group === undefined) return undefined;
  return { passwd: linesOf(passwd), group: linesOf(group), shadow: shadow === undefined ? undefined : linesOf(shadow) };
}

const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Those that changed, with the owner and mode that they had. */
function accountFiles(
  { tree, ...context }: EffectContext,
  accounts: AccountFiles | undefined,
): readonly GeneratedFile[] {
  const all = Object.entries(accounts ?? {}) as readonly (readonly [string, readonly string[] | undefined])[];
  return all.flatMap(([name, lines]) => {
    const path = `etc/${name}`;
    const entry = tree.get(path)?.entry;
    if (lines === undefined || entry === undefined) return [];
    if (textOf(lines) === textOf(linesOf(readText({ tree, ...context }, path) ?? ""))) return [];
    const { mode, uid, gid } = entry;
    return [{ kind: "file", path, mode, uid, gid, bytes: Buffer.from(textOf(lines)) }];
  });
}

/** add-shell(8): each once, at the end. */
function shellsFile(context: EffectContext, added: readonly string[]): readonly GeneratedFile[] {
  const listed = linesOf(readText(context, "etc/shells") ?? "");
  const lines = [...new Set([...listed, ...added])];
  return lines.length === listed.length ? [] : [textFile("etc/shells", textOf(lines))];
}
