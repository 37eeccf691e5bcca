import { clsx } from "clsx";
import { ArrowUpRight } from "lucide-react";
import type { ReactNode } from "react";
import { noteVisit } from "./visited";

interface ExternalLinkProps {
  href: string;
  children: ReactNode;
  className?: string;
}

/** A link that leaves the page. Only http and https: a URL may come from a dataset's author. */
export function ExternalLink({ href, children, className }: ExternalLinkProps) {
  if (!/^https?:\/\//i.test(href)) return <span className={className}>{children}</span>;
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      onClick={() => noteVisit(href)}
      className={clsx(
        "inline-flex items-center gap-0.5 text-accent underline-offset-2 hover:underline",
        className,
      )}
    >
      {children}
      <ArrowUpRight aria-hidden className="size-3.5 shrink-0" />
      <span className="sr-only"> (opens a new tab)</span>
    </a>
  );
}
