#!/usr/bin/env node
// The guard in front of dodai: syntax that old versions of Node read, so that they can say which one is needed.
var needed = 24;

if (Number(process.versions.node.split(".")[0]) < needed) {
  process.stderr.write(
    "dodai: needs Node " +
      needed +
      " or later, and this is Node " +
      process.versions.node +
      " (" +
      process.execPath +
      ")\n",
  );
  process.exit(2);
}

var env = process.env;
var cache =
  env.DODAI_CACHE_DIR ||
  (env.XDG_CACHE_HOME ? env.XDG_CACHE_HOME + "/dodai" : env.HOME ? env.HOME + "/.cache/dodai" : "");
// Compiled code is kept beside what dodai keeps; where it cannot be, Node goes on without.
if (cache !== "") process.getBuiltinModule("node:module").enableCompileCache(cache + "/compiled");

var built = new URL("../dist/cli/main.js", import.meta.url);
var hasBuilt = process.getBuiltinModule("node:fs").existsSync(built);
void import(hasBuilt ? built : new URL("../src/cli/main.ts", import.meta.url));
