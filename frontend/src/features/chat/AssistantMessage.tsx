import { useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { memo, Suspense } from "react";
import { appQuery } from "@/api/queries";
import type { MessageStatus } from "@/api/types";
import { useMe } from "@/features/accounts/useSession";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { lazily } from "@/ui/lazily";
import { visible } from "@/ui/visible";
import { blocksOf, cardCount, sourcesOf, surroundingsOf } from "./answerLayout";
import { MarkdownText } from "./MarkdownText";
import { NoticeLine } from "./NoticeLine";
import { isOffered } from "./offered";
import { type ChatMessage, type Part, textOf } from "./parts";
import { SourceProblems } from "./SourceProblems";
import { ToolBlock } from "./ToolBlock";
import { useGradualCount } from "./useGradualCount";

const IndexOffer = lazily(() => import("./IndexOffer"));

interface AssistantMessageProps {
  message: ChatMessage;
  /** It is being written. */
  live: boolean;
  /** Have it made again; only the last answer can be. */
  onAgain?: () => void;
  /** Cards are drawn one by one after the words above them: a telephone stays responsive. */
  gradual?: boolean;
  /** It is somebody else's. */
  reader?: boolean;
}

export const AssistantMessage = memo(function AssistantMessage(props: AssistantMessageProps) {
  const { message, live, onAgain, gradual = false, reader = false } = props;
  const me = useMe();
  const text = textOf(message);
  const blocks = blocksOf(message.parts);
  const count = cardCount(blocks);
  const room = useGradualCount(gradual ? 0 : count, count);
  const whole = room >= count;
  const around = surroundingsOf(blocks, message.parts, whole ? undefined : room);
  const ending = live ? null : endingOf(message.metadata?.status, reader);
  return (
    <article aria-label="Answer" aria-busy={live} className="mb-8 grid grid-cols-1 gap-3">
      <SourceProblems {...sourcesOf(message.parts)} onRetry={onAgain} />
      {around.map((surroundings, index) => {
        const block = blocks[index];
        if (!block) return null;
        return "tools" in block ? (
          <ToolBlock key={block.key} tools={block.tools} around={surroundings} />
        ) : (
          <PartView key={block.key} part={block.part} />
        );
      })}
      {whole && !live && !reader && isOffered(message, me) && (
        <Suspense fallback={null}>
          <IndexOffer message={message.id} />
        </Suspense>
      )}
      {whole && ending && <p className="text-13 text-muted">{ending}</p>}
      {whole && !live && (
        <div className="-ml-2 flex items-center gap-1 text-13">
          {text && (
            <CopyButton text={visible(text)} what="answer">
              Copy
            </CopyButton>
          )}
          {onAgain && (
            <Button variant="ghost" size="sm" onClick={onAgain}>
              <RotateCcw aria-hidden /> Regenerate
            </Button>
          )}
        </div>
      )}
    </article>
  );
});

const ENDINGS: Record<MessageStatus, string | null> = {
  complete: null,
  generating: null,
  stopped: "You stopped this answer.",
  interrupted: "This answer was interrupted. What is there is kept.",
  failed: "This answer could not be finished. What is there is kept.",
};

function endingOf(status: MessageStatus = "complete", reader: boolean): string | null {
  return reader && status === "stopped" ? "This answer was stopped." : ENDINGS[status];
}

function PartView({ part }: { part: Part }) {
  const { data: app } = useQuery(appQuery);
  if (part.type === "text") {
    return (
      <div className="min-h-6">
        <MarkdownText text={part.text} />
      </div>
    );
  }
  if (part.type === "data-withheld") return <NoticeLine notice={part.data} />;
  if (part.type === "data-notice") {
    // The banner above the chat says it once for all answers.
    const said = part.data.kind === "offline" && app?.model === "planner";
    return said ? null : <NoticeLine notice={part.data} />;
  }
  return null;
}
