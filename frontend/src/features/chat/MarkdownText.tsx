import { memo, Suspense } from "react";
import { lazily } from "@/ui/lazily";
import type { ChatMessage } from "./parts";
import { isPlain } from "./plain";

const load = () => import("./Markdown");
const Markdown = lazily(load);

/**
 * Words of an answer. They are read again only when they have changed. Most of what the planner says has no marks:
 * the patterns of `marked` take a telephone longer than all else of its drawing.
 */
export const MarkdownText = memo(function MarkdownText({ text }: { text: string }) {
  const words = (
    <div className="prose-answer min-w-0 wrap-anywhere">
      <p dir="auto" className="whitespace-pre-line">
        {text}
      </p>
    </div>
  );
  if (isPlain(text)) return words;
  return (
    <Suspense fallback={words}>
      <Markdown text={text} />
    </Suspense>
  );
});

/** The code that reads marks is fetched ahead; where the server is away it is asked for again with the first text. */
export async function loadMarkdown(): Promise<void> {
  await load().catch(() => undefined);
}

/** Whether `messages` have words with marks. */
export function haveMarks(messages: readonly ChatMessage[]): boolean {
  return messages.some(
    ({ role, parts }) =>
      role === "assistant" && parts.some((part) => part.type === "text" && !isPlain(part.text)),
  );
}
