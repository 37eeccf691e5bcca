import { stored } from "@/api/storage";
import type { UserView } from "@/api/types";
import { type ChatMessage, isToolPart } from "./parts";

/** What is kept of the offer: the answer that it stands below, or that it was dismissed. */
export const OFFER = "index-offer";
export const DISMISSED = "dismissed";

/** Whether the search index is offered below an answer: to admins, below the first that found datasets. */
export function isOffered(message: ChatMessage, me: UserView | null): boolean {
  if (!me?.admin || ![null, message.id].includes(stored(OFFER))) return false;
  return message.parts.some(
    (part) =>
      isToolPart(part) &&
      part.type === "tool-search_datasets" &&
      part.state === "output-available" &&
      part.output.downloadable_datasets.length > 0,
  );
}
