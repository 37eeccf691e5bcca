import { Link } from "@tanstack/react-router";
import { Menu, SquarePen, X } from "lucide-react";
import type { MouseEvent } from "react";
import { useSession } from "@/features/accounts/useSession";
import { Button, buttonClass } from "@/ui/Button";
import { LazyDialog } from "@/ui/LazyDialog";
import { useOpenHere } from "@/ui/useOpenHere";
import { Logo } from "./Logo";
import { Rail } from "./Rail";

/** The top of a narrow page; the rail comes as a drawer. */
export function TopBar() {
  const [open, setOpen] = useOpenHere();
  const signedOut = useSession().status === "signed-out";

  /** A way to where one is already leads out of the drawer too. */
  function onClick(event: MouseEvent) {
    if (event.target instanceof Element && event.target.closest("a[href]")) setOpen(false);
  }

  return (
    <header className="flex items-center justify-between gap-2 border-b bg-panel px-2 py-1">
      <Button variant="ghost" size="icon" aria-label="Menu" onClick={() => setOpen(true)}>
        <Menu aria-hidden />
      </Button>
      <Logo />
      {signedOut ? (
        <Link to="/login" className={buttonClass("ghost")}>
          Sign in
        </Link>
      ) : (
        <Link to="/" aria-label="New chat" className={buttonClass("ghost", "icon")}>
          <SquarePen aria-hidden />
        </Link>
      )}
      <LazyDialog open={open} onOpenChange={setOpen} title="Menu" place="left" quiet>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: it only hears what its links do */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
        <div className="flex min-h-0 flex-1 flex-col" onClick={onClick}>
          <Rail
            close={
              <Button variant="ghost" size="icon" aria-label="Close" onClick={() => setOpen(false)}>
                <X aria-hidden />
              </Button>
            }
          />
        </div>
      </LazyDialog>
    </header>
  );
}
