const PREFIX = "dataferry.";

/** Stands in where a browser allows no storage: then it holds until the page is closed. */
const memory = new Map<string, string>();

/** A value of this browser, by its short name. */
export function stored(name: string): string | null {
  const kept = memory.get(name);
  if (kept !== undefined) return kept;
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Keep a value in this browser; null forgets it. */
export function store(name: string, value: string | null): void {
  memory.delete(name);
  try {
    // Never removed to be set: other tabs hear of the removal, which may mean that the session is over.
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // No storage is allowed, or it is full.
    if (value !== null) memory.set(name, value);
  }
}

/** The names of all values of this browser that begin with `start`. */
export function storedNames(start: string): string[] {
  const names = new Set(memory.keys());
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(PREFIX)) names.add(key.slice(PREFIX.length));
  } catch {
    // As above.
  }
  return [...names].filter((name) => name.startsWith(start));
}

/** Hear when another tab changes a value. */
export function onStored(name: string, listener: (value: string | null) => void): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === PREFIX + name) listener(newValue);
  });
}
