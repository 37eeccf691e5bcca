import { Fragment, type ReactNode } from "react";
import { decodeEntities } from "@/features/chat/entities";

/** What starts on a line of its own. */
const BREAKS = /<\/?(?:p|div|h[1-6]|li|ul|ol|tr|table|center|details|summary|br|hr)\b[^>]*>/gi;
const CELLS = /<\/t[dh]\s*>/gi;
const LOUD = /<(script|style|iframe|object|svg)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi;
const PICTURES = /<img\b[^>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>/gi;
const LINKS = /<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>([\s\S]*?)<\/a\s*>/gi;
const TAGS = /<\/?[a-z][^>]*>|<![^>]*>/gi;
const COMMENTS = /<!--[\s\S]*?(?:-->|$)/g;

/**
 * HTML in a README as the words that it holds. Half of all dataset cards begin with a centred picture or a
 * row of badges, whose tags nobody wants to read; none of it is drawn as HTML.
 */
export function htmlAsText(html: string, address: (href: string) => string | null): ReactNode {
  const quiet = html.replace(COMMENTS, "").replace(LOUD, "");
  const words: ReactNode[] = [];
  let last = 0;
  for (const found of quiet.matchAll(LINKS)) {
    words.push(...linesOf(quiet.slice(last, found.index)));
    const text = linesOf(found[3] ?? "").filter((one) => typeof one === "string");
    const target = address(decodeEntities(found[1] ?? found[2] ?? ""));
    if (text.length > 0)
      words.push(
        target ? (
          <a href={target} target="_blank" rel="noopener noreferrer">
            {text.join(" ")}
          </a>
        ) : (
          text.join(" ")
        ),
      );
    last = found.index + found[0].length;
  }
  words.push(...linesOf(quiet.slice(last)));
  if (!words.some((one) => one !== BREAK)) return null;
  return words.map((one, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they never move
    <Fragment key={index}>{one}</Fragment>
  ));
}

const BREAK = <br />;

/** Lines of text with breaks between them. */
function linesOf(html: string): ReactNode[] {
  const plain = html
    .replace(PICTURES, (_, a: string, b: string) => (a || b ? `[picture: ${a || b}]` : ""))
    .replace(CELLS, " · ")
    .replace(BREAKS, "\n")
    .replace(TAGS, "");
  const lines = decodeEntities(plain)
    .split("\n")
    .filter((line) => line.trim());
  return lines.flatMap((line, place) => (place > 0 ? [BREAK, line] : [line]));
}
