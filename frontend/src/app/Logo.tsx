import { Link } from "@tanstack/react-router";
import { Ship } from "lucide-react";

/** The name, which leads to the start. */
export function Logo() {
  return (
    <Link
      to="/"
      className="flex items-center gap-2 rounded-control px-2 py-1 text-15 font-semibold tracking-tight touch:min-h-11"
    >
      <Ship aria-hidden className="size-5 text-accent" /> Dataferry
    </Link>
  );
}
