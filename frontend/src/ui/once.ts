/**
 * What is made when it is first asked for, and kept. The browser's tools for words and numbers (`Intl`) take a
 * telephone tens of milliseconds to make: too long for code that is only loaded.
 */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
