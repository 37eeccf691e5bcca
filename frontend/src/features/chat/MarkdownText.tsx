import { lazy, memo, Suspense } from "react";

const Markdown = lazy(() => import("./Markdown"));

/** The parser of Markdown comes after the first answer; until then its words stand as they are. */
export const MarkdownText = memo(function MarkdownText({ text }: { text: string }) {
  return (
    <Suspense fallback={<p className="whitespace-pre-wrap wrap-anywhere">{text}</p>}>
      <Markdown text={text} />
    </Suspense>
  );
});
