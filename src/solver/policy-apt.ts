// Which packages apt 2.6 would mark, and in which order, on an empty system. This is the solver's taste: the search takes the
// marks as its decisions, one by one, and only where they do not hold together does it leave them.
//
// It follows what pkgDepCache::MarkInstall does (apt-pkg/depcache.cc of apt 2.6), with its consequences: a package that is
// already marked satisfies a relation, whatever comes first in it; of alternatives the first that can be marked is taken;
// what an alternative that failed has pulled in stays marked; a requested package, and what it needs without a choice, is
// protected and takes the candidates away that it conflicts with; another package that conflicts with a marked one unmarks
// it. The recursion is a stack of frames here, so that no index can overflow ours.
import type { Clause, Universe } from "./universe.ts";

/** apt-pkg/depcache.cc, IsModeChangeOk: deeper than this, a package is not marked. */
const MAX_DEPTH = 3000;

const MARKED = 1;
const PROTECTED = 2;
const DISCARDED = 4;

export interface WalkOptions {
  readonly universe: Universe;
  /** Requested variables in order; each is the candidate of its slot. */
  readonly requests: readonly number[];
  readonly recommends: boolean;
  /** Variables that cannot be had; apt would say that they have no candidate. */
  isBlocked(variable: number): boolean;
}

/** A package whose relations are being followed. */
interface Frame {
  readonly slot: number;
  readonly isRequest: boolean;
  /** It was protected before it was marked, so protection goes on to what it needs without a choice. */
  readonly propagates: boolean;
  readonly clauses: readonly Clause[];
  at: number;
  /** Slots that may meet `clauses[at]`, or undefined before it was looked at. */
  choices: readonly number[] | undefined;
  choice: number;
  failed: boolean;
  /** What was asked of the frame above, to know what its end means. */
  waiting: "choice" | "protection" | undefined;
}

/** The variables that apt marks, in the order in which it does. They may not hold together: apt's resolver would come next. */
export function walkAsApt(options: WalkOptions): readonly number[] {
  return new Walk(options).run();
}

