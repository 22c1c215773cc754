// Metadata of repositories as a stream of elements. A document type may be named, as comps.xml does, but not declared: there
// are no entities but XML's own five, and nothing can make a document larger than its bytes.
import { SaxesParser } from "saxes";
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError, type ErrorCode } from "../../core/dodai-error.ts";

export type Attributes = Readonly<Record<string, string>>;

export interface XmlHandler {
  open(name: string, attributes: Attributes): void;
  /** All text directly in an element, before it closes and without that of elements in it. */
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
  const fault = (state: string, cause?: unknown): DodaiError =>
    new DodaiError(options.code ?? "INDEX_SYNTAX", `Cannot read ${options.what}: ${state}`, { cause });
  const parser = new SaxesParser({ position: false });
  /** Text so far of the elements that are open, the outermost first. */
  const texts: string[] = [];
  /** How many elements each of them has. */
  const children: number[] = [];
  let quietBytes = 0;
  parser.on("doctype", (doctype) => {
    if (/[[<]/.test(doctype)) throw fault("it declares a document type of its own, which no repository needs");
  });
  parser.on("error", (error) => {
    throw fault(`it is no well-formed XML (${error.message})`, error);
  });
  parser.on("opentag", ({ name, attributes }) => {
    if (texts.length >= MAX_DEPTH) throw fault(`its elements lie more than ${MAX_DEPTH} deep`);
    quietBytes = 0;
    const siblings = (children.pop() ?? 0) + 1;
    if (siblings > MAX_CHILDREN) throw fault(`an element in it has more than ${MAX_CHILDREN} others`);
    children.push(siblings, 0);
    texts.push("");
    handler.open(name, attributes as Attributes);
  });
  const addText = (text: string): void => {
    if (texts.length > 0) texts.push((texts.pop() ?? "") + text);
  };
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", ({ name }) => {
    quietBytes = 0;
    children.pop();
    handler.close(name, texts.pop() ?? "");
  });
  const decoder = new TextDecoder("utf-8");
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    quietBytes += chunk.length;
    if (seen > options.maxBytes) throw fault(`it is larger than ${options.maxBytes} bytes`);
    if (quietBytes > MAX_TEXT_BYTES) throw fault(`a text or a tag in it is larger than ${MAX_TEXT_BYTES} bytes`);
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      parser.write(decoder.decode(chunk.subarray(at, at + PIECE_BYTES), { stream: true }));
    }
  }
  parser.write(decoder.decode());
  parser.close();
}
