// The rows of an index that is being compiled, gathered in pieces for whoever writes them down.
import { crc32 } from "node:zlib";

const PIECE_BYTES = 128 << 10;

export class IndexRows {
  #full: Uint8Array[] = [];
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #used = 0;

  /** Adds a row and tells of its bytes. */
  append(text: string): { readonly length: number; readonly check: number } {
    const most = 3 * text.length;
    if (this.#used + most > this.#piece.length) this.#startPiece(Math.max(most, PIECE_BYTES));
    const length = this.#piece.write(text, this.#used);
    const check = crc32(this.#piece.subarray(this.#used, this.#used + length));
    this.#used += length;
    return { length, check };
  }

  /** The pieces that are full, once. */
  takeFull(): readonly Uint8Array[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** All that is left. */
  takeRest(): readonly Uint8Array[] {
    return [...this.takeFull(), this.#piece.subarray(0, this.#used)];
  }

  #startPiece(bytes: number): void {
    if (this.#used > 0) this.#full.push(this.#piece.subarray(0, this.#used));
    this.#piece = Buffer.allocUnsafeSlow(bytes);
    this.#used = 0;
  }
}
