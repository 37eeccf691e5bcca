import { useCallback, useRef, useState } from "react";

interface Named {
  id: string;
}

export interface Selection<T extends Named> {
  chosen: ReadonlyMap<string, T>;
  /** Choose a row, or leave it; with `range` all from the one that was clicked before. */
  toggle: (row: T, range: boolean) => void;
  /** Choose or leave many. */
  set: (rows: readonly T[], on: boolean) => void;
  clear: () => void;
}

/**
 * Rows that are chosen, on whatever page they are. `rows`: those on screen, in their order, which a range
 * runs along.
 */
export function useSelection<T extends Named>(rows: readonly T[]): Selection<T> {
  const [chosen, setChosen] = useState<ReadonlyMap<string, T>>(new Map());
  const anchor = useRef<string | null>(null);

  const set = useCallback((many: readonly T[], on: boolean) => {
    setChosen((old) => {
      const next = new Map(old);
      for (const row of many) {
        if (on) next.set(row.id, row);
        else next.delete(row.id);
      }
      return next;
    });
  }, []);

  function toggle(row: T, range: boolean) {
    const on = !chosen.has(row.id);
    const from = rows.findIndex(({ id }) => id === anchor.current);
    const to = rows.findIndex(({ id }) => id === row.id);
    const along = range && from >= 0 && to >= 0;
    set(along ? rows.slice(Math.min(from, to), Math.max(from, to) + 1) : [row], on);
    anchor.current = row.id;
  }

  const clear = useCallback(() => setChosen(new Map()), []);
  // What is on screen is newer than when it was chosen.
  const shown = new Map(rows.map((row) => [row.id, row]));
  const current = new Map([...chosen].map(([id, row]) => [id, shown.get(id) ?? row]));
  return { chosen: current, toggle, set, clear };
}
