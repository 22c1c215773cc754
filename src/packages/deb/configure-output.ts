// What dpkg says while it configures, read for whoever has to name a script: its status lines (dpkg(1), "--status-fd")
// and, where those are cut off, its words on standard error. Scripts print in between; theirs are not taken for dpkg's
// unless they look the same, and then the worst is a wrong name in a message.
import type { FailedScript } from "../contract.ts";

const scripts: Readonly<Record<string, string>> = {
  "pre-installation": "preinst",
  "post-installation": "postinst",
  "pre-removal": "prerm",
  "post-removal": "postrm",
};

const failure =
  /^(?:status: [^ ]+ : error : |\s*)(?:installed|new|old) ([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)? package ((?:pre|post)-(?:installation|removal)) script (subprocess (?:returned error exit status (\d{1,3})|(?:was killed|failed) .*|\S.*))$/;

/** The first script that dpkg says has failed; `undefined` when it names none. */
export function failedScript(output: string): FailedScript | undefined {
  for (const line of output.split("\n")) {
    const [, name, kind, reason, code] = failure.exec(line.trimEnd()) ?? [];
    const script = scripts[kind ?? ""];
    if (name === undefined || script === undefined || reason === undefined) continue;
    return { package: name, script, exitCode: code === undefined ? undefined : Number(code), reason };
  }
  return undefined;
}

/** The package whose postinst was running when output stopped: for time limits, and for people who watch. */
export function runningPackage(output: string): string | undefined {
  let running: string | undefined;
  for (const line of output.split("\n")) {
    const [, started] = /^processing: (?:configure|trigproc): ([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?$/.exec(line) ?? [];
    if (started !== undefined) running = started;
    const [, ended] =
      /^status: ([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?: (?:installed|triggers-pending|triggers-awaited|error)\b/.exec(
        line,
      ) ?? [];
    if (ended !== undefined && ended === running) running = undefined;
  }
  return running;
}

/** dpkg writes its database before and after each script (dpkg(1), "FILES"). */
export function isOwnRecord(path: string): boolean {
  return (
    /^var\/lib\/dpkg\/(?:status|available|lock|updates|triggers|info)(?:$|[-/])/.test(path) ||
    path === "var/log/dpkg.log"
  );
}
