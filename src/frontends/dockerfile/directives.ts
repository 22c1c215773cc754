// Parser directives: comments at the very top of a Dockerfile that say how to read it (BuildKit's reference, "Parser
// directives").
import { syntaxError } from "./source.ts";

export interface Directives {
  /** The front end's image that the file asks for. dodai is its own front end; the name is only kept. */
  readonly syntax?: string;
  /** `\` or a backtick. */
  readonly escape: string;
  /** What checks to skip, and whether warnings are errors. */
  readonly check: { readonly skip: readonly string[]; readonly error: boolean };
}

const known = ["syntax", "escape", "check"] as const;

/** Throws DOCKERFILE_SYNTAX for a directive twice, and for a value that it cannot have. */
export function readDirectives(lines: readonly string[], file: string): Directives {
  const found = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const match = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line);
    if (match === null) break;
    const [, name = "", value = ""] = match;
    const key = name.toLowerCase();
    if (!known.some((one) => one === key)) continue;
    const where = { file, line: index + 1, column: line.indexOf(name) + 1 };
    if (found.has(key)) throw syntaxError({ what: `directive "${key}"`, state: "it is there twice", where });
    if (key === "escape" && value !== "\\" && value !== "`") {
      throw syntaxError({ what: 'directive "escape"', state: `it is "${value}", wanted \\ or \``, where });
    }
    found.set(key, value);
  }
  const syntax = found.get("syntax");
  return {
    ...(syntax === undefined ? {} : { syntax }),
    escape: found.get("escape") ?? "\\",
    check: readCheck(found.get("check") ?? ""),
  };
}

/** `skip=RULE,RULE;error=true`; anything else in it means nothing. */
function readCheck(text: string): Directives["check"] {
  const settings = new Map(
    text.split(";").map((part) => {
      const [name = "", value = ""] = part.split("=", 2);
      return [name.trim().toLowerCase(), value.trim()] as const;
    }),
  );
  const skip = (settings.get("skip") ?? "").split(",").map((one) => one.trim());
  return { skip: skip.filter((one) => one !== ""), error: settings.get("error")?.toLowerCase() === "true" };
}
