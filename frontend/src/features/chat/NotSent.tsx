import { RotateCcw, TriangleAlert, X } from "lucide-react";
import { Button } from "@/ui/Button";
import type { UnsentMessage } from "./ChatSession";
import { UserMessage } from "./UserMessage";

interface NotSentProps {
  message: UnsentMessage;
  /** Another message is on its way, or an answer is being written. */
  busy: boolean;
  onAgain: (message: UnsentMessage) => void;
  onDrop: (id: string) => void;
}

/** A message that the server does not have, why, and the way to send it. */
export function NotSent({ message, busy, onAgain, onDrop }: NotSentProps) {
  const { id, text, problem } = message;
  return (
    <section aria-label="Message that was not sent">
      <UserMessage message={{ id, role: "user", parts: [{ type: "text", text }] }} />
      <div className="-mt-3 mb-5 flex flex-wrap items-center justify-end gap-x-2 gap-y-1 text-13">
        <p role="alert" className="flex min-w-0 items-start gap-1.5 text-muted">
          <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0 text-bad" />
          <span className="min-w-0 wrap-anywhere">
            <strong className="font-semibold text-fg">Not sent.</strong>
            {problem && ` ${problem.detail}`}
          </span>
        </p>
        <div className="flex gap-1">
          <Button size="sm" disabled={busy} onClick={() => onAgain(message)}>
            <RotateCcw aria-hidden /> Send again
          </Button>
          <Button variant="ghost" size="sm" onClick={() => onDrop(id)}>
            <X aria-hidden /> Remove
          </Button>
        </div>
      </div>
    </section>
  );
}
