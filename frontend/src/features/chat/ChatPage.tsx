import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { asProblem } from "@/api/problem";
import { chatQuery, chatsQuery } from "@/api/queries";
import type { ChatThread } from "@/api/types";
import { Button } from "@/ui/Button";
import { lazily } from "@/ui/lazily";
import { ProblemBox } from "@/ui/ProblemBox";
import { Screen } from "@/ui/Screen";
import { Loading } from "@/ui/Spinner";
import { useTitle } from "@/ui/useTitle";
import { Conversation } from "./Conversation";
import { MissingChat } from "./MissingChat";
import { useChatSession } from "./useChatSession";

const SharedThread = lazily(() => import("./SharedThread"));

/** `/c/:id` */
export default function ChatPage() {
  const { id } = useParams({ from: "/app/c/$id" });
  const thread = useQuery(chatQuery(id));
  if (thread.isError) {
    const problem = asProblem(thread.error);
    // An id that no chat can have is refused with 422.
    if (problem.status === 404 || problem.status === 422) return <MissingChat />;
    return (
      <Screen title="Chat">
        <ProblemBox problem={problem}>
          <Button size="sm" onClick={() => void thread.refetch()}>
            Try again
          </Button>
        </ProblemBox>
      </Screen>
    );
  }
  if (!thread.data) return <Loading />;
  if (thread.data.owner != null) return <Shared thread={thread.data} />;
  return <OpenChat key={id} thread={thread.data} />;
}

function Shared({ thread }: { thread: ChatThread }) {
  useTitle(thread.title);
  return (
    <Suspense fallback={<Loading />}>
      <SharedThread key={thread.id} thread={thread} />
    </Suspense>
  );
}

function OpenChat({ thread }: { thread: ChatThread }) {
  const session = useChatSession(thread);
  // The list hears of the title that the first message gives it.
  const { data: listed } = useInfiniteQuery({
    ...chatsQuery(),
    select: ({ pages }) => pages.flat().find((chat) => chat.id === thread.id),
  });
  const { title, shared } = listed ?? thread;
  useTitle(title);
  return session ? <Conversation session={session} title={title} shared={shared} /> : <Loading />;
}
