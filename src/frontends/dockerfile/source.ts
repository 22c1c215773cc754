// Where text of an instruction came from: an instruction may run over many lines of the file, with comments between them.
import { DodaiError, type Position } from "../../core/dodai-error.ts";

/** A stretch of an instruction's text that stands in one line of the file. */
interface Piece {
  /** Offset in the instruction's text. */
  readonly at: number;
  readonly line: number;
  /** Of the stretch's first character; counts from 1. */
  readonly column: number;
}

/** The text of one instruction with continued lines joined, and where each part of it stands. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  /** Sorted; at least one. */
  readonly pieces: readonly Piece[];
}

/** A part of an instruction, and its offset in the text. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

export function positionAt({ file, pieces }: SourceText, at: number): Position {
  const piece = pieces.findLast((one) => one.at <= at) ?? pieces[0];
  if (piece === undefined) return { file, line: 1, column: 1 };
  return { file, line: piece.line, column: piece.column + at - piece.at };
}

/** `state` follows "Cannot read NAME: ". */
export interface SyntaxFault {
  readonly what: string;
  readonly state: string;
  readonly where: Position;
  readonly fix?: string | undefined;
}

export function syntaxError({ what, state, where, fix }: SyntaxFault): DodaiError {
  return new DodaiError("DOCKERFILE_SYNTAX", `Cannot read ${what}: ${state}`, {
    where,
    ...(fix === undefined ? {} : { fix }),
  });
}
