import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Lock, TriangleAlert } from "lucide-react";
import { type KeyboardEvent, lazy, memo, type ReactNode, Suspense, useId, useState } from "react";
import type { DatasetCard as Card } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { CardFooter } from "@/features/downloads/CardFooter";
import { problemIn } from "@/features/downloads/cardState";
import { useCardState } from "@/features/downloads/useCardState";
import { useDiskSpace } from "@/features/downloads/useDiskSpace";
import { LicenceText } from "@/features/verdict/LicenceText";
import { EndKept } from "@/ui/EndKept";
import { ExternalLink } from "@/ui/ExternalLink";
import { fileCount, formatBytes, formatCount, formatDate, plural } from "@/ui/format";
import { asksForTerms } from "@/ui/ProblemAct";
import { AlsoAt } from "./AlsoAt";

const VerdictPanel = lazy(() => import("@/features/verdict/VerdictPanel"));

interface DatasetCardProps {
  card: Card;
  /** What "the second one" means by it. */
  number?: number;
  /** Whether it is among those to download or to compare together; without `onSelect` it cannot be chosen. */
  selected?: boolean;
  onSelect?: (ref: string, selected: boolean) => void;
}

/**
 * A dataset offered in an answer, 96 px at most where the page is wide, and a line more where it is also
 * elsewhere: what does not fit is cut, and More shows it, with what its licence allows and what a download
 * takes. Its one button: Download, Cancel, Open. Enter opens it: its screen, or all of its text.
 */
export const DatasetCard = memo(function DatasetCard(props: DatasetCardProps) {
  const { card, number, selected = false, onSelect } = props;
  const state = useCardState(card);
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const id = useId();
  const offered = state.kind === "absent" || state.kind === "refused";
  const gated = card.gated || asksForTerms(problemIn(state));

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
          <Chooser
            title={card.title}
            number={number}
            selected={selected}
            onSelect={(on) => onSelect(card.ref, on)}
          />
        )}
        <div id={id} className="min-w-0 flex-1">
          <h2
            dir="auto"
            title={card.title}
            className={`text-left text-15 leading-5! font-semibold wrap-anywhere ${open ? "" : "line-clamp-2 @min-[30rem]:line-clamp-1"}`}
          >
            {card.title}
          </h2>
          <Identity card={card} open={open} />
          <Facts card={{ ...card, gated }} offered={offered} open={open} />
          <AlsoAt card={card} />
          <CardFooter card={card} state={state} open={open} />
          {open && (
            <Suspense fallback={<div className="min-h-80" />}>
              <VerdictPanel datasetKey={card.key} here={state.kind === "here"} />
            </Suspense>
          )}
        </div>
        <div className="flex w-full shrink-0 flex-row-reverse items-center justify-between gap-x-2 pt-1 @min-[30rem]:grid @min-[30rem]:w-30 @min-[30rem]:grid-cols-1 @min-[30rem]:gap-0.5 @min-[30rem]:pt-0.5">
          <CardAction card={card} state={state} />
          <div className="flex flex-wrap items-center justify-center gap-x-2 justify-self-center">
            {offered && <PreviewLink card={card} />}
            <button
              type="button"
              aria-expanded={open}
              aria-controls={id}
              aria-label={`${open ? "Less" : "More"} about ${card.title}`}
              onClick={() => setOpen(!open)}
              className="flex min-h-6 items-center gap-0.5 justify-self-center rounded-control px-1 text-12 text-muted hover:text-fg touch:min-h-11 [&_svg]:size-3.5"
            >
              {open ? "Less" : "More"}
              {open ? <ChevronUp aria-hidden /> : <ChevronDown aria-hidden />}
            </button>
          </div>
        </div>
      </div>
    </li>
  );
});

/** To its first rows, which are fetched from its source. */
function PreviewLink({ card }: { card: Card }) {
  return (
    <Link
      to="/library/$key"
      params={{ key: card.key }}
      aria-label={`Preview ${card.title}`}
      className="flex min-h-6 items-center rounded-control px-1 text-12 text-muted hover:text-fg touch:min-h-11"
    >
      Preview
    </Link>
  );
}

