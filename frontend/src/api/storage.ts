const PREFIX = "dataferry.";

/** Stands in where a browser allows no storage: then it holds until the page is closed. */
const memory = new Map<string, string>();

/** A value of this browser, by its short name. */
export function stored(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return memory.get(name) ?? null;
  }
}

/** Keep a value in this browser; null forgets it. */
export function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    if (value === null) memory.delete(name);
    else memory.set(name, value);
  }
}

/** Hear when another tab changes a value. */
export function onStored(name: string, listener: (value: string | null) => void): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === PREFIX + name) listener(newValue);
  });
}
