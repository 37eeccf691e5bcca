const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;

/** Text whose character references (`&amp;`, `&#38;`) are the characters that they stand for. */
export function decodeEntities(text: string): string {
  // The browser knows all 2,231 names. Only what is a reference reaches it: never a tag.
  return text.includes("&") ? text.replace(ENTITY, decoded) : text;
}

function decoded(entity: string): string {
  return new DOMParser().parseFromString(entity, "text/html").body.textContent ?? entity;
}
