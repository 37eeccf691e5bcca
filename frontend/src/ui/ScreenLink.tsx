import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";

interface ScreenLinkProps {
  /** A path of this page, with the form's name behind `#`: `/settings/sources#kaggle`. */
  screen: string;
  children: ReactNode;
  className?: string;
  label?: string;
}

/** A link to the screen where something is mended, which leads back here when it is done. */
export function ScreenLink({ screen, children, className, label }: ScreenLinkProps) {
  const here = useLocation({ select: ({ href }) => href });
  const [to, hash] = screen.split("#");
  const next = here.startsWith("/settings") ? undefined : here;
  return (
    <Link
      to={to}
      hash={hash}
      search={(next ? { next } : {}) as never}
      aria-label={label}
      title={label}
      className={className ?? "text-accent underline-offset-2 hover:underline"}
    >
      {children}
    </Link>
  );
}
