import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { LogOut, MessageSquarePlus } from "lucide-react";
import { useMemo } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { chatSharingQuery } from "@/api/queries";
import type { ChatThread } from "@/api/types";
import { useMe } from "@/features/accounts/useSession";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { AssistantMessage } from "./AssistantMessage";
import { hasEnded, toChatMessage } from "./parts";
import { ThreadHeader } from "./ThreadHeader";
import { UserMessage } from "./UserMessage";
import { useLiveThread } from "./useLiveThread";

/** Somebody else's chat, to be read. */
export default function SharedThread({ thread }: { thread: ChatThread }) {
  useLiveThread(thread.id);
  const messages = useMemo(() => thread.messages.map(toChatMessage), [thread.messages]);
  const last = messages.at(-1);
  const busy = thread.generating != null;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <ThreadHeader title={thread.title}>
        <Leave id={thread.id} />
      </ThreadHeader>
      <section
        aria-label="Conversation"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto px-4 outline-offset-[-2px]"
      >
        <div className="mx-auto grid max-w-3xl grid-cols-1 py-6">
          {messages.map((message) =>
            message.role === "user" ? (
              <UserMessage key={message.id} message={message} by={thread.owner ?? undefined} />
            ) : (
              <AssistantMessage
                key={message.id}
                message={message}
                live={busy && message === last}
                reader
              />
            ),
          )}
          {busy && !hasEnded(last) && <Spinner label="An answer is being written…" />}
        </div>
      </section>
      <Footer thread={thread} />
    </div>
  );
}

function Footer({ thread }: { thread: ChatThread }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const copy = useMutation({
    mutationFn: () =>
      answerOf(api.POST("/api/chats/{chat_id}/copy", { params: { path: { chat_id: thread.id } } })),
    onSuccess: ({ id }) => {
      void client.invalidateQueries({ queryKey: ["chats"] });
      void navigate({ to: "/c/$id", params: { id } });
    },
  });
  return (
    <footer className="w-full px-4 pt-2 pb-4">
      <div className="mx-auto grid max-w-3xl grid-cols-1 gap-2">
        {copy.isError && <ProblemBox problem={asProblem(copy.error)} />}
        <div className="flex flex-wrap items-center justify-between gap-2 rounded-composer border bg-card px-4 py-3 text-14">
          <p className="min-w-0 wrap-anywhere text-muted">
            Shared by {thread.owner}. You can read it.
          </p>
          <Button disabled={copy.isPending} onClick={() => copy.mutate()}>
            <MessageSquarePlus aria-hidden /> Continue in a chat of my own
          </Button>
        </div>
      </div>
    </footer>
  );
}

/** For those who read it by name: what is shared with everybody stays in everybody's list. */
function Leave({ id }: { id: string }) {
  const me = useMe();
  const navigate = useNavigate();
  const client = useQueryClient();
  const sharing = useQuery(chatSharingQuery(id));
  const leave = useMutation({
    mutationFn: () =>
      answerOf(api.DELETE("/api/chats/{chat_id}/sharing", { params: { path: { chat_id: id } } })),
    onSuccess: async () => {
      await navigate({ to: "/" });
      void client.invalidateQueries({ queryKey: ["chats"] });
    },
  });
  const readers = sharing.data?.readers ?? [];
  if (readers.length !== 1 || readers[0]?.email !== me?.email) return null;
  return (
    <Button variant="ghost" size="sm" disabled={leave.isPending} onClick={() => leave.mutate()}>
      <LogOut aria-hidden /> Leave
    </Button>
  );
}
