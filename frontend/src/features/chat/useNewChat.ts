import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { answerOf, api } from "@/api/client";
import { newId } from "@/api/ids";
import { asProblem } from "@/api/problem";
import { myWords, NEW_CHAT, type SentMessage } from "@/api/words";
import { ChatSession, type UnsentMessage } from "./ChatSession";

/** Begins chats: each is made for its first message, which is kept until the server has it. */
export function useNewChat() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [words] = useState(myWords);
  const [sending, setSending] = useState<SentMessage | null>(null);
  const [unsent, setUnsent] = useState<UnsentMessage[]>(() =>
    words.unsent(NEW_CHAT).map((kept) => ({ ...kept, problem: null })),
  );
  // Not a state: two presses in a row must see it at once.
  const request = useRef<AbortController | null>(null);
  const shown = useIsShown();

  /** The chat of a message. It is noted, so that sending again makes no second one. */
  async function chatOf(message: SentMessage, signal: AbortSignal): Promise<string> {
    if (message.chat) return message.chat;
    const { id } = await answerOf(api.POST("/api/chats", { body: {}, signal }));
    words.keep(NEW_CHAT, { ...message, chat: id });
    void client.invalidateQueries({ queryKey: ["chats"] });
    return id;
  }

  async function begin(message: SentMessage): Promise<void> {
    if (request.current) return;
    const control = new AbortController();
    request.current = control;
    words.keep(NEW_CHAT, message);
    setUnsent((others) => others.filter(({ id }) => id !== message.id));
    setSending(message);
    try {
      const chat = await chatOf(message, control.signal);
      words.keep(chat, { id: message.id, text: message.text });
      words.drop(NEW_CHAT, message.id);
      if (shown.current) {
        await navigate({ to: "/c/$id", params: { id: chat }, state: { first: message.id } });
      } else sendUnseen(chat, message);
    } catch (error) {
      const problem = control.signal.aborted ? null : asProblem(error);
      setUnsent((others) => [...others, { ...message, problem }]);
    } finally {
      request.current = null;
      setSending(null);
    }
  }

  return {
    sending,
    unsent,
    begin: (text: string) => void begin({ id: newId(), text }),
    again: (message: UnsentMessage) => void begin(message),
    drop: (id: string) => {
      words.drop(NEW_CHAT, id);
      setUnsent((others) => others.filter((message) => message.id !== id));
    },
    stop: () => request.current?.abort(),
  };
}

/** The person has gone on to another screen: the message goes, and nobody is pulled back. */
function sendUnseen(chat: string, { id, text }: SentMessage): void {
  const thread = {
    id: chat,
    title: "",
    created_at: "",
    updated_at: "",
    shared: false,
    messages: [],
  };
  const session = new ChatSession(thread, () => undefined);
  void session.send(text, id);
  session.close();
}

function useIsShown() {
  const shown = useRef(true);
  useEffect(() => {
    shown.current = true;
    return () => {
      shown.current = false;
    };
  }, []);
  return shown;
}
