import type { Library } from "./context.ts";

/** The library, each part of it loaded at its first call: a command pays for what it uses. */
export const lazyLibrary: Library = {
  build: async (options) => (await import("../build/build.ts")).build(options),
  buildDockerfile: async (options) =>
    (await import("../build/dockerfile/build-dockerfile.ts")).buildDockerfile(options),
  lock: async (options) => (await import("../build/lock.ts")).lock(options),
  resolve: async (options) => (await import("../build/resolve.ts")).resolve(options),
  why: async (options) => (await import("../build/why.ts")).why(options),
  runImage: async (options) => (await import("../build/run.ts")).runImage(options),
  copyImage: async (options) => (await import("../build/copy.ts")).copyImage(options),
  inspectImage: async (options) => (await import("../build/inspect.ts")).inspectImage(options),
  findBuilt: async (name, cache) => (await import("../build/built-names.ts")).findBuilt(name, cache),
  findRecipe: async (name) => (await import("../build/recipes.ts")).findRecipe(name),
  builtInRecipes: async () => (await import("../build/recipes.ts")).builtInRecipes(),
  sizeOfStore: async (directory) => (await import("../io/store-prune.ts")).sizeOfStore(directory),
  pruneStore: async (directory, options) => (await import("../io/store-prune.ts")).pruneStore(directory, options),
};
