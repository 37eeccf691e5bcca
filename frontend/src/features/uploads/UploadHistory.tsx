import { useQuery } from "@tanstack/react-query";
import type { UploadView } from "@/api/types";
import { formatTime } from "@/ui/format";
import { Section } from "@/ui/Section";
import { eventsQuery } from "./queries";
import { eventWords } from "./words";

/** What was done with an upload, newest first. */
export function UploadHistory({ upload }: { upload: UploadView }) {
  const { data } = useQuery(eventsQuery(upload));
  if (!data || data.events.length === 0) return null;
  return (
    <Section title="Who opened it">
      <ol className="grid max-h-64 gap-1 overflow-y-auto rounded-card border bg-card p-3 text-13">
        {data.events.map((event, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may come in one moment
          <li key={place} className="flex flex-wrap justify-between gap-x-3">
            <span>{eventWords(event)}</span>
            <time dateTime={event.at} className="text-muted tabular-nums">
              {formatTime(event.at)}
            </time>
          </li>
        ))}
      </ol>
    </Section>
  );
}
