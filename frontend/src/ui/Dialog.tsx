import { clsx } from "clsx";
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { KeyboardEventHandler, ReactNode } from "react";
import { Button } from "./Button";

type Place = "center" | "full" | "top" | "left" | "bottom";

const PLACES: Record<Place, string> = {
  center:
    "top-1/2 left-1/2 max-h-[85dvh] w-[calc(100vw-2rem)] max-w-md -translate-x-1/2 -translate-y-1/2 rounded-card border p-5",
  full: "inset-2 rounded-card border p-3 md:inset-6 md:p-4",
  top: "top-[12vh] left-1/2 max-h-[70dvh] w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 rounded-composer border",
  left: "inset-y-0 left-0 w-72 max-w-[85vw] border-r",
  bottom: "inset-x-0 bottom-0 max-h-[80dvh] rounded-t-composer border-t",
};

const SLIDES: ReadonlySet<Place> = new Set(["left", "bottom"]);

function focusFrame(event: Event): void {
  event.preventDefault();
  if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
}

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  place?: Place;
  /** Keep the title for screen readers only. */
  quiet?: boolean;
  /** It asks for a decision: `role="alertdialog"`, closed by its own buttons or Escape. */
  alert?: boolean;
  onKeyDown?: KeyboardEventHandler;
  /** Before Escape closes it; prevented, it stays. */
  onEscapeKeyDown?: (event: KeyboardEvent) => void;
  children: ReactNode;
}

/** Whatever stands over the page: a question, the palette, the drawer, the bottom sheet. */
export function Dialog({ open, onOpenChange, title, place = "center", ...rest }: DialogProps) {
  const { quiet = false, alert = false, onKeyDown, onEscapeKeyDown, children } = rest;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          role={alert ? "alertdialog" : "dialog"}
          aria-describedby={undefined}
          onKeyDown={onKeyDown}
          onEscapeKeyDown={onEscapeKeyDown}
          onPointerDownOutside={alert ? (event) => event.preventDefault() : undefined}
          // In a drawer the first field would bring up a phone's keyboard.
          onOpenAutoFocus={SLIDES.has(place) ? focusFrame : undefined}
          className={clsx("fixed z-50 flex flex-col overflow-y-auto bg-bg", PLACES[place])}
        >
          <div
            className={clsx(
              quiet ? "sr-only" : "flex items-center justify-between gap-2",
              place === "bottom" && "px-4 pt-3",
            )}
          >
            <Radix.Title className="line-clamp-3 min-w-0 text-18 font-semibold wrap-anywhere">
              {title}
            </Radix.Title>
            {!alert && !quiet && (
              <Radix.Close asChild>
                <Button variant="ghost" size="icon" aria-label="Close" className="-mr-2">
                  <X aria-hidden />
                </Button>
              </Radix.Close>
            )}
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
