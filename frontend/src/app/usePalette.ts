import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { session } from "@/api/client";
import { chatsQuery, libraryQuery } from "@/api/queries";
import { useJobs } from "@/features/downloads/useJobs";
import { type Preferences, setPreference } from "@/ui/preferences";
import { useDebounced } from "@/ui/useDebounced";
import { showOverlay } from "./overlay";
import {
  chatEntry,
  datasetEntry,
  type Entry,
  type EntryGroup,
  findEntries,
  jobEntry,
  SCREENS,
} from "./paletteEntries";

/** The server is asked once the typing pauses for this long, in milliseconds. */
const PAUSE_MS = 150;

const screens: Entry[] = [
  screen("New chat", "/"),
  screen("Downloads", "/downloads", "jobs transfers"),
  screen("Library", "/library", "datasets files"),
  screen("Uploads", "/uploads", "DICOM X-ray medical traffic images"),
  screen("Settings: Profile", "/settings/profile", "account password e-mail"),
  screen("Settings: Sources", "/settings/sources", "keys tokens Kaggle HuggingFace"),
  screen("Settings: Model", "/settings/model", "key language Gemini"),
  screen("Settings: Privacy", "/settings/privacy", "export delete account"),
  screen("Settings: Appearance", "/settings/appearance", "theme shortcuts dark light"),
];

const actions: Entry[] = [
  theme("Dark theme", "dark"),
  theme("Light theme", "light"),
  theme("Theme of the system", "system"),
  action("Keyboard shortcuts", () => showOverlay("help"), "help keys"),
  action("Sign out", () => void session.signOut(), "log out leave"),
];

/** What the palette has for what was typed. */
export function usePalette(typed: string): { groups: EntryGroup[]; busy: boolean } {
  const words = useDebounced(typed.trim(), PAUSE_MS);
  const chats = useInfiniteQuery(chatsQuery(words));
  // The newest are matched here, by source and date too; older ones are found by the server.
  const newest = useQuery(libraryQuery());
  const library = useQuery({ ...libraryQuery({ q: words }), enabled: words !== "" });
  const jobs = useJobs();
  // Until the server has answered to these words, the chats are those that it found before.
  const foundBy = chats.isPlaceholderData ? "" : words;
  const groups = useMemo(
    () =>
      findEntries(
        {
          [SCREENS]: screens,
          Chats: (chats.data?.pages.flat() ?? []).map((chat) => chatEntry(chat, foundBy)),
          Datasets: distinct(
            [...(newest.data?.datasets ?? []), ...(library.data?.datasets ?? [])].map(datasetEntry),
          ),
          Downloads: jobs.map(jobEntry),
          Actions: actions,
        },
        typed,
      ),
    [chats.data, newest.data, library.data, jobs, foundBy, typed],
  );
  const busy = words !== typed.trim() || chats.isFetching || library.isFetching;
  return { groups, busy };
}

function distinct(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.id, entry])).values()];
}

function screen(label: string, to: string, also?: string): Entry {
  return { id: to, label, detail: "Screen", also, go: { to } };
}

function action(label: string, act: () => void, also?: string): Entry {
  return { id: label, label, detail: "Action", also, go: { act } };
}

function theme(label: string, value: Preferences["theme"]): Entry {
  return action(label, () => setPreference("theme", value), "appearance colours");
}
