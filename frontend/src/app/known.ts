import type { FetchQueryOptions } from "@tanstack/react-query";
import { queryClient } from "@/api/live";

/** A slow server holds nobody up longer than this. */
const LONGEST_MS = 1000;

let opening = true;

/** The page stands: from now on each screen is drawn at once, and fills as it can. */
export function opened(): void {
  opening = false;
}

/**
 * Ask for what a screen shows, beside its code. The screen that the page is opened with waits for it:
 * drawn with what it shows, nothing on it moves afterwards (cumulative layout shift).
 */
// biome-ignore lint/suspicious/noExplicitAny: the queries have nothing in common but that they can be asked
export async function known(...queries: FetchQueryOptions<any, any, any, any>[]): Promise<void> {
  const asked = Promise.all(queries.map((query) => queryClient.prefetchQuery(query)));
  if (!opening) return;
  await Promise.race([asked, new Promise((done) => setTimeout(done, LONGEST_MS))]);
}
