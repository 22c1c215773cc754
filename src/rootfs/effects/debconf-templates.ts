// Templates of debconf's questions: what packages ship (debconf-devel(7)) → the items of its database. Text is Latin-1
// here, a character for a byte: translations come in any encoding and are copied as they are.

/** A template by the names that the database has, in lower case: `description`, `extended_description-de.utf-8`. */
export interface Template {
  readonly name: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Reads a `templates` file. Stanzas without a name are left out. */
export function parseTemplates(text: string): readonly Template[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const fields = parseStanza(stanza);
    const name = fields.get("template");
    fields.delete("template");
    return name === undefined ? [] : [{ name, fields }];
  });
}

function parseStanza(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let field = "";
  for (const line of stanza.split("\n")) {
    const [, name, value = ""] = /^([-_@.A-Za-z0-9]+):[ \t]?(.*)$/s.exec(line) ?? [];
    if (name !== undefined) {
      field = name.toLowerCase();
      fields.set(field, trimEnd(value));
    } else if (field !== "" && /^[ \t]/.test(line)) {
      const extended = `extended_${field}`;
      fields.set(extended, extend(fields.get(extended) ?? "", line.slice(1)));
    }
  }
  for (const [name, value] of fields) {
    if (!name.startsWith("extended_")) continue;
    const trimmed = value.replace(/\n+$/, "");
    if (trimmed === "") fields.delete(name);
    else fields.set(name, trimmed);
  }
  return fields;
}

/** Lines run together, `.` parts paragraphs, and lines that are indented further stay lines. */
function extend(before: string, line: string): string {
  if (line === ".") return `${before}\n\n`;
  const isOpen = before !== "" && !/[\n ]$/.test(before);
  if (/^[ \t]/.test(line)) return `${before}${isOpen ? "\n" : ""}${trimEnd(line)}\n`;
  return `${before}${isOpen ? " " : ""}${trimEnd(line)}`;
}

const trimEnd = (text: string): string => text.replace(/[ \t\n\v\f\r]+$/, "");
