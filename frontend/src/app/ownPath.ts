/**
 * A path of this page out of an address that anybody may have written, such as `?next=` of a link to the
 * sign-in; undefined for what would lead elsewhere. A browser drops tabs and line ends, reads `\` as `/`, and
 * takes `//host` for another server: what counts is where it would go.
 */
export function ownPath(given: unknown): string | undefined {
  if (typeof given !== "string" || !given.startsWith("/")) return undefined;
  if (!URL.canParse(given, location.origin)) return undefined;
  const { origin, pathname, search, hash } = new URL(given, location.origin);
  if (origin !== location.origin || pathname.startsWith("//")) return undefined;
  return pathname + search + hash;
}
