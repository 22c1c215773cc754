// Metadata of repositories as a stream of elements. A document type may be named, as comps.xml does, but not declared: there
// are no entities but XML's own five, and nothing can make a document larger than its bytes.
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError, type ErrorCode } from "../../core/dodai-error.ts";
import { type Attributes, startXmlScan } from "./xml-scan.ts";

export type { Attributes };

export interface XmlHandler {
  open(name: string, attributes: Attributes): void;
  /** The text directly in an element, without that of elements in it and white space that follows them. */
  close(name: string, text: string): void;
}

export interface XmlOptions {
  /** Whose document, for messages. */
  readonly what: string;
  readonly maxBytes: number;
  readonly code?: ErrorCode;
}

const MAX_DEPTH = 32;
/** Of one element: far above the files of the largest package, and the packages of the largest repository. */
const MAX_CHILDREN = 2_000_000;
/** Between two tags: far above the longest description. */
const MAX_TEXT_BYTES = 4 << 20;

/** What becomes text at once. A name or an attribute keeps all the text that it is a part of in memory. */
const PIECE_BYTES = 32 << 10;

/** Reads the document to its end. Throws INDEX_SYNTAX (or `code`). */
export async function readXml(bytes: Bytes, handler: XmlHandler, options: XmlOptions): Promise<void> {
  for await (const _ of readingXml(bytes, handler, options));
}

/** The same, with a pause after each of the bytes' chunks. */
export async function* readingXml(bytes: Bytes, handler: XmlHandler, options: XmlOptions): AsyncGenerator<void> {
  const fault = (state: string): DodaiError =>
    new DodaiError(options.code ?? "INDEX_SYNTAX", `Cannot read ${options.what}: ${state}`);
  /** What is open, the outermost first: its name, its text so far, and how many elements it has. */
  const names: string[] = [];
  const texts: string[] = [];
  const children: number[] = [];
  let hasRoot = false;
  let quietBytes = 0;
  const malformed = (state: string): DodaiError => fault(`it is no well-formed XML (${state})`);
  const scan = startXmlScan({
    fault: malformed,
    doctype(declaration) {
      if (hasRoot) throw malformed("its document type is not at its start");
      if (/[[<]/.test(declaration)) throw fault("it declares a document type of its own, which no repository needs");
    },
    open(name, attributes) {
      if (names.length >= MAX_DEPTH) throw fault(`its elements lie more than ${MAX_DEPTH} deep`);
      if (names.length === 0 && hasRoot) throw malformed("it has several roots");
      hasRoot = true;
      quietBytes = 0;
      const siblings = (children.pop() ?? 0) + 1;
      if (siblings > MAX_CHILDREN) throw fault(`an element in it has more than ${MAX_CHILDREN} others`);
      children.push(siblings, 0);
      names.push(name);
      texts.push("");
      handler.open(name, attributes);
    },
    text(text) {
      const isBlank = !/[^ \t\n\r]/.test(text);
      if (names.length === 0 && !isBlank) throw malformed("it has text outside of its root");
      if (names.length > 0 && !(isBlank && (children.at(-1) ?? 0) > 0)) texts.push((texts.pop() ?? "") + text);
    },
    close(name) {
      quietBytes = 0;
      if (names.pop() !== name) throw malformed("its tags cross");
      children.pop();
      handler.close(name, texts.pop() ?? "");
    },
  });
  const decoder = new TextDecoder("utf-8");
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    quietBytes += chunk.length;
    if (seen > options.maxBytes) throw fault(`it is larger than ${options.maxBytes} bytes`);
    if (quietBytes > MAX_TEXT_BYTES) throw fault(`a text or a tag in it is larger than ${MAX_TEXT_BYTES} bytes`);
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      scan.write(decoder.decode(chunk.subarray(at, at + PIECE_BYTES), { stream: true }));
    }
    yield;
  }
  scan.write(decoder.decode());
  scan.end();
  if (!hasRoot || names.length > 0) throw malformed("it ends before its root does");
}
