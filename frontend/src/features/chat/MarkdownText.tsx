import { lazy, memo, Suspense } from "react";

const Markdown = lazy(() => import("./Markdown").catch(() => ({ default: PlainText })));

/** The parser of Markdown comes with the first answer; until then its words stand as they are. */
export const MarkdownText = memo(function MarkdownText({ text }: { text: string }) {
  return (
    <Suspense fallback={<PlainText text={text} />}>
      <Markdown text={text} />
    </Suspense>
  );
});

function PlainText({ text }: { text: string }) {
  return <p className="whitespace-pre-wrap wrap-anywhere">{text}</p>;
}
