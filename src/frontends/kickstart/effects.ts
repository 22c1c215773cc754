// What a kickstart says that no container image shows, and what no package set can be.
import type { Faults } from "./faults.ts";
import { lastOf } from "./options.ts";
import type { Command, Statements } from "./statements.ts";

/** Commands that other files here read. */
const done: ReadonlySet<string> = new Set([
  "group",
  "keyboard",
  "lang",
  "method",
  "repo",
  "rootpw",
  "services",
  "sshkey",
  "timezone",
  "url",
  "user",
]);

/** Commands that say of something else than packages what the system is. */
const unsupported: Readonly<Record<string, { readonly state: string; readonly fix?: string }>> = {
  bootc: {
    state: "the system would be a container image that is there already",
    fix: 'Build on it with "base" in a recipe.',
  },
  harddrive: { state: "packages would come from a disk", fix: "Name a folder: url --url=file:///srv/packages." },
  hmc: { state: "packages would come from a management console" },
  liveimg: {
    state: "the system would be an image that is there already",
    fix: 'Start from it with "source" in a recipe.',
  },
  nfs: { state: "packages would come over NFS", fix: "Mount it, and name the folder: url --url=file:///srv/packages." },
  ostreecontainer: {
    state: "the system would be a container image that is there already",
    fix: 'Build on it with "base" in a recipe.',
  },
  ostreesetup: { state: "the system would be an OSTree commit, and not packages" },
  rescue: { state: "nothing would be installed" },
  upgrade: { state: "an installed system would be upgraded, and there is none" },
};

/** Tells once of all that has no effect, and of each thing that cannot be done. */
export function tellEffects(
  { commands, sections }: Statements,
  { file, faults }: { readonly file: string; readonly faults: Faults },
): void {
  const idle = new Set<string>();
  for (const command of commands) {
    const { name, position } = command;
    const found = unsupported[name];
    if (found) faults.unsupported(position, `Cannot use ${name}: ${found.state}`, found.fix);
    else if (name === "module") refuseModule(command, faults);
    else if (!done.has(name) && !saysHostnameAlone(command)) idle.add(name);
  }
  for (const { name, options } of sections) {
    if (name === "%addon" || name === "%anaconda") idle.add([name, options.words[0]?.text ?? ""].join(" ").trim());
  }
  if (idle.size === 0) return;
  faults.tell(`${file}: of no effect in a container image: ${[...idle].join(", ")}`);
}

const saysHostnameAlone = ({ name, options }: Command): boolean =>
  name === "network" && [...options.given.keys()].join() === "--hostname";

function refuseModule({ options, position }: Command, faults: Faults): void {
  const [name, stream] = [lastOf(options, "name"), lastOf(options, "stream")].map((one) => one?.text);
  const fix = stream === undefined ? "Take its packages in %packages." : `Write "@${name}:${stream}" in %packages.`;
  faults.unsupported(position, "Cannot use module: a stream is enabled by what %packages asks of it", fix);
}
