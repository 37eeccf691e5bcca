import { ArrowUp, Square } from "lucide-react";
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useLayoutEffect,
  useState,
} from "react";
import { Button } from "@/ui/Button";
import { isPointerFine } from "@/ui/useMedia";
import { useDraft } from "./useDraft";

const LONGEST = 16_000;

interface ComposerProps {
  box: RefObject<HTMLTextAreaElement | null>;
  onSend: (text: string) => void;
  /** An answer is being written: it can be stopped, and nothing can be sent. */
  busy?: boolean;
  onStop?: () => void;
  /** The person's last message, which the up arrow brings back. */
  lastMessage?: string;
  autoFocus?: boolean;
  /** The chat under which what is typed is kept. */
  chat?: string;
  /** Escape, with nothing to stop and nothing to drop. */
  onLeave?: () => void;
  /** Stands before Send. */
  children?: ReactNode;
}

export function Composer({ box, onSend, busy = false, onStop, ...rest }: ComposerProps) {
  const { lastMessage, autoFocus, chat, onLeave, children } = rest;
  const [text, setText] = useDraft(chat);
  const [editing, setEditing] = useState(false);
  const tooLong = text.length > LONGEST;
  // Before it is seen: a later focus would take it from where somebody has begun to type.
  useLayoutEffect(() => {
    if (autoFocus) box.current?.focus();
  }, [autoFocus, box]);
  const canSend = text.trim() !== "" && !tooLong && !busy;

  function send() {
    if (!canSend) return;
    onSend(text.trim());
    setText("");
    setEditing(false);
    // A press on Send took the focus, and the next message is typed here. On a telephone it would bring
    // up the keyboard over the answer.
    if (isPointerFine()) box.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && text === "" && lastMessage) {
      event.preventDefault();
      setText(lastMessage);
      setEditing(true);
    } else if (event.key === "Escape" && editing) {
      event.stopPropagation();
      setText("");
      setEditing(false);
    } else if (event.key === "Escape" && !busy) {
      onLeave?.();
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {editing && (
        <p className="px-3 pb-1 text-13 text-muted">
          Editing your last message: it is sent as a new one. Esc drops it.
        </p>
      )}
      <div className="flex items-end gap-2 rounded-composer border bg-card p-2 focus-within:border-accent">
        <textarea
          ref={box}
          rows={1}
          value={text}
          dir="auto"
          aria-label="Message"
          aria-invalid={tooLong || undefined}
          placeholder="Ask for a dataset…"
          enterKeyHint="send"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          className="max-h-[min(11rem,35dvh)] min-h-9 min-w-0 flex-1 resize-none bg-transparent px-2 py-1.5 text-15 outline-none field-sizing-content placeholder:text-muted touch:min-h-11 touch:py-2.5 touch:text-[16px]"
        />
        {children}
        {busy ? (
          <Button size="icon" aria-label="Stop" title="Stop (Esc)" onClick={onStop}>
            <Square aria-hidden className="fill-current" />
          </Button>
        ) : (
          <Button
            type="submit"
            variant="primary"
            size="icon"
            aria-label="Send"
            title="Send (Enter)"
            disabled={!canSend}
          >
            <ArrowUp aria-hidden />
          </Button>
        )}
      </div>
      {tooLong && (
        <p role="alert" className="px-3 pt-1 text-13 text-bad">
          {text.length.toLocaleString("en")} characters; {LONGEST.toLocaleString("en")} are the
          limit.
        </p>
      )}
    </form>
  );
}
