import { Link } from "@tanstack/react-router";
import { Menu, SquarePen } from "lucide-react";
import { Button, buttonClass } from "@/ui/Button";
import { LazyDialog } from "@/ui/LazyDialog";
import { useOpenHere } from "@/ui/useOpenHere";
import { Rail } from "./Rail";

/** The top of a narrow page; the rail comes as a drawer. */
export function TopBar() {
  const [open, setOpen] = useOpenHere();
  return (
    <header className="flex items-center justify-between border-b bg-panel px-2 py-1">
      <Button variant="ghost" size="icon" aria-label="Menu" onClick={() => setOpen(true)}>
        <Menu aria-hidden />
      </Button>
      <span className="text-15 font-semibold">Dataferry</span>
      <Link to="/" aria-label="New chat" className={buttonClass("ghost", "icon")}>
        <SquarePen aria-hidden />
      </Link>
      <LazyDialog open={open} onOpenChange={setOpen} title="Menu" place="left" quiet>
        <Rail />
      </LazyDialog>
    </header>
  );
}
