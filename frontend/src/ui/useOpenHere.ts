import { useLocation } from "@tanstack/react-router";
import { useCallback, useState } from "react";

/** Open or closed; going to another screen closes it. */
export function useOpenHere(): [boolean, (open: boolean) => void] {
  const here = useLocation({ select: (location) => location.pathname });
  const [openAt, setOpenAt] = useState<string | null>(null);
  // Forgotten on leaving, so that coming back does not open it.
  if (openAt !== null && openAt !== here) setOpenAt(null);
  const setOpen = useCallback((open: boolean) => setOpenAt(open ? here : null), [here]);
  return [openAt === here, setOpen];
}