interface ChooserProps {
  title: string;
  number: number | undefined;
  selected: boolean;
  onSelect: (selected: boolean) => void;
}

/** The checkbox, and below it the number. */
function Chooser({ title, number, selected, onSelect }: ChooserProps) {
  return (
    <div className="w-4 shrink-0 text-center text-12 text-muted tabular-nums">
      <div className="h-5 touch:h-7">
        <label className="-mx-2 flex h-5 items-center px-2 touch:-my-1.5 touch:-mx-3.5 touch:h-11 touch:items-start touch:px-3.5 touch:pt-2">
          <input
            type="checkbox"
            checked={selected}
            aria-label={`Select ${title}`}
            onChange={(event) => onSelect(event.target.checked)}
            className="size-4 accent-accent"
          />
        </label>
      </div>
      {number && (
        <span className="block leading-4">
          <span className="sr-only">Number </span>
          {number}
        </span>
      )}
    </div>
  );
}

/** Where it comes from, how often it is used, when it changed, and why it was found. */
function Identity({ card, open }: { card: Card; open: boolean }) {
  const use = [
    card.downloads > 0 && `${formatCount(card.downloads)} downloads`,
    card.updated_at && formatDate(card.updated_at),
  ].filter(Boolean);
  const why = whyText(card);
  const wrap = open ? "wrap-anywhere" : "wrap-anywhere @min-[30rem]:truncate";
  return (
    <p
      className={`flex min-w-0 flex-wrap items-center gap-x-3 text-12 leading-4! text-muted @min-[30rem]:gap-x-1.5 ${open ? "" : "@min-[30rem]:flex-nowrap"}`}
    >
      <span className="flex min-w-0 max-w-full items-center gap-x-1.5">
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
      </span>
      {use.length > 0 && (
        <span className={`shrink-0 ${wrap}`}>
          <Dot />
          {use.join(" · ")}
        </span>
      )}
      {why && (
        <span className={`min-w-0 shrink-[100] ${wrap}`}>
          <Dot />
          {why}
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
    card.row_count != null ? plural(card.row_count, "row") : card.row_range,
    card.file_count != null && fileCount(card.file_count, card.more_files),
    card.formats.join(", "),
  ].filter(Boolean);
  return (
    <p
      className={`min-w-0 text-13 tabular-nums @min-[30rem]:flex @min-[30rem]:items-baseline @min-[30rem]:gap-x-1.5 ${open ? "@min-[30rem]:flex-wrap" : ""}`}
    >
      <span className="shrink-0">
        {card.size_bytes == null ? "size unknown" : formatBytes(card.size_bytes)} ·
      </span>{" "}
      <span className="min-w-0 wrap-anywhere">
        <LicenceText licence={card.licence} />
      </span>{" "}
      {card.gated && <Mark icon={Lock}>terms to accept</Mark>}{" "}
      {offered && diskSpace && !diskSpace.fits && <Mark bad>{diskSpace.text}</Mark>}
      {rest.length > 0 && (
        <span
          className={`min-w-0 @max-[30rem]:block ${open ? "wrap-anywhere" : "flex-1 truncate"}`}
        >
          <Dot />
          {rest.join(" · ")}
        </span>
      )}
    </p>
  );
}

/** Between what stands on one line; where it wraps, the next line begins with words. */
function Dot() {
  return <span className="@max-[30rem]:hidden">· </span>;
}

interface MarkProps {
  children: ReactNode;
  icon?: typeof TriangleAlert;
  bad?: boolean;
}

/** A fact that may keep a person from it. */
function Mark({ children, icon: Icon = TriangleAlert, bad }: MarkProps) {
  return (
    <span className={`shrink-0 ${bad ? "text-bad" : "text-warn"}`}>
      <Icon aria-hidden className="mr-1 inline size-3.5 align-[-0.15em]" />
      {children}
    </span>
  );
}
