/** Lines of waiting things, one per user, served in turn: the user in front gives one and goes to the back. */
export interface Turns<T> {
  add(user: string, item: T): void;
  remove(user: string, item: T): void;
  /** Takes out what is next. */
  next(): T | undefined;
  /** How many things would come before another one of this user. */
  ahead(user: string): number;
  /** Users who wait. */
  readonly size: number;
}

export function createTurns<T>(): Turns<T> {
  /** In the order of turns. */
  const lines = new Map<string, T[]>();
  return {
    add(user, item) {
      const line = lines.get(user);
      if (line) line.push(item);
      else lines.set(user, [item]);
    },

    remove(user, item) {
      const line = lines.get(user);
      const at = line?.indexOf(item) ?? -1;
      if (line === undefined || at < 0) return;
      line.splice(at, 1);
      if (line.length === 0) lines.delete(user);
    },

    next() {
      for (const [user, line] of lines) {
        const item = line.shift();
        lines.delete(user);
        if (line.length > 0) lines.set(user, line);
        return item;
      }
      return undefined;
    },

    ahead(user) {
      const own = lines.get(user)?.length ?? 0;
      if (own === 0) return lines.size;
      let ahead = own;
      for (const [name, line] of lines) if (name !== user) ahead += Math.min(line.length, own + 1);
      return ahead;
    },

    get size() {
      return lines.size;
    },
  };
}
