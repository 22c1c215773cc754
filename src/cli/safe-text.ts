import { redact } from "../io/http-redact.ts";

/** Longest message that is shown, in characters; outside data may be in it. */
const maxLength = 20_000;

/**
 * Text that may hold what others wrote, safe for a terminal and a log: without credentials of URLs and without control
 * characters, except line ends and tabs.
 */
export function safeText(text: string): string {
  const bounded = text.length > maxLength ? `${text.slice(0, maxLength)} ...` : text;
  return redact(bounded).replaceAll(/[^\P{Cc}\n\t]/gu, "\ufffd");
}
