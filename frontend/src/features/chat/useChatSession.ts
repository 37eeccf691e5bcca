import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { ChatThread } from "@/api/types";
import { announce } from "@/ui/announcer";
import { ChatSession } from "./ChatSession";

/** A new chat's first message travels in the history entry, with its id: sent twice, it is one. */
export interface FirstMessage {
  id: string;
  text: string;
}

declare module "@tanstack/react-router" {
  interface HistoryState {
    first?: FirstMessage;
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
    if (first && thread.messages.length === 0) created.send(first.text, first.id);
    setSession(created);
    return () => created.close();
  }, [client]);

  return session;
}
