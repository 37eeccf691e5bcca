import { Link } from "@tanstack/react-router";
import { Download, FolderOpen, Lock, RotateCcw, X } from "lucide-react";
import type { DatasetCard, JobView } from "@/api/types";
import { Button, type ButtonProps, buttonClass } from "@/ui/Button";
import type { CardState } from "./cardState";
import { useCancel, useDownload, useRetry } from "./useDownload";

interface CardActionProps {
  card: DatasetCard;
  state: CardState;
  size?: ButtonProps["size"];
}

/** A card's one button. All its forms are of one width, so that nothing moves when it changes. */
export function CardAction({ card, state, size = "md" }: CardActionProps) {
  switch (state.kind) {
    case "here":
      return (
        <Link
          to="/library/$key"
          params={{ key: card.key }}
          aria-label={`Open ${card.title}`}
          className={`${buttonClass("outline", size)} min-w-28`}
        >
          <FolderOpen aria-hidden /> Open
        </Link>
      );
    case "active":
      return <CancelButton job={state.job} size={size} />;
    case "deleting":
      return (
        <Button size={size} disabled className="min-w-28">
          Deleting…
        </Button>
      );
    case "ended":
      return <RetryButton job={state.job} size={size} />;
    default:
      return <DownloadButton card={card} again={state.kind === "refused"} size={size} />;
  }
}

interface DownloadButtonProps {
  card: DatasetCard;
  again: boolean;
  size: ButtonProps["size"];
}

function DownloadButton({ card, again, size }: DownloadButtonProps) {
  const download = useDownload(card);
  const Icon = again ? RotateCcw : card.gated ? Lock : Download;
  const word = again ? "Retry" : "Download";
  return (
    <Button
      variant={again ? "outline" : "primary"}
      size={size}
      disabled={download.isPending}
      data-download
      aria-label={`${word} ${card.title}`}
      className="min-w-28"
      onClick={() => download.mutate()}
    >
      <Icon aria-hidden /> {word}
    </Button>
  );
}

export function CancelButton({ job, size }: { job: JobView; size: ButtonProps["size"] }) {
  const cancel = useCancel(job);
  return (
    <Button
      size={size}
      disabled={cancel.isPending}
      aria-label={`Cancel ${job.title}`}
      className="min-w-28"
      onClick={() => cancel.mutate()}
    >
      <X aria-hidden /> Cancel
    </Button>
  );
}

export function RetryButton({ job, size }: { job: JobView; size: ButtonProps["size"] }) {
  const retry = useRetry(job);
  return (
    <Button
      size={size}
      disabled={retry.isPending}
      data-download
      aria-label={`Retry ${job.title}`}
      className="min-w-28"
      onClick={() => retry.mutate()}
    >
      <RotateCcw aria-hidden /> Retry
    </Button>
  );
}
