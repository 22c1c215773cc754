// Which name apk's policy looks at next. Names whose state changed come before any choice; then names that are ripe: nothing can
// change them any more, and one package is left; then names for which a package may be taken by itself; then the rest.
import type { ApkName } from "./policy-apk-names.ts";

export class ApkQueues {
  readonly #dirty: ApkName[] = [];
  readonly #now: ApkName[] = [];
  /** The highest order first. */
  readonly #selectable: ApkName[] = [];
  readonly #open: ApkName[] = [];

  addDirty(name: ApkName): void {
    if (name.isDirty || name.isLocked || (name.requirers === 0 && !name.reconsiderIf)) return;
    name.isDirty = true;
    this.#dirty.push(name);
  }

  takeDirty(): ApkName | undefined {
    const name = this.#dirty.shift();
    if (name !== undefined) name.isDirty = false;
    return name;
  }

  /** `changed`: whether a package may be taken by itself is another matter now, and the name another queue's. */
  addOpen(name: ApkName, { changed = false }: { readonly changed?: boolean } = {}): void {
    if (name.isLocked) return;
    if (name.queue !== "none") {
      if (name.queue === "now" || !(isRipe(name) || changed)) return;
      this.#take(name);
    } else if (name.requirers === 0 && !name.hasIf && !name.ifNeeded) return;
    if (isRipe(name)) {
      name.queue = "now";
      this.#now.push(name);
      return;
    }
    name.queue = name.hasAutomatic ? "selectable" : "open";
    const queue = this.#queueOf(name);
    const at = queue.findIndex((other) => name.order >= other.order);
    queue.splice(at < 0 ? queue.length : at, 0, name);
  }

  takeRipest(): ApkName | undefined {
    const name = this.#now.shift() ?? this.#selectable.shift() ?? this.#open.shift();
    if (name !== undefined) name.queue = "none";
    return name;
  }

  /** A name that was settled. */
  remove(name: ApkName): void {
    if (name.queue !== "none") this.#take(name);
    if (!name.isDirty) return;
    name.isDirty = false;
    this.#dirty.splice(this.#dirty.indexOf(name), 1);
  }

  #take(name: ApkName): void {
    const queue = this.#queueOf(name);
    queue.splice(queue.indexOf(name), 1);
    name.queue = "none";
  }

  #queueOf({ queue }: ApkName): ApkName[] {
    if (queue === "now") return this.#now;
    return queue === "selectable" ? this.#selectable : this.#open;
  }
}

const isRipe = ({ isSettledAbove, requirers, hasAutomatic, hasOptions }: ApkName): boolean =>
  isSettledAbove && requirers > 0 && hasAutomatic && !hasOptions;
