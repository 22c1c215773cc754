// What the installed system is set to: lang, keyboard, timezone, network, services.
import type { Recipe } from "../../core/recipe.ts";
import { parseHostname, parseKeymap, parseLocale, parseTimezone, parseUnit } from "../native/values.ts";
import { checkedValue } from "./checked.ts";
import type { Faults } from "./faults.ts";
import { has, lastOf, listOf, type Options, type Value } from "./options.ts";
import type { Command } from "./statements.ts";

export type Settings = Pick<Recipe, "locale" | "keymap" | "timezone" | "hostname" | "services">;

/** Of each command the last that says something. */
export function readSettings(commands: readonly Command[], faults: Faults): Settings {
  const named = (name: string): readonly Options[] =>
    commands.filter((one) => one.name === name).map(({ options }) => options);
  const last = (
    name: string,
    read: (options: Options) => Value | undefined,
    parse: (text: string) => string,
  ): string | undefined => {
    const value = named(name)
      .map(read)
      .findLast((one) => one !== undefined);
    return value && checkedValue(value, parse, faults);
  };
  for (const options of named("lang")) {
    if (has(options, "addsupport"))
      faults.warn(
        options.position,
        "--addsupport of lang has no effect: name the packages of these languages in %packages",
      );
  }
  const found = {
    locale: last("lang", ({ words }) => words[0], parseLanguage),
    keymap: last("keyboard", (options) => lastOf(options, "vckeymap") ?? options.words[0], parseKeymap),
    timezone: last("timezone", ({ words }) => words[0], parseTimezone),
    hostname: last("network", (options) => lastOf(options, "hostname"), parseHostname),
    services: servicesOf(named("services"), faults),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** `en_US` is `en_US.UTF-8`, as for Anaconda. */
const parseLanguage = (text: string): string =>
  /[.]|^(?:C|POSIX)$/.test(text) ? parseLocale(text) : parseLocale(text.replace(/^[^@]+/, "$&.UTF-8"));

/** systemctl(1): a name without a suffix is that of a service. */
const withSuffix = (unit: string): string =>
  /\.(?:service|socket|target|timer|mount|automount|path|swap|slice|device)$/.test(unit) ? unit : `${unit}.service`;

/** What is enabled later is no longer disabled. */
function servicesOf(all: readonly Options[], faults: Faults): Recipe["services"] {
  if (all.length === 0) return undefined;
  const states = new Map<string, "enabled" | "disabled">();
  for (const options of all) {
    // Anaconda disables first.
    for (const state of ["disabled", "enabled"] as const) {
      for (const value of listOf(options, state)) {
        const unit = checkedValue(value, parseUnit, faults);
        if (unit !== undefined) states.set(withSuffix(unit), state);
      }
    }
  }
  const those = (state: string): readonly string[] =>
    [...states].filter(([, one]) => one === state).map(([unit]) => unit);
  return { enabled: those("enabled"), disabled: those("disabled"), masked: [] };
}
