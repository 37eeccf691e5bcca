import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Pencil, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { ChatView } from "@/api/types";
import { announce } from "@/ui/announcer";

const DeleteChat = lazy(() => import("./DeleteChat"));

const ICON_BUTTON =
  "grid size-7 place-items-center rounded-control text-muted opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 hover:bg-panel hover:text-fg touch:size-11 touch:opacity-100";

/** A chat in the rail: open, rename in place, delete. */
export function ThreadItem({ chat }: { chat: ChatView }) {
  const [renaming, setRenaming] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const { id: open } = useParams({ strict: false });
  const navigate = useNavigate();
  if (renaming) return <RenameForm chat={chat} onDone={() => setRenaming(false)} />;
  return (
    <li className="group relative flex items-center rounded-control hover:bg-bg has-[a[aria-current]]:bg-bg">
      <Link
        to="/c/$id"
        params={{ id: chat.id }}
        title={chat.title}
        className="min-w-0 flex-1 truncate rounded-control px-2 py-1.5 text-13 touch:py-3"
        activeProps={{ "aria-current": "page", className: "font-medium" }}
      >
        {chat.title}
      </Link>
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
      {deleting && (
        <Suspense fallback={null}>
          <DeleteChat
            chat={chat}
            onClose={() => setDeleting(false)}
            onDeleted={() => {
              if (open === chat.id) void navigate({ to: "/" });
            }}
          />
        </Suspense>
      )}
    </li>
  );
}

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
        maxLength={200}
        // biome-ignore lint/a11y/noAutofocus: it replaces what was just pressed
        autoFocus
        onFocus={(event) => event.target.select()}
        onBlur={(event) => save(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") save(event.currentTarget.value);
          if (event.key === "Escape") onDone();
        }}
        className="min-h-8 w-full rounded-control border border-accent bg-card px-2 text-13 touch:min-h-11"
      />
    </li>
  );
}
