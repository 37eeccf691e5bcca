import { useMemo } from "react";
import Markdown, { type MarkdownRules } from "@/features/chat/Markdown";
import { htmlAsText } from "./htmlAsText";
import { linkFrom } from "./links";

/** What a dataset's author wrote, as Markdown: untrusted. `base` is where its relative links start. */
export default function Readme({ text, base }: { text: string; base?: string | null }) {
  const rules = useMemo(() => rulesOf(base), [base]);
  return (
    <div className="max-w-3xl min-w-0 text-14">
      <Markdown text={text} rules={rules} />
    </div>
  );
}

function rulesOf(base: string | null | undefined): MarkdownRules {
  const address = (href: string) => linkFrom(href, base);
  return {
    link: (href, words, title) => {
      const target = address(href);
      return target ? (
        <a href={target} title={title} target="_blank" rel="noopener noreferrer">
          {words}
        </a>
      ) : (
        words
      );
    },
    image: (description) =>
      description && <span className="text-muted">[picture: {description}]</span>,
    html: (raw, block) => {
      const words = htmlAsText(raw, address);
      return block && words ? <p dir="auto">{words}</p> : words;
    },
    level: (depth) => Math.min(6, depth + 2),
  };
}
