import { newId } from "./ids";
import { store, stored } from "./storage";

const NOTE = "renewing";
/** A tab that is closed in mid-work holds the others up no longer than this. */
const LEASE_MS = 5000;
const SETTLE_MS = 30;

/** Run `work` while no other tab of this browser does. */
export function exclusively<T>(work: () => Promise<T>): Promise<T> {
  if (navigator.locks) return navigator.locks.request(`dataferry.${NOTE}`, work) as Promise<T>;
  return leased(work);
}

/**
 * The same by a note in the storage that tabs share: locks are missing on plain http to another
 * machine. The last to write the note has it, once the writing has settled.
 */
export async function leased<T>(work: () => Promise<T>): Promise<T> {
  const mine = newId();
  while (!(await take(mine))) await pause(SETTLE_MS);
  try {
    return await work();
  } finally {
    if (holder() === mine) store(NOTE, null);
  }
}

async function take(mine: string): Promise<boolean> {
  if (holder() !== null) return false;
  store(NOTE, `${mine} ${Date.now() + LEASE_MS}`);
  await pause(SETTLE_MS);
  return holder() === mine;
}

function holder(): string | null {
  const [id, until] = (stored(NOTE) ?? "").split(" ");
  return id && Number(until) > Date.now() ? id : null;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
