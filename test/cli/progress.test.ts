import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import type { BuildEvent } from "../../src/build/contract.ts";
import type { ProgressMode } from "../../src/cli/flags.ts";
import { startProgress } from "../../src/cli/progress/progress.ts";

/** Events with the time in milliseconds at which each comes. */
const events: readonly (readonly [number, BuildEvent])[] = [
  [0, { kind: "stage", stage: "index", platform: "linux/amd64", text: "reading 2 repositories" }],
  [10, { kind: "progress", stage: "index", doneBytes: 1_000_000, totalBytes: 10_000_000, what: "main" }],
  [20, { kind: "progress", stage: "index", doneBytes: 500_000, totalBytes: 1_000_000, what: "security" }],
  [1000, { kind: "progress", stage: "index", doneBytes: 5_000_000, totalBytes: 10_000_000, what: "main" }],
  [1050, { kind: "warning", text: "repository a is \x1b[2Junsigned" }],
  [6000, { kind: "progress", stage: "index", doneBytes: 10_000_000, totalBytes: 10_000_000, what: "main" }],
  [7000, { kind: "stage", stage: "download", platform: "linux/amd64", text: "fetching 2 packages" }],
  [7000, { kind: "progress", stage: "download", doneBytes: 0, totalBytes: 4_000_000, what: "packages" }],
  [8000, { kind: "progress", stage: "download", doneBytes: 1_000_000, totalBytes: 4_000_000, what: "packages" }],
  [8500, { kind: "progress", stage: "unpack", doneBytes: 700_000, totalBytes: 4_000_000, what: "libc6" }],
  [8700, { kind: "progress", stage: "unpack", doneBytes: 900_000, totalBytes: 4_000_000, what: "tzdata" }],
  [13_000, { kind: "progress", stage: "download", doneBytes: 4_000_000, totalBytes: 4_000_000, what: "packages" }],
];

interface Shown {
  readonly mode: ProgressMode;
  readonly isTerminal?: boolean;
  readonly env?: Record<string, string>;
  readonly shown?: readonly (readonly [number, BuildEvent])[];
}

function show({ mode, isTerminal = false, env = {}, shown = events }: Shown): readonly string[] {
  const written: string[] = [];
  let nowMs = 0;
  const progress = startProgress(mode, {
    stderr: { write: (text) => void written.push(text), isTerminal, colors: false, columns: 60 },
    env,
    elapsedMs: () => nowMs,
  });
  for (const [at, event] of shown) {
    nowMs = at;
    progress.onEvent(event);
  }
  progress.end();
  return written;
}

test("plain progress: a line for each stage, and one every five seconds", (t) =>
  t.assert.fileSnapshot(show({ mode: "plain" }).join(""), "test/golden/cli/progress-plain.txt", {
    serializers: [String],
  }));

test("progress on a terminal: one block, drawn over itself", (t) =>
  t.assert.fileSnapshot(
    show({ mode: "tty" }).join("").replaceAll("\x1b", "ESC").replaceAll("J", "J\n"),
    "test/golden/cli/progress-tty.txt",
    { serializers: [String] },
  ));

test("a terminal is drawn on ten times a second at most", () => {
  const many = Array.from({ length: 1000 }, (_, at): readonly [number, BuildEvent] => [
    at,
    { kind: "progress", stage: "download", doneBytes: at, totalBytes: 1000, what: "packages" },
  ]);
  const stage: readonly [number, BuildEvent] = [0, { kind: "stage", stage: "download", text: "fetching" }];
  assert.equal(show({ mode: "tty", shown: [stage, ...many] }).length, 11);
});

test("what is left on a terminal after the end are warnings", () => {
  const screen: string[] = [];
  const pieces = show({ mode: "tty" })
    .join("")
    .replaceAll("\x1b", "ESC")
    .split(/(ESC\[\d+AESC\[J)/);
  for (const piece of pieces) {
    const [, up] = /^ESC\[(\d+)A/.exec(piece) ?? [];
    if (up !== undefined) screen.splice(-Number(up));
    else screen.push(...piece.split("\n").slice(0, -1));
  }
  assert.deepEqual(screen, ["dodai: warning: repository a is \ufffd[2Junsigned"]);
});

describe("auto", () => {
  const rows = [
    { name: "draws on a terminal", isTerminal: true, env: {}, draws: true },
    { name: "writes lines into a pipe", isTerminal: false, env: {}, draws: false },
    { name: "writes lines on a dumb terminal", isTerminal: true, env: { TERM: "dumb" }, draws: false },
    { name: "writes lines under CI", isTerminal: true, env: { CI: "true" }, draws: false },
  ];
  for (const { name, draws, ...world } of rows) {
    it(name, () =>
      assert.equal(
        show({ mode: "auto", ...world })
          .join("")
          .includes("\x1b"),
        draws,
      ),
    );
  }
});

test("quiet shows warnings only", () => {
  assert.deepEqual(show({ mode: "quiet" }), ["dodai: warning: repository a is \ufffd[2Junsigned\n"]);
});
