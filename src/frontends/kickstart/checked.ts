// Values of options by the parsers of recipes: what both can say is the same.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Faults } from "./faults.ts";
import type { Value } from "./options.ts";

/** The value as `parse` reads it; its refusal becomes a fault, with the value's place, and gives `undefined`. */
export function checkedValue<Parsed>(
  { text, position }: Value,
  parse: (text: string) => Parsed,
  faults: Faults,
): Parsed | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof DodaiError)) throw error;
    faults.broken(position, error.message, error.fix);
    return undefined;
  }
}
