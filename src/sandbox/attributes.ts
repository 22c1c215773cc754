// Extended attributes, which Node has no calls for: through the programs `setfattr` and `getfattr`, once for many files.
import { spawn } from "node:child_process";
import { readTar } from "../archive/tar.ts";
import { decodeName, encodeName } from "../archive/tar-name.ts";
import { hostEnvironment, type ProgramResult, runProgram } from "./program.ts";
import { sandboxTarLimits } from "./tar-limits.ts";

export type Attributes = ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;

/** The attributes that an image has; others are the host's (labels, overlay's own notes). */
export const isKept = (name: string): boolean =>
  name === "security.capability" || (name.startsWith("user.") && !name.startsWith("user.overlay."));

/**
 * Sets attributes, by path below `root`. Says whether the disk has them all now: the host may have no
 * `setfattr`, or its disk no attributes. */
export async function applyAttributes(root: string, attributes: Attributes): Promise<boolean> {
  const parts: Buffer[] = [];
  for (const [path, values] of attributes) {
    const lines = [...values].filter(([name]) => isKept(name)).map(([name, value]) => `${name}=0s${base64(value)}\n`);
    if (lines.length > 0) parts.push(Buffer.from(`# file: ${quote(path)}\n${lines.join("")}\n`));
  }
  if (parts.length === 0) return true;
  const { exitCode } = await runProgram(["setfattr", "-h", "--restore=-"], { cwd: root, input: Buffer.concat(parts) });
  return exitCode === 0;
}

/** The attributes of everything below a folder; `undefined` where the host cannot tell. */
export async function readAttributes(folder: string): Promise<Attributes | undefined> {
  const words = [
    "getfattr",
    "-R",
    "-P",
    "-h",
    "-d",
    "-m",
    "^(user\\.|security\\.capability$)",
    "-e",
    "base64",
    ".",
  ] as const;
  const { exitCode, output }: ProgramResult = await runProgram(words, { cwd: folder, maxOutputBytes: 256 << 20 });
  return exitCode === undefined ? readByTar(folder) : parseAttributes(output.toString("latin1"));
}

/** GNU tar, which is on every distribution where `getfattr` need not be, says attributes in its headers. */
async function readByTar(folder: string): Promise<Attributes | undefined> {
  const words = ["--xattrs", "--xattrs-include=security.capability", "--xattrs-include=user.*", "--format=pax"];
  const child = spawn("tar", ["-C", folder, ...words, "-cf", "-", "."], {
    env: { ...hostEnvironment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<boolean>((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
  const all = new Map<string, ReadonlyMap<string, Uint8Array>>();
  for await (const { entry } of readTar(child.stdout, sandboxTarLimits)) {
    const kept = new Map([...entry.xattrs].filter(([name]) => isKept(name)));
    if (kept.size > 0) all.set(entry.path, kept);
  }
  return (await ended) ? all : undefined;
}

function parseAttributes(text: string): Attributes {
  const all = new Map<string, Map<string, Uint8Array>>();
  let current: { readonly path: string; readonly values: Map<string, Uint8Array> } | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("# file: ")) {
      current = { path: unquote(line.slice("# file: ".length)).replace(/^\.\//, ""), values: new Map() };
      continue;
    }
    const equals = line.indexOf("=");
    if (!current || equals < 0) continue;
    const name = unquote(line.slice(0, equals));
    if (!isKept(name)) continue;
    current.values.set(name, Buffer.from(line.slice(equals + 1).replace(/^0s/, ""), "base64"));
    all.set(current.path, current.values);
  }
  return all;
}

const base64 = (value: Uint8Array): string => Buffer.from(value).toString("base64");

/** attr's own quoting: bytes that could end a line or start a quote, as a backslash and three octal digits. */
function quote(path: string): string {
  const bytes = encodeName(path).toString("latin1");
  return bytes.replace(/[^!-[\]-~]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

function unquote(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return decodeName(Buffer.from(bytes, "latin1"));
}
