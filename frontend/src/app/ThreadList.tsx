import { useInfiniteQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { chatsQuery } from "@/api/queries";
import { MoreThreads } from "./MoreThreads";
import { SharedThreads } from "./SharedThreads";
import { ThreadItem } from "./ThreadItem";
import { groupThreads, unique } from "./threads";

/** A person's chats by date, found by a word of their title or messages. */
export function ThreadList() {
  const { id: open } = useParams({ strict: false });
  const [words, setWords] = useState("");
  const q = useDeferredValue(words.trim());
  const chats = useInfiniteQuery(chatsQuery(q));
  const listed = unique(chats.data?.pages.flat() ?? []);
  const groups = groupThreads(listed, new Date());
  return (
    <div className="flex min-h-40 flex-1 flex-col gap-2">
      <div className="relative">
        <Search
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-2 size-3.5 -translate-y-1/2 text-muted"
        />
        <input
          type="search"
          aria-label="Search chats"
          placeholder="Search chats"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          className="min-h-8 w-full rounded-control border bg-card pr-2 pl-7 text-13 placeholder:text-muted touch:min-h-11 touch:text-[16px]"
        />
      </div>
      <div className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto">
        {groups.map(({ title, chats: members }) => (
          <section key={title} aria-label={title} className="mb-3">
            <h2 className="px-2 pb-1 text-12 font-medium text-muted">{title}</h2>
            <ul className="grid grid-cols-1 gap-0.5">
              {members.map((chat) => (
                <ThreadItem key={chat.id} chat={chat} open={chat.id === open} />
              ))}
            </ul>
          </section>
        ))}
        {chats.hasNextPage && (
          <MoreThreads busy={chats.isFetchingNextPage} onMore={() => void chats.fetchNextPage()} />
        )}
        <SharedThreads q={q} />
        {chats.data && listed.length === 0 && (
          <p className="px-2 text-13 text-muted">{q ? "No chat matches." : "No chats yet."}</p>
        )}
        {chats.isError && !chats.data && (
          <p role="alert" className="px-2 text-13 text-bad">
            The chats could not be read.{" "}
            <button type="button" className="underline" onClick={() => void chats.refetch()}>
              Try again
            </button>
          </p>
        )}
      </div>
    </div>
  );
}
