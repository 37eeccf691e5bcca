import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { ChatThread } from "@/api/types";
import { announce } from "@/ui/announcer";
import { ChatSession } from "./ChatSession";
import { haveMarks, loadMarkdown } from "./MarkdownText";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The id of a new chat's first message, which is sent as soon as the chat is open. */
    first?: string;
  }
}

/** The session of an opened chat; null for the instant before it begins. */
export function useChatSession(thread: ChatThread): ChatSession | null {
  const client = useQueryClient();
  const first = useLocation({ select: (location) => location.state.first });
  const opened = useRef({ thread, first });
  const [session, setSession] = useState<ChatSession | null>(null);

  useEffect(() => {
    const { thread, first } = opened.current;
    const created = new ChatSession(thread, () => {
      announce("The answer has ended.");
      void client.invalidateQueries({ queryKey: ["chats"] });
    });
    const unsent = created.state().unsent.find(({ id }) => id === first);
    if (unsent) void created.send(unsent.text, unsent.id);
    // Drawn with all its code, no answer moves afterwards.
    let left = false;
    if (haveMarks(created.state().messages))
      void loadMarkdown().then(() => !left && setSession(created));
    else setSession(created);
    return () => {
      left = true;
      created.close();
    };
  }, [client]);

  return session;
}
