// What every case gets: the product, the archive, a workspace, and how long to measure.
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Archive } from "./archive.ts";
import type { Product } from "./product.ts";
import type { Report } from "./report.ts";
import { type AllSeries, type Contender, runInTurn, type Series } from "./rounds.ts";
import type { Workspace } from "./workspace.ts";

const project = resolve(import.meta.dirname, "../..");

export interface Lab {
  readonly workspace: Workspace;
  readonly product: Product;
  readonly archive: Archive;
  readonly quick: boolean;
  tell(text: string): void;
}

export interface Case {
  readonly name: string;
  run(lab: Lab): Promise<Report>;
}

/** `rounds` of a full run; a quick one does three at most. */
export function race(lab: Lab, contenders: readonly Contender[], rounds: number): AllSeries {
  return runInTurn(contenders, {
    rounds: lab.quick ? Math.min(rounds, 3) : rounds,
    warmups: 1,
    scratch: join(lab.workspace.folder, "time"),
    tell: lab.tell,
  });
}

export function seriesOf(all: AllSeries, name: string): Series {
  const found = all.get(name);
  if (!found) throw new Error(`Nobody ran as "${name}"`);
  return found;
}

export function commandsOf(all: AllSeries, { workspace }: Lab): readonly (readonly [string, string])[] {
  const shorten = (command: string): string =>
    command.replaceAll(workspace.folder, "$W").replaceAll(process.execPath, "node").replaceAll(`${project}/`, "");
  return [...all.values()].map(({ name, command }) => [name, shorten(command)]);
}

/** An empty folder. */
export function emptyFolder(path: string): string {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return path;
}
