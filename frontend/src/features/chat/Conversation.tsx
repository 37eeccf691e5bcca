import { ArrowDown } from "lucide-react";
import {
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { asProblem } from "@/api/problem";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { isPointerFine } from "@/ui/useMedia";
import { AssistantMessage } from "./AssistantMessage";
import type { ChatSession } from "./ChatSession";
import { Composer } from "./Composer";
import { loadMarkdown } from "./MarkdownText";
import { NotSent } from "./NotSent";
import { textOf } from "./parts";
import { ShareThreadButton, ThreadHeader } from "./ThreadHeader";
import { UserMessage } from "./UserMessage";
import { useAutoScroll } from "./useAutoScroll";

interface ConversationProps {
  session: ChatSession;
  title: string;
  /** Others may read it. */
  shared: boolean;
}

export function Conversation({ session, title, shared }: ConversationProps) {
  const state = useSyncExternalStore(session.watch, session.state);
  const { messages, unsent, busy, lost, error } = state;
  const log = useRef<HTMLElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const scroll = useAutoScroll(log);
  const last = messages.at(-1);
  const question = messages.findLast((message) => message.role === "user");
  // Of a chat that is opened the newest answer is looked at first, and is the one that may be drawn in steps.
  const [stored] = useState(busy ? undefined : last?.id);

  const stop = useCallback(() => void session.stop(), [session]);
  const again = useCallback(() => {
    void session.again();
    scroll.followAnswer();
  }, [session, scroll.followAnswer]);
  const leave = useCallback(() => log.current?.focus(), []);
  useEscape(busy, stop);
  useFocusOfNew(box, messages.length < 2);
  useEffect(() => {
    if (busy) void loadMarkdown();
  }, [busy]);

  function send(text: string, id?: string) {
    void session.send(text, id);
    announce("Sending…");
    // The question must be on the page before it can be followed.
    requestAnimationFrame(scroll.followAnswer);
  }

  return (
    <div className="flex h-full min-h-0 flex-col">
      <ThreadHeader title={title}>
        <ShareThreadButton id={session.id} title={title} shared={shared} />
      </ThreadHeader>
      <section
        ref={log}
        aria-label="Conversation"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        // Room for the scrollbar from the beginning: coming with the fifth card, it would move all others.
        className="min-h-0 flex-1 overflow-y-auto px-4 outline-offset-[-2px] scrollbar-gutter-stable"
      >
        <div className="mx-auto grid max-w-3xl grid-cols-1 py-6">
          {messages.map((message) =>
            message.role === "user" ? (
              <UserMessage key={message.id} message={message} />
            ) : (
              <AssistantMessage
                key={message.id}
                message={message}
                live={busy && message === last}
                gradual={message.id === stored}
                onAgain={!busy && message === last ? again : undefined}
              />
            ),
          )}
          {busy && <Waiting started={last?.role === "assistant"} lost={lost} />}
          {unsent.map((message) => (
            <NotSent
              key={message.id}
              message={message}
              busy={busy}
              onAgain={({ text, id }) => send(text, id)}
              onDrop={(id) => session.drop(id)}
            />
          ))}
          {error != null && !busy && (
            <ProblemBox problem={asProblem(error)}>
              <Button size="sm" onClick={again}>
                Try again
              </Button>
            </ProblemBox>
          )}
        </div>
      </section>
      <div className="w-full px-4 pt-2 pb-4">
        <div className="mx-auto max-w-3xl">
          <Composer
            box={box}
            chat={session.id}
            onSend={send}
            busy={busy}
            onStop={stop}
            onLeave={leave}
            lastMessage={question && textOf(question)}
          >
            {scroll.below && (
              <Button
                variant="ghost"
                size="icon"
                aria-label="More below"
                title="More below"
                onClick={() => {
                  scroll.toEnd();
                  // The button goes; the focus would be lost with it.
                  leave();
                }}
              >
                <ArrowDown aria-hidden />
              </Button>
            )}
          </Composer>
        </div>
      </div>
    </div>
  );
}

/** Below the last message while an answer is on its way. */
function Waiting({ started, lost }: { started: boolean; lost: boolean }) {
  if (lost) return <Spinner label="The connection was lost. Reconnecting…" />;
  return started ? null : <Spinner label="Thinking…" />;
}

/** A new chat was begun in the composer of another screen: the focus goes on in this one's. */
function useFocusOfNew(box: RefObject<HTMLTextAreaElement | null>, isNew: boolean): void {
  const wanted = useRef(isNew);
  useLayoutEffect(() => {
    const free = document.activeElement === null || document.activeElement === document.body;
    if (wanted.current && free && isPointerFine()) box.current?.focus();
  }, [box]);
}

/** Escape stops an answer, unless something that stands over the page takes it first. */
function useEscape(active: boolean, act: () => void): void {
  // A passive effect may run after the paint, when the key has been pressed.
  useLayoutEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !document.querySelector("[role=dialog],[role=alertdialog]"))
        act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [active, act]);
}
