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
export async function known(...asked: (Query | Promise<unknown>)[]): Promise<void> {
  const answers = Promise.all(
    asked.map((one) => (one instanceof Promise ? one : queryClient.prefetchQuery(one))),
  );
  if (!opening) return;
  await Promise.race([answers, new Promise((done) => setTimeout(done, LONGEST_MS))]);
}

// biome-ignore lint/suspicious/noExplicitAny: queries have nothing in common but that they can be asked
type Query = FetchQueryOptions<any, any, any, any>;
