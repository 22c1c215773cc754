import type { Effect } from "./contract.ts";
import { readText, textFile } from "./text-file.ts";

export const osReleaseDistroless: Effect = {
  name: "os-release-distroless",
  summary: 'says "Distroless" in os-release(5), and keeps what scanners read: ID and VERSION_ID',
  covers: [],
  apply: (context) => {
    const own = readText(context, "usr/lib/os-release");
    if (own === undefined) return { files: [], removed: [] };
    const rest = own.split("\n").filter((line) => line !== "" && !line.startsWith("PRETTY_NAME="));
    const text = ['PRETTY_NAME="Distroless"', ...rest].map((line) => `${line}\n`).join("");
    return { files: [textFile("usr/lib/os-release", text)], removed: [] };
  },
};
