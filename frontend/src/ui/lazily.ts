import { type ComponentType, lazy } from "react";
import { connection } from "@/api/client";

/** Not within this time of the last reload, in milliseconds: a part that stays missing is no loop. */
const RELOAD_AGAIN_MS = 60_000;
const MARK = "dataferry.reloaded";

/**
 * `React.lazy` for a part of a screen. While the server is away it waits; where the part is gone for
 * good, because the server has a new release, the page is loaded anew.
 */
// biome-ignore lint/suspicious/noExplicitAny: as `React.lazy` has it
export function lazily<T extends ComponentType<any>>(load: () => Promise<{ default: T }>) {
  return lazy(() => persistently(load));
}

async function persistently<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!(await connection.check())) await back();
      else if (mayReload()) return reloaded();
      else throw error;
    }
  }
}

function back(): Promise<void> {
  return new Promise((done) => {
    const stop = connection.watch(() => {
      stop();
      done();
    });
  });
}

function reloaded(): Promise<never> {
  location.reload();
  return new Promise(() => {});
}

function mayReload(): boolean {
  const last = Number(sessionStorage.getItem(MARK) ?? 0);
  if (Date.now() - last < RELOAD_AGAIN_MS) return false;
  sessionStorage.setItem(MARK, String(Date.now()));
  return true;
}
