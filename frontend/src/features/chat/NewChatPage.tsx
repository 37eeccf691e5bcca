import { Image, Library, Search } from "lucide-react";
import { useRef } from "react";
import { NEW_CHAT } from "@/api/words";
import { Spinner } from "@/ui/Spinner";
import { useMedia } from "@/ui/useMedia";
import { useTitle } from "@/ui/useTitle";
import { Composer } from "./Composer";
import { NotSent } from "./NotSent";
import { UserMessage } from "./UserMessage";
import { useNewChat } from "./useNewChat";

/** Each works without a key for anything. */
const PROMPTS = [
  { text: "find diabetes datasets", icon: Search },
  { text: "small image datasets under 100 MB", icon: Image },
  { text: "what do I have downloaded?", icon: Library },
];

/** `/`: a chat begins with its first message, so that none is left empty. */
export default function NewChatPage() {
  useTitle("New chat");
  // On a phone the focus would bring up the keyboard over the examples.
  const touch = useMedia("(pointer: coarse)");
  const box = useRef<HTMLTextAreaElement>(null);
  const { sending, unsent, begin, again, drop, stop } = useNewChat();
  const busy = sending !== null;
  return (
    <div className="h-full overflow-y-auto px-4">
      <div className="mx-auto grid min-h-full max-w-2xl grid-cols-1 content-center gap-6 py-8">
        <header>
          <h1 className="text-24 font-semibold tracking-tight">What data do you need?</h1>
          <p className="text-muted">
            Say it in your own words. Kaggle, HuggingFace and the built-in datasets are searched
            together; what you choose arrives on this machine, verified.
          </p>
        </header>
        {(sending || unsent.length > 0) && (
          <div>
            {unsent.map((message) => (
              <NotSent
                key={message.id}
                message={message}
                busy={busy}
                onAgain={again}
                onDrop={drop}
              />
            ))}
            {sending && (
              <>
                <UserMessage
                  message={{
                    ...sending,
                    role: "user",
                    parts: [{ type: "text", text: sending.text }],
                  }}
                />
                <Spinner label="Sending…" />
              </>
            )}
          </div>
        )}
        <Composer
          box={box}
          chat={NEW_CHAT}
          busy={busy}
          onSend={begin}
          onStop={stop}
          autoFocus={!touch}
        />
        <ul aria-label="Examples" className="grid grid-cols-1 gap-2 sm:grid-cols-3">
          {PROMPTS.map(({ text, icon: Icon }) => (
            <li key={text} className="grid">
              <button
                type="button"
                disabled={busy}
                onClick={() => begin(text)}
                className="flex items-start gap-2 rounded-card border bg-card p-3 text-left text-14 transition-colors hover:bg-panel touch:min-h-11"
              >
                <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
                {text}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
