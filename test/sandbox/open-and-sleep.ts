// A program for tests: opens a sandbox in a folder and sleeps in it, until it is killed.
import { openSandbox } from "../../src/sandbox/sandbox.ts";
import { hostRoot, tarOf } from "./host-root.ts";

const [, , directory = "", marker = ""] = process.argv;
const sandbox = await openSandbox({ directory });
await sandbox.layOut(tarOf(hostRoot()));
await sandbox.run({
  words: ["/bin/sh", "-c", `setsid sleep ${marker} & echo started; chown 1:42 /etc; sleep ${marker}`],
  environment: { PATH: "/bin" },
  onOutput: (chunk) => void process.stdout.write(chunk),
});
