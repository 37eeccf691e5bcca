import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Pencil, Trash2, Users } from "lucide-react";
import { type MouseEvent, memo, Suspense, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { ChatView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { focused } from "@/ui/focused";
import { lazily } from "@/ui/lazily";
import { SELECTED } from "./selected";

const DeleteChat = lazily(() => import("./DeleteChat"));

const ICON_BUTTON =
  "grid size-7 place-items-center rounded-control text-muted outline-offset-[-2px] hover:bg-panel hover:text-fg touch:size-11";

interface ThreadItemProps {
  chat: ChatView;
  /** It is the one on the page. */
  open: boolean;
}

/**
 * A chat in the rail: open, rename in place, delete. There may be a thousand: none is drawn again because
 * of another, and none listens to the router, as its own links do.
 */
export const ThreadItem = memo(function ThreadItem({ chat, open }: ThreadItemProps) {
  const [renaming, setRenaming] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const navigate = useNavigate();

  function follow(event: MouseEvent) {
    // A new tab or window is the browser's own matter.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    void navigate({ to: "/c/$id", params: { id: chat.id } });
  }

  if (renaming) return <RenameForm chat={chat} onDone={() => setRenaming(false)} />;
  return (
    <li className="group relative flex min-w-0 items-center rounded-control hover:bg-bg">
      <a
        href={`/c/${chat.id}`}
        onClick={follow}
        aria-current={open ? "page" : undefined}
        title={chat.title}
        className={clsx(
          "min-w-0 flex-1 rounded-control px-2 py-1.5 text-13 outline-offset-[-2px] group-focus-within:pr-15 group-hover:pr-15 touch:py-3 touch:pr-2!",
          open && SELECTED,
        )}
      >
        {/* In the direction of its own script, so that the cut and the ellipsis are at its end. */}
        <span dir="auto" className="block truncate">
          {chat.shared && <Users role="img" aria-label="Shared" className="mr-1 inline size-3" />}
          {chat.title}
        </span>
      </a>
      {/* A mouse sees them at the row that it is on, over the end of a title that makes way. */}
      <span className="absolute right-0.5 flex shrink-0 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 touch:static touch:opacity-100">
        <button
          type="button"
          aria-label={`Rename ${chat.title}`}
          className={ICON_BUTTON}
          onClick={() => setRenaming(true)}
        >
          <Pencil aria-hidden className="size-3.5" />
        </button>
        <button
          type="button"
          aria-label={`Delete ${chat.title}`}
          className={ICON_BUTTON}
          onClick={() => setDeleting(true)}
        >
          <Trash2 aria-hidden className="size-3.5" />
        </button>
      </span>
      {deleting && (
        <Suspense fallback={null}>
          <DeleteChat
            chat={chat}
            onClose={() => setDeleting(false)}
            onDeleted={() => {
              if (open) void navigate({ to: "/" });
            }}
          />
        </Suspense>
      )}
    </li>
  );
});

function RenameForm({ chat, onDone }: { chat: ChatView; onDone: () => void }) {
  const client = useQueryClient();
  const rename = useMutation({
    mutationFn: (title: string) =>
      answerOf(
        api.PATCH("/api/chats/{chat_id}", {
          params: { path: { chat_id: chat.id } },
          body: { title },
        }),
      ),
    onError: (error) => announce(asProblem(error).detail),
    onSettled: () => client.invalidateQueries({ queryKey: ["chats"] }),
  });

  function save(title: string) {
    if (title.trim() && title.trim() !== chat.title) rename.mutate(title.trim());
    onDone();
  }

  return (
    <li>
      <input
        aria-label={`New title of ${chat.title}`}
        defaultValue={chat.title}
        dir="auto"
        maxLength={200}
        // It replaces what was just pressed.
        ref={focused}
        onFocus={(event) => event.target.select()}
        onBlur={(event) => save(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") save(event.currentTarget.value);
          if (event.key === "Escape") onDone();
        }}
        className="min-h-8 w-full rounded-control border border-accent bg-card px-2 text-13 touch:min-h-11 touch:text-[16px]"
      />
    </li>
  );
}
