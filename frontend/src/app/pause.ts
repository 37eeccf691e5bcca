/** Lets the browser take clicks and keys, and paint: no task of the start is long. */
export function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
