import { Link } from "@tanstack/react-router";
import {
  Command,
  Download,
  FileImage,
  Library,
  type LucideIcon,
  Settings,
  SquarePen,
} from "lucide-react";
import type { ReactNode } from "react";
import { useMe, useSession } from "@/features/accounts/useSession";
import { useActivity } from "@/features/downloads/useJobs";
import { Button, buttonClass } from "@/ui/Button";
import { Logo } from "./Logo";
import { showOverlay } from "./overlay";
import { SELECTED } from "./selected";
import { ThreadList } from "./ThreadList";

/** The way to every screen; for somebody who is not signed in, the way in. */
export function Rail({ close }: { close?: ReactNode }) {
  const signedOut = useSession().status === "signed-out";
  return (
    <nav
      aria-label="Main"
      className="flex h-full min-h-0 flex-col gap-3 overflow-x-hidden overflow-y-auto p-3"
    >
      <div className="flex items-center justify-between gap-2">
        <Logo />
        <span className="flex">
          {!signedOut && (
            <Button
              variant="ghost"
              size="icon"
              aria-label="Go to…"
              title="Go to anything (Ctrl K or ⌘ K)"
              onClick={() => showOverlay("palette")}
            >
              <Command aria-hidden />
            </Button>
          )}
          {close}
        </span>
      </div>
      {signedOut ? (
        <Link to="/login" className={`${buttonClass("outline")} justify-start!`}>
          Sign in
        </Link>
      ) : (
        <Places />
      )}
    </nav>
  );
}

function Places() {
  const me = useMe();
  const { going } = useActivity();
  return (
    <>
      <Link to="/" className={`${buttonClass("outline")} justify-start!`}>
        <SquarePen aria-hidden /> New chat
      </Link>
      <ThreadList />
      <ul className="grid grid-cols-1 gap-0.5 border-t pt-2">
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
        <RailLink to="/uploads" icon={FileImage}>
          Uploads
        </RailLink>
        <RailLink to="/settings" icon={Settings}>
          Settings
        </RailLink>
      </ul>
      {me && <p className="truncate px-2 text-12 text-muted">{me.email}</p>}
    </>
  );
}

interface RailLinkProps {
  to: "/downloads" | "/library" | "/uploads" | "/settings";
  icon: LucideIcon;
  children: ReactNode;
}

function RailLink({ to, icon: Icon, children }: RailLinkProps) {
  return (
    <li>
      <Link
        to={to}
        className="flex min-h-9 items-center gap-2 rounded-control px-2 text-14 text-muted outline-offset-[-2px] hover:bg-bg hover:text-fg touch:min-h-11"
        activeProps={{ className: SELECTED }}
      >
        <Icon aria-hidden className="size-4" />
        {children}
      </Link>
    </li>
  );
}
