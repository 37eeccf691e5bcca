/**
 * Where a link of a README leads: an absolute one as it is, a relative one from `base`, the folder of the
 * README at its source. Null for what leads nowhere from here: a file of a source that shows none, a place
 * in the text, any other scheme.
 */
export function linkFrom(href: string | undefined, base: string | null | undefined): string | null {
  if (!href || href.startsWith("#")) return null;
  const url = parsed(href) ?? (base ? parsed(href, base) : null);
  return url && /^(https?|mailto):$/.test(url.protocol) ? url.href : null;
}

function parsed(text: string, base?: string): URL | null {
  return URL.canParse(text, base) ? new URL(text, base) : null;
}
