import { useSyncExternalStore } from "react";
import { store, stored } from "@/api/storage";

/** What a person set for this browser. Nothing of it leaves it. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  /** Shortcuts of a single key; some people's tools type letters by themselves (WCAG 2.1.4). */
  shortcuts: boolean;
  /** The download tray is open. */
  tray: boolean;
}

const DEFAULTS: Preferences = { theme: "system", shortcuts: true, tray: true };

const listeners = new Set<() => void>();
let current: Preferences = load();

/** Names and values are also read by the script in `index.html` that sets the theme before paint. */
function load(): Preferences {
  const theme = stored("theme");
  return {
    theme: theme === "light" || theme === "dark" ? theme : DEFAULTS.theme,
    shortcuts: stored("shortcuts") !== "off",
    tray: stored("tray") !== "off",
  };
}

export function getPreferences(): Preferences {
  return current;
}

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  current = { ...current, [name]: value };
  const text = value === true ? "on" : value === false ? "off" : String(value);
  store(name, text);
  applyTheme();
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

const darkSystem =
  typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;

function applyTheme(): void {
  const { theme } = current;
  const dark = theme === "dark" || (theme === "system" && darkSystem?.matches === true);
  document.documentElement.classList.toggle("dark", dark);
}

darkSystem?.addEventListener("change", applyTheme);
