import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Image, Library, Search } from "lucide-react";
import { useRef } from "react";
import { answerOf, api } from "@/api/client";
import { newId } from "@/api/ids";
import { asProblem } from "@/api/problem";
import { ProblemBox } from "@/ui/ProblemBox";
import { useMedia } from "@/ui/useMedia";
import { useTitle } from "@/ui/useTitle";
import { Composer } from "./Composer";

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
  const navigate = useNavigate();
  const client = useQueryClient();
  const begin = useMutation({
    mutationFn: (_text: string) => answerOf(api.POST("/api/chats", { body: {} })),
    onSuccess: (chat, text) => {
      void client.invalidateQueries({ queryKey: ["chats"] });
      const first = { id: newId(), text };
      return navigate({ to: "/c/$id", params: { id: chat.id }, state: { first } });
    },
  });
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
        <Composer box={box} busy={begin.isPending} onSend={begin.mutate} autoFocus={!touch} />
        {begin.isError && <ProblemBox problem={asProblem(begin.error)} />}
        <ul aria-label="Examples" className="grid grid-cols-1 gap-2 sm:grid-cols-3">
          {PROMPTS.map(({ text, icon: Icon }) => (
            <li key={text} className="grid">
              <button
                type="button"
                disabled={begin.isPending}
                onClick={() => begin.mutate(text)}
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
