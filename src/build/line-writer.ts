/** Whole lines of what a program writes. */
export function lineWriter(emit: (line: string) => void): { write(chunk: Uint8Array): void; end(): void } {
  const decoder = new TextDecoder();
  let rest = "";
  return {
    write: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n|\r/);
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") emit(line);
    },
    end: () => {
      if (rest !== "") emit(rest);
    },
  };
}
