import type { ChatView } from "@/api/types";

export interface ThreadGroup {
  title: string;
  chats: ChatView[];
}

const DAY_MS = 86_400_000;

/** Chats by how long ago they were used, in the reader's own days. */
export function groupThreads(chats: readonly ChatView[], now: Date): ThreadGroup[] {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const groups: ThreadGroup[] = [
    { title: "Today", chats: [] },
    { title: "Yesterday", chats: [] },
    { title: "Last 7 days", chats: [] },
    { title: "Older", chats: [] },
  ];
  for (const chat of chats) {
    const used = Date.parse(chat.updated_at);
    const age = used >= midnight ? 0 : Math.ceil((midnight - used) / DAY_MS);
    groups[age <= 1 ? age : age <= 7 ? 2 : 3]?.chats.push(chat);
  }
  return groups.filter((group) => group.chats.length > 0);
}

/** Each chat once: one that moved while pages were read is on two of them. */
export function unique(chats: readonly ChatView[]): ChatView[] {
  const seen = new Set<string>();
  return chats.filter(({ id }) => !seen.has(id) && seen.add(id));
}
