import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import { copyQuery } from "@/api/queries";
import type { OfferedDataset } from "@/api/types";
import { type CardState, cardState } from "./cardState";
import { useRefusal } from "./useDownload";
import { useJobOf } from "./useJobs";

/** What a card offers now. A copy that is said to be here is looked up: somebody may have deleted it. */
export function useCardState(card: OfferedDataset): CardState {
  const state = cardState(card, useJobOf(card.ref), useRefusal(card.ref));
  const here = state.kind === "here" ? state : null;
  const copy = useQuery({ ...copyQuery(card.key, here?.job?.id), enabled: here !== null });
  if (!here) return state;
  const gone = copy.error
    ? asProblem(copy.error).code === "not_found"
    : copy.data?.downloaded === false;
  return gone ? { kind: "absent" } : state;
}
