// What dodai uses of seek-bzip, which has no types of its own.
declare module "seek-bzip" {
  namespace Bunzip {
    interface Input {
      readByte(): number;
      read(buffer: Uint8Array, offset: number, length: number): number;
      eof(): boolean;
    }
    interface Output {
      writeByte(byte: number): void;
    }
  }
  const Bunzip: {
    /** Decodes one stream, or with `multistream` all that follow each other. Throws on broken input. */
    decode(input: Bunzip.Input, output: Bunzip.Output, multistream: boolean): void;
  };
  export = Bunzip;
}