class Walk {
  readonly #universe: Universe;
  readonly #options: WalkOptions;
  /** By slot. */
  readonly #flags: Uint8Array;
  readonly #order: number[] = [];
  readonly #frames: Frame[] = [];
  /** By need: the slots whose candidates meet it, in order of preference. */
  readonly #slots: (readonly number[] | undefined)[] = [];

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#universe = options.universe;
    this.#flags = new Uint8Array(options.universe.capacity);
  }

  run(): readonly number[] {
    const slots = this.#options.requests.map((variable) => this.#universe.slots[variable] as number);
    for (const slot of slots) {
      this.#set(slot, PROTECTED);
      if (this.#hasCandidate(slot)) this.#mark(slot);
    }
    for (const slot of slots) {
      if (this.#enter(slot, true)) this.#follow();
    }
    const marked = this.#order.filter((slot) => this.#has(slot, MARKED));
    return [...new Set(marked)].map((slot) => this.#universe.candidate(slot));
  }

  /** Runs frames until none is left. */
  #follow(): void {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return;
      if (frame.at < frame.clauses.length) this.#step(frame);
      else this.#leave(frame);
    }
  }

  /** Looks at one relation of the frame's package, or goes on with it. */
  #step(frame: Frame): void {
    const clause = frame.clauses[frame.at] as Clause;
    const isHard = clause.relation.kind !== "recommends";
    if (frame.choices === undefined) {
      if (this.#isSatisfied(clause)) {
        if (frame.propagates && isHard && this.#protectOnly(frame, clause)) return;
        frame.at++;
        return;
      }
      frame.choices = this.#choices(clause);
      frame.choice = 0;
    }
    while (frame.choice < frame.choices.length) {
      const slot = frame.choices[frame.choice++] as number;
      if (!this.#hasCandidate(slot)) continue;
      if (frame.propagates && isHard && frame.choices.length === 1) {
        if (!this.#canMark(slot)) continue;
        this.#mark(slot);
        this.#set(slot, PROTECTED);
      }
      if (this.#has(slot, MARKED) && !this.#has(slot, PROTECTED)) {
        this.#next(frame);
        return;
      }
      if (!this.#enter(slot, false)) continue;
      frame.waiting = "choice";
      return;
    }
    if (isHard) frame.failed = true;
    if (frame.failed && isHard && !frame.propagates && !frame.isRequest) frame.at = frame.clauses.length;
    else this.#next(frame);
  }

  #next(frame: Frame): void {
    frame.at++;
    frame.choices = undefined;
  }

  /** A satisfied relation that leaves no choice: what satisfies it becomes protected. True when a frame was entered. */
  #protectOnly(frame: Frame, clause: Clause): boolean {
    const [slot, ...others] = this.#choices(clause);
    if (slot === undefined || others.length > 0 || this.#has(slot, PROTECTED)) return false;
    this.#set(slot, PROTECTED);
    if (!this.#enter(slot, false)) {
      frame.failed = true;
      return false;
    }
    frame.waiting = "protection";
    return true;
  }

  /** Ends a frame and tells the one below how it went. */
  #leave(frame: Frame): void {
    this.#frames.pop();
    if (!frame.propagates) this.#clear(frame.slot, PROTECTED);
    const failsEarly = !frame.propagates && !frame.isRequest;
    if (frame.failed && failsEarly) this.#discard(frame.slot);
    const below = this.#frames.at(-1);
    if (below === undefined) return;
    const { waiting } = below;
    below.waiting = undefined;
    if (waiting === "protection") {
      if (frame.failed) below.failed = true;
      this.#next(below);
    } else if (!frame.failed) this.#next(below);
  }

  /** MarkInstall up to where relations are followed. False when the package cannot be marked. */
  #enter(slot: number, isRequest: boolean): boolean {
    if (this.#frames.length > MAX_DEPTH) return false;
    if (!isRequest && !this.#canMark(slot)) return false;
    if (!this.#hasCandidate(slot)) return false;
    const variable = this.#universe.candidate(slot);
    const { positive, hard } = this.#universe.relations(variable);
    const isProtected = this.#has(slot, PROTECTED);
    const clauses: Clause[] = [];
    const end = this.#options.recommends ? positive.length : hard;
    for (let at = 0; at < end; at++) {
      const clause = positive[at] as Clause;
      const isSatisfied = this.#isSatisfied(clause);
      if (isProtected || !isSatisfied) clauses.push(clause);
      if (at < hard && !isSatisfied && !this.#isPossible(clause)) {
        if (!isProtected) this.#discard(slot);
        return false;
      }
    }
    const removed = this.#removeConflicts(variable, isProtected, isRequest);
    if (!removed && !isProtected && !isRequest) return false;
    this.#mark(slot);
    this.#set(slot, PROTECTED);
    this.#frames.push({
      slot,
      isRequest,
      propagates: isProtected,
      clauses,
      at: 0,
      choices: undefined,
      choice: 0,
      failed: !removed,
      waiting: undefined,
    });
    return true;
  }

  /** Unmarks what the package refuses; a protected package takes the candidates of these away for good. */
  #removeConflicts(variable: number, isProtected: boolean, isRequest: boolean): boolean {
    const own = this.#universe.slots[variable];
    let ok = true;
    for (const { needs } of this.#universe.relations(variable).negative) {
      for (const slot of this.#slotsOf(needs[0] as number)) {
        if (slot === own || !this.#hasCandidate(slot)) continue;
        if (this.#has(slot, MARKED) && this.#has(slot, PROTECTED)) {
          ok = false;
          if (!isProtected && !isRequest) return false;
          continue;
        }
        this.#clear(slot, MARKED);
        if (isProtected) this.#set(slot, DISCARDED | PROTECTED);
      }
    }
    return ok;
  }

  /** IsModeChangeOk for an install that no person asked for. */
  #canMark(slot: number): boolean {
    return this.#has(slot, MARKED) || !this.#has(slot, PROTECTED);
  }

  #mark(slot: number): void {
    if (this.#has(slot, MARKED)) return;
    this.#set(slot, MARKED);
    this.#order.push(slot);
  }

  /** From now on the package has no candidate. */
  #discard(slot: number): void {
    this.#clear(slot, MARKED);
    this.#set(slot, DISCARDED);
  }

  /** Slots that may meet a relation, protected ones first, without those that are protected from being marked. */
  #choices({ needs }: Clause): readonly number[] {
    const choices: number[] = [];
    for (const need of needs) {
      const rest: number[] = [];
      for (const slot of this.#slotsOf(need)) {
        if (!this.#hasCandidate(slot)) continue;
        if (!this.#has(slot, PROTECTED)) rest.push(slot);
        else if (this.#has(slot, MARKED)) choices.push(slot);
      }
      choices.push(...rest);
    }
    return choices.filter((slot, at) => slot !== choices[at - 1]);
  }

  #isSatisfied({ needs }: Clause): boolean {
    for (const need of needs) {
      for (const slot of this.#slotsOf(need)) if (this.#has(slot, MARKED)) return true;
    }
    return false;
  }

  /** A candidate that was taken away still counts: apt does not look again at who depends on it. */
  #isPossible({ needs }: Clause): boolean {
    for (const need of needs) {
      for (const slot of this.#slotsOf(need)) if (!this.#options.isBlocked(this.#universe.candidate(slot))) return true;
    }
    return false;
  }

  #slotsOf(need: number): readonly number[] {
    const known = this.#slots[need];
    if (known !== undefined) return known;
    const found: number[] = [];
    for (const target of this.#universe.targets(need)) {
      if (this.#universe.isCandidate(target)) found.push(this.#universe.slots[target] as number);
    }
    this.#slots[need] = found;
    return found;
  }

  #hasCandidate(slot: number): boolean {
    return !this.#has(slot, DISCARDED) && !this.#options.isBlocked(this.#universe.candidate(slot));
  }

  #has(slot: number, flag: number): boolean {
    return ((this.#flags[slot] as number) & flag) !== 0;
  }

  #set(slot: number, flags: number): void {
    this.#flags[slot] = (this.#flags[slot] as number) | flags;
  }

  #clear(slot: number, flags: number): void {
    this.#flags[slot] = (this.#flags[slot] as number) & ~flags;
  }
}
