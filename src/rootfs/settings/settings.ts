// Everything that a recipe says of the system in the image, in the order in which it is done.
import type { SettingsContext, SettingsResult, SystemSettings } from "./contract.ts";
import { passwordFiles } from "./passwords.ts";
import { hostnameFile, keymapFile, localeFile, timezoneFiles } from "./place.ts";
import { serviceLinks } from "./services.ts";

/** Throws PATH_MISSING, RECIPE_SYNTAX. */
export function settingsResult(settings: SystemSettings, context: SettingsContext): SettingsResult {
  const { hostname, keymap, locale, timezone, services, accounts } = settings;
  const parts = [
    ...(timezone === undefined ? [] : [timezoneFiles(timezone, context)]),
    ...(services === undefined ? [] : [serviceLinks(services, context)]),
    passwordFiles(accounts, context),
  ];
  return {
    files: [
      ...(locale === undefined ? [] : [localeFile(locale, context)]),
      ...(keymap === undefined ? [] : [keymapFile(keymap, context)]),
      ...(hostname === undefined ? [] : [hostnameFile(hostname)]),
      ...parts.flatMap(({ files }) => files),
    ],
    removed: parts.flatMap(({ removed }) => removed),
    warnings: parts.flatMap(({ warnings }) => warnings),
  };
}
