/** At most so many tasks at once for each key: connections for each host. */
export interface Lanes {
  /** Waits for a free lane; the caller calls `leave`, once, when it is done. Throws what `signal` says when it is aborted. */
  enter(key: string, signal?: AbortSignal): Promise<{ leave(): void }>;
}

export function createLanes(atOnce: number): Lanes {
  const busy = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();

  const leave = (key: string): void => {
    const next = waiting.get(key)?.shift();
    if (next) next();
    else busy.set(key, (busy.get(key) ?? 1) - 1);
  };
  const taken = (key: string): { leave(): void } => {
    let left = false;
    return {
      leave: () => {
        if (!left) leave(key);
        left = true;
      },
    };
  };

  return {
    enter: async (key, signal) => {
      signal?.throwIfAborted();
      const count = busy.get(key) ?? 0;
      if (count < atOnce) {
        busy.set(key, count + 1);
        return taken(key);
      }
      const queue = waiting.get(key) ?? [];
      waiting.set(key, queue);
      await turnIn(queue, signal);
      return taken(key);
    },
  };
}

function turnIn(queue: (() => void)[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const stop = (): void => {
      queue.splice(queue.indexOf(go), 1);
      reject(signal?.reason);
    };
    queue.push(go);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
