import { type PointerEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { JobView } from "@/api/types";
import { keptOrder, sameOrder } from "./jobTable";

/** After a key the list stays as it is for so long. */
const KEY_HOLD_MS = 4000;

/**
 * The rows in their order, which stays while somebody points at the list or goes through it by keys;
 * `asked` names the order that was asked for, and another one counts at once.
 */
export function useSteadyOrder(jobs: JobView[], asked: string) {
  const [pointed, setPointed] = useState(false);
  const [keyed, setKeyed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef({ asked: "", ids: [] as string[] });
  const held = (pointed || keyed) && last.current.asked === asked;
  const rows = held ? keptOrder(jobs, last.current.ids) : jobs;
  const ids = rows.map(({ id }) => id);
  const moved = !sameOrder(ids, last.current.ids);
  useLayoutEffect(() => {
    last.current = { asked, ids };
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  return {
    rows,
    ids,
    moved,
    hold: {
      // A finger only scrolls: it leaves when it is lifted.
      onPointerEnter: ({ pointerType }: PointerEvent) => setPointed(pointerType === "mouse"),
      onPointerLeave: () => setPointed(false),
    },
    holdForKey: () => {
      setKeyed(true);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setKeyed(false), KEY_HOLD_MS);
    },
  };
}
