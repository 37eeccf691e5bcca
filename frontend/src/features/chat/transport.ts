import { DefaultChatTransport } from "ai";
import { config } from "zod/v4/core";
import { sendAsMe } from "@/api/client";
import { type ChatMessage, textOf } from "./parts";

// The SDK checks chunks with zod, which probes for `eval`; the page's policy would report that.
config({ jitless: true });

const STREAM = { Accept: "text/event-stream" };

/**
 * How a chat's state talks to the API: only the last message travels, because the server owns
 * history; `question` is the message whose answer is taken up again, from its start.
 */
export function createTransport(chatId: string, question: () => ChatMessage | undefined) {
  const base = `/api/chats/${encodeURIComponent(chatId)}`;
  return new DefaultChatTransport<ChatMessage>({
    fetch: (input, init) => sendAsMe(input as string, init),
    prepareSendMessagesRequest: ({ messages, trigger, messageId }) => {
      if (trigger === "regenerate-message") {
        const path = `${base}/messages/${encodeURIComponent(messageId ?? "")}/regenerate`;
        return { api: path, headers: STREAM, body: {} };
      }
      const last = messages.at(-1);
      const body = { id: last?.id, content: last ? textOf(last) : "" };
      return { api: `${base}/messages`, headers: STREAM, body };
    },
    prepareReconnectToStreamRequest: () => ({
      api: `${base}/stream?after_message=${encodeURIComponent(question()?.id ?? "")}`,
      headers: STREAM,
    }),
  });
}
