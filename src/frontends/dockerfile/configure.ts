// Instructions that change the image's config and no file: what each makes of the config before it.
import type { Json } from "../../core/canonical-json.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { ContainerConfig } from "../../image/container-config.ts";
import { expandWord, expandWords, type Scope } from "./expand.ts";
import type {
  ArgInstruction,
  Command,
  CommandInstruction,
  CopyInstruction,
  HealthInstruction,
  Instruction,
  ListInstruction,
  PairsInstruction,
  RunInstruction,
  TextInstruction,
} from "./instruction.ts";
import { positionAt, syntaxError } from "./source.ts";

/** Instructions that `configure` takes; WORKDIR may make a folder as well. */
export type ConfigInstruction = Exclude<Instruction, ArgInstruction | CopyInstruction | RunInstruction>;

export interface Configured {
  readonly config: ContainerConfig;
  /** For the history, as Docker words it. */
  readonly createdBy: string;
}

/** What a shell's text runs with when SHELL says nothing else. */
const usualShell: readonly string[] = ["/bin/sh", "-c"];

export const shellOf = ({ shell }: ContainerConfig): readonly string[] => shell ?? usualShell;

/** Throws DOCKERFILE_SYNTAX. */
export function configure(config: ContainerConfig, instruction: ConfigInstruction, scope: Scope): Configured {
  switch (instruction.kind) {
    case "env":
    case "label":
      return setPairs(config, instruction, scope);
    case "cmd":
    case "entrypoint":
      return setCommand(config, instruction);
    case "user":
    case "workdir":
    case "stopsignal":
      return setText(config, instruction as TextInstruction, scope);
    case "expose":
    case "volume":
      return addNames(config, instruction, scope);
    case "shell": {
      const { words } = instruction;
      return { config: { ...config, shell: words }, createdBy: `SHELL [${words.join(" ")}]` };
    }
    case "healthcheck":
      return setHealth(config, instruction);
    case "onbuild": {
      const { trigger } = instruction;
      return { config: { ...config, onbuild: [...config.onbuild, trigger] }, createdBy: `ONBUILD ${trigger}` };
    }
    default:
      return unreachable(instruction as never);
  }
}

/** All values of one instruction are read before any of them is set. */
function setPairs(config: ContainerConfig, { kind, pairs, source }: PairsInstruction, scope: Scope): Configured {
  const read = pairs.map(({ name, value }) => {
    const pair = [expandWord(name, source, scope), expandWord(value, source, scope)] as const;
    if (pair[0] !== "") return pair;
    throw syntaxError({ what: kind.toUpperCase(), state: "a name is empty", where: positionAt(source, name.at) });
  });
  const createdBy = `${kind.toUpperCase()} ${read.map(([name, value]) => `${name}=${value}`).join(" ")}`;
  if (kind === "label")
    return { config: { ...config, labels: { ...config.labels, ...Object.fromEntries(read) } }, createdBy };
  return { config: { ...config, env: read.reduce(withVariable, config.env) }, createdBy };
}

/** A variable that is set again keeps its place. */
function withVariable(env: readonly string[], [name, value]: readonly [string, string]): readonly string[] {
  const at = env.findIndex((one) => one.startsWith(`${name}=`));
  return at < 0 ? [...env, `${name}=${value}`] : env.with(at, `${name}=${value}`);
}

function wordsOf(command: Command, config: ContainerConfig): readonly string[] {
  if (command.form === "exec") return command.words;
  return command.text === "" ? [] : [...shellOf(config), command.text];
}

function setCommand(config: ContainerConfig, { kind, command }: CommandInstruction): Configured {
  const words = wordsOf(command, config);
  const value = words.length === 0 ? undefined : words;
  return { config: { ...config, [kind]: value }, createdBy: `${kind.toUpperCase()} ${JSON.stringify(words)}` };
}

/** Linux's, as Docker knows them. */
const signals: ReadonlySet<string> = new Set(
  (
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP " +
    "TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ"
  ).split(" "),
);

function isSignal(text: string): boolean {
  if (/^\d{1,3}$/.test(text)) return Number(text) > 0;
  const name = text.toUpperCase().replace(/^SIG/, "");
  return signals.has(name) || /^RT(?:MIN(?:\+(?:[1-9]|1[0-5]))?|MAX(?:-(?:[1-9]|1[0-4]))?)$/.test(name);
}

function setText(config: ContainerConfig, { kind, value, source }: TextInstruction, scope: Scope): Configured {
  const text = expandWord(value, source, scope);
  const where = positionAt(source, value.at);
  switch (kind) {
    case "user":
      return { config: { ...config, user: text }, createdBy: `USER ${text}` };
    case "stopsignal":
      if (!isSignal(text)) {
        throw syntaxError({ what: `STOPSIGNAL "${text}"`, state: "it is no signal, wanted a name or a number", where });
      }
      return { config: { ...config, stopSignal: text }, createdBy: `STOPSIGNAL ${text}` };
    default: {
      if (text === "") throw syntaxError({ what: "WORKDIR", state: "it names no folder", where });
      const workdir = joinPath(config.workdir, text);
      return { config: { ...config, workdir }, createdBy: `WORKDIR ${workdir}` };
    }
  }
}

/** An absolute path without `.`, `..` or a slash at its end; what is relative counts from `from`. */
export function joinPath(from: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${from}/${path}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function addNames(config: ContainerConfig, instruction: ListInstruction, scope: Scope): Configured {
  const { kind, words, source } = instruction;
  if (kind === "volume") {
    const volumes = words.map((word) => {
      const path = expandWord(word, source, scope);
      if (path.trim() !== "") return path;
      throw syntaxError({ what: "VOLUME", state: "it names no folder", where: positionAt(source, word.at) });
    });
    const createdBy = `VOLUME [${volumes.join(" ")}]`;
    return { config: { ...config, volumes: [...new Set([...config.volumes, ...volumes])] }, createdBy };
  }
  const ports = words.flatMap((word) =>
    expandWords([word], source, scope).flatMap((text) => {
      const read = readPorts(text);
      if (read) return read;
      throw syntaxError({
        what: `EXPOSE "${text}"`,
        state: "a port is 1 to 65535, or a range as in 8000-8010, with /tcp, /udp or /sctp behind it if need be",
        where: positionAt(source, word.at),
      });
    }),
  );
  const createdBy = `EXPOSE [${ports.join(" ")}]`;
  return { config: { ...config, ports: [...new Set([...config.ports, ...ports])] }, createdBy };
}

const maxPort = 65535;

/** `8000-8002/udp` is three ports. */
function readPorts(text: string): readonly string[] | undefined {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(?:[\d.]*:)?(?:\d+(?:-\d+)?:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || from < 1 || to > maxPort || from > to) return undefined;
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${protocol.toLowerCase()}`);
}

function setHealth(config: ContainerConfig, { command, times, text }: HealthInstruction): Configured {
  const createdBy = text.replace(/\s+/g, " ");
  if (command === undefined) return { config: { ...config, healthcheck: { Test: ["NONE"] } }, createdBy };
  const test = command.form === "exec" ? ["CMD", ...command.words] : ["CMD-SHELL", command.text];
  const healthcheck: Json = {
    Test: test,
    Interval: times.interval,
    Timeout: times.timeout,
    StartPeriod: times.startPeriod,
    StartInterval: times.startInterval,
    Retries: times.retries,
  };
  return { config: { ...config, healthcheck }, createdBy };
}
