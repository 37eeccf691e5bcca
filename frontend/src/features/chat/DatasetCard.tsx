import type { DatasetCard as Card } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { CardFooter } from "@/features/downloads/CardFooter";
import { useCardState } from "@/features/downloads/useCardState";
import { useDiskSpace } from "@/features/downloads/useDiskSpace";
import { Badge } from "@/ui/Badge";
import { ExternalLink } from "@/ui/ExternalLink";
import { fileCount, formatBytes, formatCount, formatDate } from "@/ui/format";

interface DatasetCardProps {
  card: Card;
  /** Whether it is among those to download together; without it the card cannot be chosen. */
  selected?: boolean;
  onSelect?: (selected: boolean) => void;
}

/** A dataset offered in an answer. Its one button: Download, Cancel, Open. */
export function DatasetCard({ card, selected = false, onSelect }: DatasetCardProps) {
  const state = useCardState(card);
  const offered = state.kind === "absent" || state.kind === "refused";
  return (
    <li
      tabIndex={-1}
      data-card={card.ref}
      data-testid="dataset-card"
      className="grid grid-cols-1 gap-1 rounded-card border bg-card px-3 pt-3 pb-2"
    >
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-15 leading-snug font-semibold wrap-anywhere">{card.title}</h2>
          <p className="flex min-w-0 items-center gap-1.5 text-12 text-muted">
            <span className="shrink-0">{card.source}</span>
            <span aria-hidden>·</span>
            <span className="min-w-0 truncate font-mono" title={card.ref}>
              {card.id}
            </span>
            {card.url && (
              <ExternalLink href={card.url} className="shrink-0">
                <span className="sr-only">
                  {card.title} at {card.source}
                </span>
              </ExternalLink>
            )}
          </p>
        </div>
        <CardAction card={card} state={state} />
      </div>
      {card.description && (
        <p className="line-clamp-2 text-13 text-muted wrap-anywhere">{card.description}</p>
      )}
      <div className="flex min-h-6 items-start gap-3 touch:min-h-11">
        <Facts card={card} offered={offered} />
        {onSelect && offered && (
          <label className="ml-auto flex shrink-0 items-center gap-1.5 text-13 text-muted touch:min-h-11">
            <input
              type="checkbox"
              checked={selected}
              aria-label={`Select ${card.title}`}
              onChange={(event) => onSelect(event.target.checked)}
              className="size-4 accent-accent"
            />
            Select
          </label>
        )}
      </div>
      <CardFooter card={card} state={state} />
    </li>
  );
}

/** Size, files, licence and the like in one line; what a person must know before is marked. */
function Facts({ card, offered }: { card: Card; offered: boolean }) {
  const diskSpace = useDiskSpace(card.size_bytes);
  const facts = [
    card.size_bytes == null ? "size unknown" : formatBytes(card.size_bytes),
    card.file_count != null && fileCount(card.file_count, card.more_files),
    card.license,
    card.formats.join(", "),
    card.downloads > 0 && `${formatCount(card.downloads)} downloads`,
    card.updated_at && formatDate(card.updated_at),
  ].filter(Boolean);
  return (
    <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 pt-0.5 text-13 wrap-anywhere">
      <span className="tabular-nums">{facts.join(" · ")}</span>
      {!card.license && <Badge tone="warn">no licence stated</Badge>}
      {offered && diskSpace && !diskSpace.fits && <Badge tone="bad">{diskSpace.text}</Badge>}
      {card.gated && <Badge tone="warn">terms to accept</Badge>}
    </p>
  );
}
