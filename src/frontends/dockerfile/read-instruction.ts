// Instructions as they are written → instructions as they are meant. What can be refused without knowing any variable is
// refused here, at the word that is at fault.
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import { nearest } from "../suggest.ts";
import { parseGoDuration } from "./duration.ts";
import type {
  Command,
  CopyInstruction,
  HealthInstruction,
  HealthTimes,
  Instruction,
  OnbuildInstruction,
  Pair,
  RunInstruction,
} from "./instruction.ts";
import type { Written } from "./parse-lines.ts";
import { keywords } from "./read-arguments.ts";
import { type Flags, readFlags } from "./read-flags.ts";
import { positionAt, type SourceText, syntaxError, type Word } from "./source.ts";

interface Reading {
  readonly written: Written;
  readonly flags: Flags;
  readonly common: { readonly source: SourceText; readonly position: Position; readonly text: string };
  readonly keyword: string;
}

/** Any instruction but FROM. Throws DOCKERFILE_SYNTAX, DOCKERFILE_UNSUPPORTED. */
export function readInstruction(written: Written): Instruction {
  const { source, keyword, name } = written;
  if (!keywords.includes(name)) throw unknownInstruction(written);
  const reading: Reading = {
    written,
    flags: readFlags(written),
    common: { source, position: positionAt(source, keyword.at), text: source.text.trim() },
    keyword: name.toUpperCase(),
  };
  return readKnown(reading);
}

function readKnown(reading: Reading): Instruction {
  const { written, common } = reading;
  const { words } = written;
  switch (written.name) {
    case "add":
    case "copy":
      return readCopy(reading, written.name);
    case "arg":
      return { ...common, kind: "arg", args: atLeastOne(reading).map((word) => readArg(reading, word)) };
    case "env":
    case "label":
      return { ...common, kind: written.name, pairs: readPairs(reading) };
    case "cmd":
    case "entrypoint":
      return { ...common, kind: written.name, command: commandOf(written.isJson, words) };
    case "run":
      return readRun(reading);
    case "shell":
      return readShell(reading);
    case "user":
    case "workdir":
    case "stopsignal":
    case "maintainer":
      return { ...common, kind: written.name, value: exactlyOne(reading) };
    case "expose":
    case "volume":
      return { ...common, kind: written.name, words: readList(reading) };
    case "healthcheck":
      return readHealth(reading);
    case "onbuild":
      return readOnbuild(reading);
    default:
      throw syntaxError({ what: reading.keyword, state: "it cannot stand here", where: common.position });
  }
}

export function unknownInstruction({ source, keyword, name }: Written): DodaiError {
  const meant = nearest(name, keywords);
  return syntaxError({
    what: `instruction "${keyword.text}"`,
    state: "there is no such instruction",
    where: positionAt(source, keyword.at),
    ...(meant === undefined ? {} : { fix: `Did you mean "${meant.toUpperCase()}"?` }),
  });
}

function atLeastOne(reading: Reading): readonly Word[] {
  const { written, keyword, common } = reading;
  if (written.words.length > 0) return written.words;
  throw syntaxError({ what: keyword, state: "nothing follows it", where: common.position });
}

function exactlyOne(reading: Reading): Word {
  const [word] = atLeastOne(reading);
  return word as Word;
}

function readArg({ common }: Reading, word: Word): { readonly name: Word; readonly value: Word | undefined } {
  const equals = word.text.indexOf("=");
  if (equals === 0) {
    throw syntaxError({
      what: `ARG "${word.text}"`,
      state: "it has no name",
      where: positionAt(common.source, word.at),
    });
  }
  if (equals < 0) return { name: word, value: undefined };
  const name = { text: word.text.slice(0, equals), at: word.at };
  return { name, value: { text: word.text.slice(equals + 1), at: word.at + equals + 1 } };
}

function readPairs(reading: Reading): readonly Pair[] {
  const words = atLeastOne(reading);
  const { common, keyword } = reading;
  const pairs: Pair[] = [];
  for (let at = 0; at + 1 < words.length; at += 3) {
    const [name, value] = words.slice(at, at + 2) as [Word, Word];
    if (name.text === "") {
      throw syntaxError({ what: keyword, state: "a name is empty", where: positionAt(common.source, name.at) });
    }
    pairs.push({ name, value });
  }
  return pairs;
}

/** A shell's text is one word; none at all takes what was set before away. */
function commandOf(isJson: boolean, words: readonly Word[]): Command {
  if (isJson) return { form: "exec", words: words.map(({ text }) => text) };
  return { form: "shell", text: words[0]?.text ?? "" };
}

function readRun(reading: Reading): RunInstruction {
  const { written, flags, common } = reading;
  atLeastOne(reading);
  refuse(flags.text("security"), { reading, what: "RUN --security", why: "dodai gives no program more rights" });
  refuse(flags.texts("device")[0], { reading, what: "RUN --device", why: "dodai gives programs no devices" });
  const network = flags.text("network");
  const kinds = ["default", "none", "host"] as const;
  const kind = kinds.find((one) => one === (network?.text ?? "default"));
  if (kind === undefined) {
    const where = positionAt(common.source, network?.at ?? 0);
    throw syntaxError({ what: "RUN --network", state: `it is "${network?.text}", wanted ${kinds.join(", ")}`, where });
  }
  return {
    ...common,
    kind: "run",
    command: commandOf(written.isJson, written.words),
    heredocs: written.heredocs,
    mounts: flags.texts("mount"),
    network: kind,
  };
}

