// What tells a kickstart from other files, without the code that reads it.
import type { Recipe } from "../../core/recipe.ts";
import type { LoadKickstartOptions } from "./load.ts";

/** Whether a text is a kickstart by what is in it: a section of its own, and nothing but commands around. */
export function isKickstartText(text: string): boolean {
  return (
    /^#version=(?:RHEL|F|FC|DEVEL)\d*[ \t]*\r?$/m.test(text) ||
    (/^%packages(?:[ \t].*)?\r?$/m.test(text) &&
      /^(?:%end|(?:url|repo|lang|rootpw|timezone|keyboard|install|bootloader|part|autopart|clearpart|text|%include|network|reboot|shutdown)\b.*)\r?$/m.test(
        text,
      ))
  );
}

/** As `loadKickstart` of `load.ts`, whose code is loaded at the first call. */
export async function loadKickstartLazily(options: LoadKickstartOptions): Promise<Recipe> {
  const { loadKickstart } = await import("./load.ts");
  return loadKickstart(options);
}
