// The scripts of a package as files that could be run: what interprets them stands in a first line of their own.
import type { ControlMember } from "../contract.ts";
import type { Header } from "./header.ts";
import { tags } from "./tags.ts";

/** In rpm's order when a package is installed. */
const scripts: readonly { readonly name: string; readonly body: number; readonly program: number }[] = [
  { name: "pretrans", body: tags.preTrans, program: tags.preTransProgram },
  { name: "pre", body: tags.preIn, program: tags.preInProgram },
  { name: "post", body: tags.postIn, program: tags.postInProgram },
  { name: "posttrans", body: tags.postTrans, program: tags.postTransProgram },
];

/** As a spec file calls them: `%pre`, `%post` ... */
export const scriptNames: readonly string[] = scripts.map(({ name }) => name);

export function scriptsOf(header: Header): readonly ControlMember[] {
  return scripts.flatMap(({ name, body, program }) => {
    if (!header.has(body) && !header.has(program)) return [];
    const interpreter = header.texts(program).join(" ") || "/bin/sh";
    return [{ name, mode: 0o755, bytes: Buffer.from(`#!${interpreter}\n${header.text(body) ?? ""}`) }];
  });
}
