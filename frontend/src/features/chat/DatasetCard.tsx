import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Lock, TriangleAlert } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";
import type { DatasetCard as Card } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { CardFooter } from "@/features/downloads/CardFooter";
import { useCardState } from "@/features/downloads/useCardState";
import { useDiskSpace } from "@/features/downloads/useDiskSpace";
import { EndKept } from "@/ui/EndKept";
import { ExternalLink } from "@/ui/ExternalLink";
import { fileCount, formatBytes, formatCount, formatDate } from "@/ui/format";
import { useCut } from "@/ui/useCut";

interface DatasetCardProps {
  card: Card;
  /** Whether it is among those to download together; without `onSelect` it cannot be chosen. */
  selected?: boolean;
  onSelect?: (selected: boolean) => void;
}

/**
 * A dataset offered in an answer, 96 px at most where the page is wide: what does not fit is cut, and
 * More shows it. Its one button: Download, Cancel, Open. Enter opens it: its screen, or all of its text.
 */
export function DatasetCard({ card, selected = false, onSelect }: DatasetCardProps) {
  const state = useCardState(card);
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  const cut = useCut(body);
  const id = useId();
  const offered = state.kind === "absent" || state.kind === "refused";

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.target !== event.currentTarget) return;
    event.preventDefault();
    if (state.kind === "here") void navigate({ to: "/library/$key", params: { key: card.key } });
    else setOpen(!open);
  }

  return (
    <li
      tabIndex={-1}
      data-card={card.ref}
      data-testid="dataset-card"
      onKeyDown={onKeyDown}
      className="@container rounded-card border bg-card px-3 py-1.5"
    >
      <div className="flex flex-wrap items-start gap-x-3 @min-[30rem]:flex-nowrap">
        {onSelect && (
          <Chooser title={card.title} offered={offered} selected={selected} onSelect={onSelect} />
        )}
        <div ref={body} id={id} className="min-w-0 flex-1">
          <h2
            data-cut
            dir="auto"
            title={card.title}
            className={`text-left text-15 leading-5! font-semibold wrap-anywhere ${open ? "" : "line-clamp-2 @min-[30rem]:line-clamp-1"}`}
          >
            {card.title}
          </h2>
          <Identity card={card} open={open} />
          <Facts card={card} offered={offered} open={open} />
          <CardFooter card={card} state={state} open={open} />
        </div>
        <div className="flex w-full shrink-0 flex-row-reverse items-center justify-between gap-x-2 pt-1 @min-[30rem]:w-auto @min-[30rem]:flex-col @min-[30rem]:pt-0.5">
          <CardAction card={card} state={state} />
          {(cut || open) && (
            <button
              type="button"
              aria-expanded={open}
              aria-controls={id}
              aria-label={`${open ? "Less" : "More"} about ${card.title}`}
              onClick={() => setOpen(!open)}
              className="flex min-h-6 items-center gap-0.5 rounded-control px-1 text-12 text-muted hover:text-fg touch:min-h-11 [&_svg]:size-3.5"
            >
              {open ? "Less" : "More"}
              {open ? <ChevronUp aria-hidden /> : <ChevronDown aria-hidden />}
            </button>
          )}
        </div>
      </div>
    </li>
  );
}

interface ChooserProps {
  title: string;
  offered: boolean;
  selected: boolean;
  onSelect: (selected: boolean) => void;
}

/** The checkbox, or its place: what cannot be chosen stands in line with what can. */
function Chooser({ title, offered, selected, onSelect }: ChooserProps) {
  if (!offered) return <span className="w-4 shrink-0" />;
  return (
    <label className="-mx-2 flex shrink-0 items-center px-2 py-0.5 touch:-my-1.5 touch:min-h-11 touch:-ml-3 touch:pl-3 touch:pr-4">
      <input
        type="checkbox"
        checked={selected}
        aria-label={`Select ${title}`}
        onChange={(event) => onSelect(event.target.checked)}
        className="size-4 accent-accent"
      />
    </label>
  );
}

/** Where it comes from, how often it is used, when it changed, and why it was found. */
function Identity({ card, open }: { card: Card; open: boolean }) {
  const facts = [
    card.downloads > 0 && `${formatCount(card.downloads)} downloads`,
    card.updated_at && formatDate(card.updated_at),
    whyText(card),
  ].filter(Boolean);
  return (
    <p
      className={`flex min-w-0 flex-wrap items-center gap-x-1.5 text-12 leading-4! text-muted ${open ? "" : "@min-[30rem]:flex-nowrap"}`}
    >
      <span className="shrink-0">{card.source} ·</span>
      {open ? (
        <span dir="ltr" className="min-w-0 font-mono wrap-anywhere">
          {card.id}
        </span>
      ) : (
        <EndKept text={card.id} className="font-mono" />
      )}
      {card.url && (
        <ExternalLink href={card.url} className="shrink-0">
          <span className="sr-only">
            {card.title} at {card.source}
          </span>
        </ExternalLink>
      )}
      {facts.length > 0 && (
        <span data-cut className="min-w-0 shrink-[0.5] wrap-anywhere @min-[30rem]:truncate">
          · {facts.join(" · ")}
        </span>
      )}
    </p>
  );
}

/** Why it was ranked here; the count of downloads, which is among the reasons, is told once. */
function whyText({ why, downloads }: Card): string {
  if (!why || downloads === 0) return why ?? "";
  return why
    .split(" · ")
    .filter((reason) => !/^[\d.,]+\s?[kmb]? downloads?$/i.test(reason))
    .join(" · ");
}

/** What a person must know before: size and licence are never cut, the rest may be. */
function Facts({ card, offered, open }: { card: Card; offered: boolean; open: boolean }) {
  const diskSpace = useDiskSpace(card.size_bytes);
  const rest = [
    card.file_count != null && fileCount(card.file_count, card.more_files),
    card.formats.join(", "),
  ].filter(Boolean);
  return (
    <p
      className={`flex min-w-0 flex-wrap items-baseline gap-x-1.5 text-13 tabular-nums ${open ? "" : "@min-[30rem]:flex-nowrap"}`}
    >
      <span className="shrink-0">
        {card.size_bytes == null ? "size unknown" : formatBytes(card.size_bytes)} ·
      </span>
      {card.license ? (
        <span className="shrink-[0.001] wrap-anywhere">{card.license}</span>
      ) : (
        <Mark>no licence stated</Mark>
      )}
      {card.gated && <Mark icon={Lock}>terms to accept</Mark>}
      {offered && diskSpace && !diskSpace.fits && <Mark bad>{diskSpace.text}</Mark>}
      {rest.length > 0 && (
        <span data-cut className={open ? "min-w-0 wrap-anywhere" : "min-w-0 truncate"}>
          · {rest.join(" · ")}
        </span>
      )}
    </p>
  );
}

interface MarkProps {
  children: ReactNode;
  icon?: typeof TriangleAlert;
  bad?: boolean;
}

/** A fact that may keep a person from it. */
function Mark({ children, icon: Icon = TriangleAlert, bad }: MarkProps) {
  return (
    <span className={`flex shrink-0 items-center gap-1 ${bad ? "text-bad" : "text-warn"}`}>
      <Icon aria-hidden className="size-3.5" />
      {children}
    </span>
  );
}
