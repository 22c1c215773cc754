// alternatives(8) of chkconfig, also called update-alternatives: links to the best of several programs, and for each name a file
// in /var/lib/alternatives that says which there are.

import type { RootFiles } from "./root-files.ts";
import type { Call } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";

const folder = "/etc/alternatives";
const state = "/var/lib/alternatives";

interface Link {
  readonly title: string;
  readonly link: string;
}

interface Choice {
  readonly path: string;
  readonly priority: number;
  /** By the title of a link beside the main one. */
  readonly targets: ReadonlyMap<string, string>;
}

interface Alternatives {
  readonly mode: "auto" | "manual";
  readonly main: Link;
  readonly beside: readonly Link[];
  readonly choices: readonly Choice[];
}

/** `--install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...`, and `--remove` of what is not there. */
export function alternatives({ words, files }: Call): number {
  const [option, ...rest] = words;
  if (option === "--remove") {
    const [title = "", path] = rest;
    const known = readState(files, title);
    if (known?.choices.some((one) => one.path === path)) throw notUnderstood("the end of an alternative");
    return known === undefined ? 2 : 0;
  }
  if (option !== "--install") throw notUnderstood(`alternatives ${option ?? ""}`);
  const [link = "", title = "", path = "", priority = "", ...more] = rest;
  if (![link, path].every((one) => one.startsWith("/")) || !/^[\w.+-]+$/.test(title) || !/^\d+$/.test(priority))
    return 2;
  const beside = readBeside(more);
  if (files.stat(path) === undefined) throw notUnderstood("an alternative that is not there");
  const known = readState(files, title) ?? { mode: "auto", main: { title, link }, beside: [], choices: [] };
  if (known.mode !== "auto" || known.main.link !== link) throw notUnderstood("alternatives that somebody chose");
  const links = [...known.beside];
  for (const one of beside) if (!links.some(({ title: other }) => other === one.title)) links.push(one);
  const choice: Choice = {
    path,
    priority: Number(priority),
    targets: new Map(beside.map((one) => [one.title, one.path])),
  };
  const isKnown = known.choices.some((one) => one.path === path);
  const choices = isKnown ? known.choices.map((one) => (one.path === path ? choice : one)) : [...known.choices, choice];
  const all: Alternatives = { ...known, beside: links, choices };
  if (!files.write(`${state}/${title}`, Buffer.from(formatState(all)))) return 2;
  setLinks(files, all);
  return 0;
}

/** Families and init scripts are not known. */
function readBeside(words: readonly string[]): readonly (Link & { readonly path: string })[] {
  const beside: (Link & { path: string })[] = [];
  for (let at = 0; at < words.length; at += 4) {
    const [option = "", link = "", title = "", path = ""] = words.slice(at, at + 4);
    if (option !== "--slave" || !path.startsWith("/") || !link.startsWith("/"))
      throw notUnderstood(`alternatives ${option}`);
    beside.push({ link, title, path });
  }
  return beside;
}

/** Lines: mode, main link; a title and a link for each beside it; an empty one; then each choice with its targets. */
function readState(files: RootFiles, title: string): Alternatives | undefined {
  const bytes = files.read(`${state}/${title}`);
  if (bytes === undefined) return undefined;
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const [mode = "", link = ""] = lines.splice(0, 2);
  if (mode !== "auto" && mode !== "manual") throw notUnderstood("a file of alternatives");
  const beside: Link[] = [];
  while ((lines[0] ?? "") !== "") {
    const [name = "", place = ""] = lines.splice(0, 2);
    beside.push({ title: name, link: place });
  }
  lines.shift();
  const choices: Choice[] = [];
  while ((lines[0] ?? "") !== "") {
    const [path = "", about = ""] = lines.splice(0, 2);
    if (!/^\d+$/.test(about)) throw notUnderstood("a file of alternatives");
    const targets = lines.splice(0, beside.length).map((target, at) => [beside[at]?.title ?? "", target] as const);
    const there = targets.filter(([, target]) => target !== "");
    choices.push({ path, priority: Number(about), targets: new Map(there) });
  }
  return { mode, main: { title, link }, beside, choices };
}

function formatState({ mode, main, beside, choices }: Alternatives): string {
  const lines = [
    mode,
    main.link,
    ...beside.flatMap((one) => [one.title, one.link]),
    "",
    ...choices.flatMap(({ path, priority, targets }) => [
      path,
      String(priority),
      ...beside.map(({ title }) => targets.get(title) ?? ""),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Of the highest priority the one that came first. */
function setLinks(files: RootFiles, { main, beside, choices }: Alternatives): void {
  const best = choices.reduce((found, one) => (one.priority > found.priority ? one : found));
  const links = [{ ...main, path: best.path }, ...beside.map((one) => ({ ...one, path: best.targets.get(one.title) }))];
  for (const { link, title, path } of links) {
    for (const place of path === undefined ? [link, `${folder}/${title}`] : [])
      if (files.stat(place, "link")?.kind === "symlink") files.remove(place);
    if (path === undefined) continue;
    setLink(files, link, `${folder}/${title}`);
    setLink(files, `${folder}/${title}`, path);
  }
}

/** A file of somebody's own is left alone. */
function setLink(files: RootFiles, path: string, target: string): void {
  const there = files.stat(path, "link");
  if (there !== undefined && there.kind !== "symlink") return;
  if (there?.kind === "symlink" && there.target === target) return;
  files.remove(path);
  files.makeLink(path, target);
}
