import { useCallback, useState } from "react";
import { myWords } from "@/api/words";

/** What stands in a chat's composer; it outlives a reload, a closed tab and another screen. */
export function useDraft(chat?: string): [string, (text: string) => void] {
  const [words] = useState(myWords);
  const [text, setText] = useState(() => (chat ? words.draft(chat) : ""));
  const change = useCallback(
    (next: string) => {
      setText(next);
      if (chat) words.keepDraft(chat, next);
    },
    [words, chat],
  );
  return [text, change];
}
