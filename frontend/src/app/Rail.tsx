import { Link } from "@tanstack/react-router";
import { Download, Library, type LucideIcon, Settings, Ship, SquarePen } from "lucide-react";
import type { ReactNode } from "react";
import { useMe } from "@/features/accounts/useSession";
import { useActivity } from "@/features/downloads/useJobs";
import { buttonClass } from "@/ui/Button";
import { ThreadList } from "./ThreadList";

/** The way to every screen. */
export function Rail() {
  const me = useMe();
  const { going } = useActivity();
  return (
    <nav aria-label="Main" className="flex h-full min-h-0 flex-col gap-3 p-3">
      <Link
        to="/"
        className="flex items-center gap-2 px-2 pt-1 text-15 font-semibold tracking-tight"
      >
        <Ship aria-hidden className="size-5 text-accent" /> Dataferry
      </Link>
      <Link to="/" className={`${buttonClass("outline")} justify-start!`}>
        <SquarePen aria-hidden /> New chat
      </Link>
      <ThreadList />
      <ul className="grid gap-0.5 border-t pt-2">
        <RailLink to="/downloads" icon={Download}>
          Downloads
          {going > 0 && (
            <span className="ml-auto rounded-full bg-accent px-1.5 text-12 text-accent-fg">
              {going}
              <span className="sr-only"> active</span>
            </span>
          )}
        </RailLink>
        <RailLink to="/library" icon={Library}>
          Library
        </RailLink>
        <RailLink to="/settings" icon={Settings}>
          Settings
        </RailLink>
      </ul>
      {me && <p className="truncate px-2 text-12 text-muted">{me.email}</p>}
    </nav>
  );
}

interface RailLinkProps {
  to: "/downloads" | "/library" | "/settings";
  icon: LucideIcon;
  children: ReactNode;
}

function RailLink({ to, icon: Icon, children }: RailLinkProps) {
  return (
    <li>
      <Link
        to={to}
        className="flex min-h-9 items-center gap-2 rounded-control px-2 text-14 text-muted hover:bg-bg hover:text-fg touch:min-h-11"
        activeProps={{ className: "bg-bg font-medium text-fg!" }}
      >
        <Icon aria-hidden className="size-4" />
        {children}
      </Link>
    </li>
  );
}
