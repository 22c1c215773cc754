// Programs that read and print text: echo, cat, grep, sed and the like, with the options that packages' scripts give them.
import { assertShort, basicExpression, grepExpression } from "./expression.ts";
import type { Call, Program } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { optionsOf } from "./words.ts";

export const textPrograms: ReadonlyMap<string, Program> = new Map<string, Program>([
  ["cat", cat],
  ["grep", grep],
  ["egrep", (call) => grep({ ...call, words: ["-E", ...call.words] })],
  ["fgrep", (call) => grep({ ...call, words: ["-F", ...call.words] })],
  ["sed", sed],
  ["basename", ({ words: [path = "", suffix = ""] }) => printed(baseOf(path, suffix))],
  [
    "dirname",
    ({ words: [path = ""] }) => printed(path.replace(/\/*[^/]*\/*$/, "") || (path.startsWith("/") ? "/" : ".")),
  ],
  ["readlink", readlink],
  ["sort", sort],
]);

export function echo({ words }: Call): { readonly status: number; readonly output: string } {
  const isBare = words[0] === "-n";
  const rest = isBare ? words.slice(1) : words;
  // dash and bash differ in what they do with these.
  if (/^-[eE]/.test(rest[0] ?? "") || rest.some((word) => word.includes("\\")))
    throw notUnderstood("echo with escapes");
  return { status: 0, output: rest.join(" ") + (isBare ? "" : "\n") };
}

export function printf({ words: [format = "", ...values] }: Call): {
  readonly status: number;
  readonly output: string;
} {
  if (/%(?![s%])/.test(format) || /\\(?![nt\\])/.test(format)) throw notUnderstood("a format of printf");
  const count = (format.match(/%s/g) ?? []).length;
  let output = "";
  const rest = [...values];
  do {
    output += format.replace(/%s|%%|\\[nt\\]/g, (one) => (one === "%s" ? (rest.shift() ?? "") : (escapes[one] ?? one)));
  } while (count > 0 && rest.length > 0);
  return { status: 0, output };
}

const escapes: Readonly<Record<string, string>> = { "%%": "%", "\\n": "\n", "\\t": "\t", "\\\\": "\\" };

const printed = (line: string): { readonly status: number; readonly output: string } => ({
  status: 0,
  output: `${line}\n`,
});

function baseOf(path: string, suffix: string): string {
  const name = path.replace(/\/+$/, "").replace(/^.*\//s, "");
  return suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

/** Text of the named files, or of the input. `undefined` for one that cannot be read. */
function texts({ files, input }: Call, paths: readonly string[]): readonly (string | undefined)[] {
  if (paths.length === 0) return [input];
  return paths.map((path) => {
    if (path === "-") return input;
    if (path === "/dev/null") return "";
    const bytes = files.read(path);
    return bytes && Buffer.from(bytes).toString("latin1");
  });
}

function cat(call: Call): { readonly status: number; readonly output: string } {
  const all = texts(call, optionsOf(call.words, { flags: [], values: [] }).rest);
  return { status: all.includes(undefined) ? 1 : 0, output: all.join("") };
}

function readlink({ words, files }: Call): number | { readonly status: number; readonly output: string } {
  const { has, rest } = optionsOf(words, { flags: ["f", "e", "m"], values: [] });
  const [path = ""] = rest;
  if (has.size > 0) {
    const place = files.real(path);
    return place === undefined || (has.has("e") && !files.stat(path)) ? 1 : printed(`/${place}`);
  }
  const entry = files.stat(path, "link");
  return entry?.kind === "symlink" ? printed(entry.target) : 1;
}

function grep(call: Call): { readonly status: number; readonly output: string } {
  const flags = ["q", "v", "F", "E", "i", "s", "c", "x", "w", "h", "n", "quiet", "silent"];
  const { has, all: given, rest } = optionsOf(call.words, { flags, values: ["e"] });
  for (const one of ["c", "w", "n"]) if (has.has(one)) throw notUnderstood(`grep -${one}`);
  const patterns = given.length > 0 ? given.map(([, value]) => value) : rest.slice(0, 1);
  const paths = given.length > 0 ? rest : rest.slice(1);
  if (paths.length > 1 && !has.has("h") && !has.has("q")) throw notUnderstood("grep in several files");
  const kind = has.has("F") ? "fixed" : has.has("E") ? "extended" : "basic";
  const expression = grepExpression(patterns, { kind, isWhole: has.has("x"), ignoresCase: has.has("i") });
  const found = texts(call, paths);
  const all = found.flatMap((text) => linesOf(text ?? ""));
  assertShort(all, [expression]);
  const lines = all.filter((line) => expression.test(line) !== has.has("v"));
  const isQuiet = has.has("q") || has.has("quiet") || has.has("silent");
  const status = lines.length > 0 ? 0 : 1;
  return {
    status: found.includes(undefined) && !(isQuiet && status === 0) ? 2 : status,
    output: isQuiet ? "" : lines.map((line) => `${line}\n`).join(""),
  };
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** `s/OLD/NEW/g`, `/OLD/d` and `/OLD/s/...`, one command after another. */
function sed(call: Call): number | { readonly status: number; readonly output: string } {
  const { has, all, rest } = optionsOf(call.words, { flags: ["i", "n", "r", "E"], values: ["e"] });
  if (has.has("n") || has.has("r") || has.has("E")) throw notUnderstood("options of sed");
  const scripts = all.length > 0 ? all.map(([, value]) => value) : rest.slice(0, 1);
  const paths = all.length > 0 ? rest : rest.slice(1);
  const edits = scripts.flatMap((one) => one.split(/\n|;(?=\s*[s/])/)).map((one) => sedCommand(one.trim()));
  const edit = (text: string): string =>
    linesOf(text)
      .flatMap((line) => edits.reduce<readonly string[]>((lines, one) => lines.flatMap(one), [line]))
      .map((line) => `${line}\n`)
      .join("");
  if (!has.has("i"))
    return {
      status: 0,
      output: texts(call, paths)
        .map((text) => edit(text ?? ""))
        .join(""),
    };
  for (const path of paths) {
    const bytes = call.files.read(path);
    if (bytes === undefined) return 1;
    const text = Buffer.from(bytes).toString("latin1");
    const before = call.files.stat(path);
    // sed -i puts a new file in its place.
    call.files.remove(path);
    call.files.write(
      path,
      Buffer.from(text.endsWith("\n") || text === "" ? edit(text) : edit(text).slice(0, -1), "latin1"),
    );
    if (before) call.files.change(path, { mode: before.mode, uid: before.uid, gid: before.gid });
  }
  return 0;
}

function sedCommand(text: string): (line: string) => readonly string[] {
  const [, address, command = ""] = /^(?:\/((?:[^/\\\n]|\\.)*)\/)?\s*(.*)$/s.exec(text) ?? [];
  const isHere = address === undefined ? undefined : basicExpression(address.replaceAll("\\/", "/"));
  const change = sedChange(command);
  return (line) => {
    if (isHere) assertShort([line], [isHere]);
    return isHere === undefined || isHere.test(line) ? change(line) : [line];
  };
}

function sedChange(command: string): (line: string) => readonly string[] {
  if (command === "d") return () => [];
  const [, sign = ""] = /^s(\W)/.exec(command) ?? [];
  const parts = sign === "" ? [] : command.slice(2).split(sign);
  const [old = "", fresh = "", flags = ""] = parts;
  if (parts.length !== 3 || !/^g?$/.test(flags) || /[\\&]/.test(fresh)) throw notUnderstood("a command of sed");
  const expression = basicExpression(old, flags);
  return (line) => {
    assertShort([line], [expression]);
    return [line.replace(expression, () => fresh)];
  };
}

function sort(call: Call): { readonly status: number; readonly output: string } {
  const { has, rest } = optionsOf(call.words, { flags: ["u"], values: [] });
  const all = texts(call, rest).flatMap((text) => linesOf(text ?? ""));
  const lines = [...(has.has("u") ? new Set(all) : all)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return { status: 0, output: lines.map((line) => `${line}\n`).join("") };
}
