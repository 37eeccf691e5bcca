import { Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { useSession } from "@/features/accounts/useSession";
import { buttonClass } from "./Button";
import { useTitle } from "./useTitle";

/** An address that leads to nothing: what that may mean, and the way on. */
export function Missing({ title, children }: { title: string; children: ReactNode }) {
  const signedOut = useSession().status === "signed-out";
  useTitle(title);
  return (
    <div className="mx-auto grid max-w-xl grid-cols-1 justify-items-start gap-3 px-4 py-16 md:px-8">
      <SearchX aria-hidden className="size-7 text-muted" />
      <h1 className="text-24 font-semibold tracking-tight">{title}</h1>
      <p className="text-muted">{children}</p>
      <p className="flex flex-wrap gap-2 pt-2">
        {signedOut ? (
          <Link to="/login" className={buttonClass("primary")}>
            Sign in
          </Link>
        ) : (
          <>
            <Link to="/" className={buttonClass("primary")}>
              New chat
            </Link>
            <Link to="/library" className={buttonClass()}>
              Library
            </Link>
          </>
        )}
      </p>
    </div>
  );
}
