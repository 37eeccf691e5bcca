import type { Link, Nodes, Parent, PhrasingContent, Root, RootContent } from "mdast";

/** What starts on a line of its own. */
const BREAKS = /<\/?(?:p|div|h[1-6]|li|ul|ol|tr|table|center|details|summary|br|hr)\b[^>]*>/gi;
const CELLS = /<\/t[dh]\s*>/gi;
const LOUD = /<(script|style|iframe|object|svg)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi;
const PICTURES = /<img\b[^>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>/gi;
const LINKS = /<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>([\s\S]*?)<\/a\s*>/gi;
const TAGS = /<\/?[a-z][^>]*>|<![^>]*>/gi;
const COMMENTS = /<!--[\s\S]*?(?:-->|$)/g;
const ENTITIES: Record<string, string> = { nbsp: "\u00a0", amp: "&", lt: "<", gt: ">", quot: '"' };

/**
 * A plugin of remark: HTML in a README becomes the words that it holds. Half of all dataset cards begin
 * with a centred picture or a row of badges, whose tags nobody wants to read; none of it is drawn as HTML.
 */
export function htmlAsText() {
  return (tree: Root) => replaceIn(tree);
}

function replaceIn(parent: Parent): void {
  parent.children = parent.children.flatMap((child): RootContent[] => {
    if (child.type !== "html") {
      if (isParent(child)) replaceIn(child);
      return [child];
    }
    const words = wordsOf(child.value);
    if (words.length === 0) return [];
    return isBlock(parent) ? [{ type: "paragraph", children: words }] : words;
  });
}

function isParent(node: Nodes): node is Nodes & Parent {
  return "children" in node;
}

/** Where text cannot stand by itself. */
function isBlock({ type }: Parent): boolean {
  return ["root", "blockquote", "listItem", "footnoteDefinition"].includes(type);
}

function wordsOf(html: string): PhrasingContent[] {
  const quiet = html.replace(COMMENTS, "").replace(LOUD, "");
  const words: PhrasingContent[] = [];
  let last = 0;
  for (const found of quiet.matchAll(LINKS)) {
    words.push(...textOf(quiet.slice(last, found.index)));
    const children = textOf(found[3] ?? "").filter((one) => one.type === "text");
    if (children.length > 0) {
      words.push({ type: "link", url: found[1] ?? found[2] ?? "", children } satisfies Link);
    }
    last = found.index + found[0].length;
  }
  words.push(...textOf(quiet.slice(last)));
  return words.some((one) => one.type !== "break") ? words : [];
}

/** Lines of text with breaks between them. */
function textOf(html: string): PhrasingContent[] {
  const plain = html
    .replace(PICTURES, (_, a: string, b: string) => (a || b ? `[picture: ${a || b}]` : ""))
    .replace(CELLS, " · ")
    .replace(BREAKS, "\n")
    .replace(TAGS, "")
    .replace(/&(nbsp|amp|lt|gt|quot);/g, (_, name: string) => ENTITIES[name] ?? "");
  const lines = plain.split("\n").filter((line) => line.trim());
  return lines.flatMap((line, place): PhrasingContent[] => [
    ...(place > 0 ? [{ type: "break" } as const] : []),
    { type: "text", value: line },
  ]);
}
