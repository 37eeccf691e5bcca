import { useNavigate } from "@tanstack/react-router";
import { useLayoutEffect } from "react";
import { getPreferences } from "@/ui/preferences";
import { getOverlay, showOverlay } from "./overlay";
import { downloadFocused, focusCard, focusComposer, isTyping, PLACES } from "./shortcuts";

/** How long after `g` a letter still counts, in milliseconds. */
const SEQUENCE_MS = 1000;

/** The page's keys. Those of a single key can be switched off (WCAG 2.1.4). */
export function useShortcuts(active: boolean): void {
  const navigate = useNavigate();
  // Before what it is for is seen: a key that is pressed at the first sight of the page must not be lost.
  useLayoutEffect(() => {
    if (!active) return;
    let wentAt = Number.NEGATIVE_INFINITY;

    function single(key: string, time: number): boolean {
      const place = PLACES[key];
      if (time - wentAt < SEQUENCE_MS && place) {
        wentAt = Number.NEGATIVE_INFINITY;
        void navigate({ to: place });
        return true;
      }
      switch (key) {
        case "g":
          wentAt = time;
          return true;
        case "/":
          return focusComposer();
        case "j":
          focusCard(1);
          return true;
        case "k":
          focusCard(-1);
          return true;
        case "d":
          downloadFocused();
          return true;
        case "?":
          showOverlay("help");
          return true;
        default:
          return false;
      }
    }

    function onKeyDown(event: KeyboardEvent) {
      if (isPaletteKey(event)) {
        event.preventDefault();
        if (document.querySelector("[role=alertdialog]")) return;
        showOverlay(getOverlay() === "palette" ? null : "palette");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (!getPreferences().shortcuts || document.querySelector("[role=dialog]")) return;
      if (single(event.key, event.timeStamp)) event.preventDefault();
    }

    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [active, navigate]);
}

function isPaletteKey({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "k" && (ctrlKey || metaKey) && !shiftKey && !altKey;
}