function refuse(
  word: Word | undefined,
  { reading, what, why }: { readonly reading: Reading; readonly what: string; readonly why: string },
): void {
  if (word === undefined || word.text === "sandbox") return;
  throw new DodaiError("DOCKERFILE_UNSUPPORTED", `Cannot do ${what}=${word.text}: ${why}`, {
    where: positionAt(reading.common.source, word.at),
    fix: "Leave the flag out, or build this image with another builder.",
  });
}

function readCopy(reading: Reading, kind: "add" | "copy"): CopyInstruction {
  const { written, flags, common, keyword } = reading;
  const destination = written.words.at(-1);
  const sources = written.words.slice(0, -1);
  if (destination === undefined || sources.length === 0) {
    throw syntaxError({ what: keyword, state: "it needs a source and a destination", where: common.position });
  }
  refuse(flags.boolean("keep-git-dir") ? flags.text("keep-git-dir") : undefined, {
    reading,
    what: "ADD --keep-git-dir",
    why: "dodai does not add git repositories",
  });
  return {
    ...common,
    kind,
    sources,
    destination,
    heredocs: written.heredocs,
    from: flags.text("from"),
    chown: flags.text("chown"),
    chmod: flags.text("chmod"),
    checksum: flags.text("checksum"),
    exclude: flags.texts("exclude"),
    parents: flags.boolean("parents") ?? false,
    unpack: flags.boolean("unpack"),
    link: flags.boolean("link") ?? false,
  };
}

function readShell(reading: Reading): Instruction {
  const { written, common } = reading;
  const words = written.words.map(({ text }) => text);
  if (written.isJson && words.length > 0) return { ...common, kind: "shell", words };
  throw syntaxError({
    what: "SHELL",
    state: "it is not a JSON list",
    where: common.position,
    fix: 'Write it as in SHELL ["/bin/bash", "-c"].',
  });
}

function readList(reading: Reading): readonly Word[] {
  const { common, keyword } = reading;
  const words = atLeastOne(reading);
  const empty = words.find(({ text }) => text.trim() === "");
  if (empty === undefined) return words;
  throw syntaxError({ what: keyword, state: "it names nothing", where: positionAt(common.source, empty.at) });
}

function readHealth(reading: Reading): HealthInstruction {
  const { written, common } = reading;
  const [kind, ...words] = atLeastOne(reading);
  const where = positionAt(common.source, kind?.at ?? 0);
  const name = kind?.text.toUpperCase();
  if (name === "NONE") {
    if (words.length > 0) throw syntaxError({ what: "HEALTHCHECK NONE", state: "something follows it", where });
    return { ...common, kind: "healthcheck", command: undefined, times: {} };
  }
  if (name !== "CMD") {
    throw syntaxError({ what: "HEALTHCHECK", state: `it is of kind "${kind?.text}", wanted CMD or NONE`, where });
  }
  if (words.length === 0) throw syntaxError({ what: "HEALTHCHECK CMD", state: "no command follows it", where });
  return { ...common, kind: "healthcheck", command: commandOf(written.isJson, words), times: readTimes(reading) };
}

function readTimes({ flags, common }: Reading): HealthTimes {
  const timeOf = (name: string): number | undefined => {
    const word = flags.text(name);
    if (word === undefined) return undefined;
    const time = parseGoDuration(word.text);
    if (time !== undefined && (time === 0 || time >= 1e6)) return time;
    throw syntaxError({
      what: `HEALTHCHECK --${name}`,
      state: `it is "${word.text}", wanted a time of at least 1ms, as in 1m30s`,
      where: positionAt(common.source, word.at),
    });
  };
  const retries = flags.text("retries");
  if (retries && !/^\d{1,9}$/.test(retries.text)) {
    const where = positionAt(common.source, retries.at);
    throw syntaxError({ what: "HEALTHCHECK --retries", state: `it is "${retries.text}", wanted a number`, where });
  }
  const times = {
    interval: timeOf("interval"),
    timeout: timeOf("timeout"),
    startPeriod: timeOf("start-period"),
    startInterval: timeOf("start-interval"),
    retries: retries && Number(retries.text),
  };
  return Object.fromEntries(Object.entries(times).filter(([, value]) => value)) as HealthTimes;
}

/** Its trigger is read now, so that a fault in it is told here and not where the image is built upon. */
function readOnbuild(reading: Reading): OnbuildInstruction {
  const { written, common } = reading;
  const { child } = written;
  if (child === undefined) throw syntaxError({ what: "ONBUILD", state: "nothing follows it", where: common.position });
  const where = positionAt(common.source, child.keyword.at);
  if (["onbuild", "from", "maintainer"].includes(child.name)) {
    throw syntaxError({ what: "ONBUILD", state: `${child.name.toUpperCase()} cannot be a trigger`, where });
  }
  readInstruction(child);
  const heredocs = child.heredocs.map(({ name, content }) => `\n${content}${name}`);
  return { ...common, kind: "onbuild", trigger: written.rest.text + heredocs.join("") };
}
