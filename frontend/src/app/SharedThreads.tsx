import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sharedChatsQuery } from "@/api/queries";
import { SELECTED } from "./selected";

/** Chats of others that one may read; nothing where there are none. */
export function SharedThreads({ q }: { q: string }) {
  const { data: chats = [] } = useQuery(sharedChatsQuery(q));
  if (chats.length === 0) return null;
  return (
    <section aria-label="Shared with me" className="mb-3">
      <h2 className="px-2 pb-1 text-12 font-medium text-muted">Shared with me</h2>
      <ul className="grid grid-cols-1 gap-0.5">
        {chats.map(({ id, title, owner }) => (
          <li key={id} className="min-w-0">
            <Link
              to="/c/$id"
              params={{ id }}
              title={`${title} · ${owner}`}
              className="block rounded-control px-2 py-1.5 text-13 outline-offset-[-2px] hover:bg-bg touch:py-3"
              activeProps={{ className: SELECTED }}
            >
              <span dir="auto" className="block truncate">
                {title}
              </span>
              <span className="block truncate text-12 text-muted">{owner}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
