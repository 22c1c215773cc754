// XML 1.0 as tags and texts, from text that comes in pieces. What is not well-formed is refused; a document type may be named,
// and what it would declare is refused. Namespaces are a matter of the names' reader.
import { printable } from "../../archive/tar-name.ts";

export type Attributes = Readonly<Record<string, string>>;

export interface XmlEvents {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  /** Some of the text between two tags; comments divide it. */
  text(text: string): void;
  doctype(declaration: string): void;
  /** The document is not as XML must be. */
  fault(state: string): Error;
}

export interface XmlScan {
  write(piece: string): void;
  end(): void;
}

/** Of a tag, a comment or a CDATA section: it is looked at anew with each piece until it is whole. */
const MAX_MARKUP = 256 << 10;

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
const notInXml = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const plainName = /^[A-Za-z_:][\w.:-]*$/;
const anyName = /^[\p{L}_:][\p{L}\p{N}\p{M}_:.\u00b7-]*$/u;

/** 2.6 */
const instruction = /^(?!xml(?:\s|$))[\p{L}_:][\p{L}\p{N}_:.-]*(?:\s|$)/iu;
/** 2.8: what XML says of the document has a form of its own. */
const xmlDeclaration =
  /^xml\s+version\s*=\s*(["'])1\.\d+\1(?:\s+encoding\s*=\s*(["'])[A-Za-z][\w.-]*\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*$/;

/** Tells `events` what it finds, in order. Throws their `fault`. */
export function startXmlScan(events: XmlEvents): XmlScan {
  /** The start of markup whose end was not there yet. */
  let rest = "";
  /** Since the markup before. */
  let pendingText = "";

  function takeText(): void {
    const text = pendingText;
    pendingText = "";
    if (text.includes("]]>")) throw events.fault('there is "]]>" outside of CDATA');
    events.text(resolved(withNewlines(text), events));
  }

  return {
    write(piece) {
      if (notInXml.test(piece)) throw events.fault("it has a character that XML has not");
      const text = rest + piece;
      rest = "";
      for (let at = 0; at < text.length; ) {
        const start = text.indexOf("<", at);
        pendingText += start < 0 ? text.slice(at) : text.slice(at, start);
        if (start < 0) return;
        if (pendingText !== "") takeText();
        at = markup(text, start, events);
        if (at > 0) continue;
        rest = text.slice(start);
        if (rest.length > MAX_MARKUP) throw events.fault(`a tag in it is longer than ${MAX_MARKUP}`);
        return;
      }
    },
    end() {
      if (pendingText !== "") takeText();
      if (rest !== "") throw events.fault("it ends within a tag");
    },
  };
}

/** Takes the markup at `start` and says where it ends; 0 when its end is not there. */
function markup(text: string, start: number, events: XmlEvents): number {
  switch (text[start + 1]) {
    case undefined:
      return 0;
    case "/": {
      const end = text.indexOf(">", start);
      if (end > 0) events.close(text.slice(start + 2, end).trimEnd());
      return end + 1;
    }
    case "?": {
      const end = endOf(text, "?>", start + 2);
      const told = text.slice(start + 2, Math.max(end - 2, start + 2));
      if (end > 0 && !instruction.test(told) && !xmlDeclaration.test(told))
        throw events.fault(`"${shown(told)}" is no instruction`);
      return end;
    }
    case "!":
      return declaration(text, start, events);
    default:
      return openTag(text, start, events);
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? 0 : at + mark.length;
}

function declaration(text: string, start: number, events: XmlEvents): number {
  if (text.startsWith("<!--", start)) {
    const end = text.indexOf("--", start + 4);
    if (end < 0 || end + 2 >= text.length) return 0;
    if (text[end + 2] !== ">") throw events.fault('a comment has "--" in it');
    return end + 3;
  }
  if (text.startsWith("<![CDATA[", start)) {
    const end = endOf(text, "]]>", start + 9);
    if (end > 0) events.text(withNewlines(text.slice(start + 9, end - 3)));
    return end;
  }
  if (text.startsWith("<!DOCTYPE", start)) {
    const end = endOf(text, ">", start);
    if (end > 0) events.doctype(text.slice(start + 9, end - 1));
    return end;
  }
  const begun = text.slice(start);
  if (["<!--", "<![CDATA[", "<!DOCTYPE"].some((whole) => whole.startsWith(begun))) return 0;
  throw events.fault(`"${shown(begun)}" is no markup`);
}

function openTag(text: string, start: number, events: XmlEvents): number {
  const nameAt = nameEnd(text, start + 1);
  const attributes: Record<string, string> = {};
  let at = nameAt;
  for (;;) {
    const next = spaceEnd(text, at);
    if (next >= text.length) return 0;
    const isEmpty = text[next] === "/";
    if (isEmpty && next + 1 >= text.length) return 0;
    if (isEmpty || text[next] === ">") {
      const name = checkedName(text.slice(start + 1, nameAt), events);
      if (isEmpty && text[next + 1] !== ">") throw events.fault(`the tag "${shown(name)}" has a stray "/"`);
      events.open(name, attributes);
      if (isEmpty) events.close(name);
      return next + (isEmpty ? 2 : 1);
    }
    if (next === at) throw events.fault(`a tag begins "${shown(text.slice(start, next + 1))}"`);
    at = attribute(text, next, attributes, events);
    if (at === 0) return 0;
  }
}

/** Takes the attribute at `start` and says where it ends; 0 when its end is not there. */
function attribute(text: string, start: number, attributes: Record<string, string>, events: XmlEvents): number {
  const keyAt = nameEnd(text, start);
  const equals = spaceEnd(text, keyAt);
  const open = spaceEnd(text, equals + 1);
  if (open >= text.length) return 0;
  const quote = text[open] ?? "";
  if (text[equals] !== "=" || (quote !== '"' && quote !== "'"))
    throw events.fault(`an attribute begins "${shown(text.slice(start, open + 1))}"`);
  const close = text.indexOf(quote, open + 1);
  if (close < 0) return 0;
  const key = checkedName(text.slice(start, keyAt), events);
  if (Object.hasOwn(attributes, key)) throw events.fault(`the attribute "${shown(key)}" is there twice`);
  attributes[key] = attributeValue(text.slice(open + 1, close), events);
  return close + 1;
}

function attributeValue(raw: string, events: XmlEvents): string {
  if (!/[<&\t\n\r]/.test(raw)) return raw;
  if (raw.includes("<")) throw events.fault('there is a "<" in an attribute');
  return resolved(raw.replaceAll(/\r\n|[\t\n\r]/g, " "), events);
}

/** 2.11: lines end with a newline. */
const withNewlines = (text: string): string => (text.includes("\r") ? text.replaceAll(/\r\n?/g, "\n") : text);

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function resolved(text: string, events: XmlEvents): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&(?:(?:([a-z]+)|#(\d{1,7})|#x([\da-fA-F]{1,6}));)?/g, (all, name, decimal, hex) => {
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const character = name === undefined ? characterOf(code) : entities.get(name);
    if (character === undefined) throw events.fault(`"${shown(all)}" stands for nothing`);
    return character;
  });
}

/** 2.2, Char */
function characterOf(code: number): string | undefined {
  const isOne =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000));
  const character = isOne ? String.fromCodePoint(code) : undefined;
  return character === undefined || notInXml.test(character) ? undefined : character;
}

function checkedName(name: string, events: XmlEvents): string {
  if (plainName.test(name) || anyName.test(name)) return name;
  throw events.fault(`"${shown(name)}" is no name`);
}

function nameEnd(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // White space, "=", ">" and "/"
    if (code <= 0x20 || code === 0x3d || code === 0x3e || code === 0x2f) break;
  }
  return at;
}

function spaceEnd(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) break;
  }
  return at;
}

const shown = (text: string): string => printable(text.slice(0, 40));
