import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Download, FolderOpen, Lock, RotateCcw, X } from "lucide-react";
import type { DatasetCard, JobView } from "@/api/types";
import { Button, type ButtonProps, buttonClass } from "@/ui/Button";
import { KeepFocus } from "@/ui/KeepFocus";
import type { CardState } from "./cardState";
import { useCancel, useDownload, useRetry } from "./useDownload";

interface CardActionProps {
  card: DatasetCard;
  state: CardState;
  size?: ButtonProps["size"];
}

/** A card's one button. All its forms are of one width, so that nothing moves when it changes. */
export function CardAction(props: CardActionProps) {
  return (
    <KeepFocus of={props.state.kind}>
      <Action {...props} />
    </KeepFocus>
  );
}

function Action({ card, state, size = "md" }: CardActionProps) {
  switch (state.kind) {
    case "here":
      return <OpenLink datasetKey={card.key} title={card.title} size={size} />;
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
      variant={again ? "outline" : "soft"}
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

interface JobButtonProps {
  job: JobView;
  size: ButtonProps["size"];
}

export function CancelButton({ job, size }: JobButtonProps) {
  const cancel = useCancel(job);
  return (
    <Button
      size={size}
      disabled={cancel.isPending}
      aria-label={`Cancel ${job.title}`}
      title={size === "icon" ? "Cancel" : undefined}
      className={size === "icon" ? undefined : "min-w-28"}
      onClick={() => cancel.mutate()}
    >
      <X aria-hidden /> {size !== "icon" && "Cancel"}
    </Button>
  );
}

export function RetryButton({ job, size }: JobButtonProps) {
  const retry = useRetry(job);
  return (
    <Button
      size={size}
      disabled={retry.isPending}
      data-download
      aria-label={`Retry ${job.title}`}
      title={size === "icon" ? "Retry" : undefined}
      className={size === "icon" ? undefined : "min-w-28"}
      onClick={() => retry.mutate()}
    >
      <RotateCcw aria-hidden /> {size !== "icon" && "Retry"}
    </Button>
  );
}

interface OpenLinkProps {
  datasetKey: string;
  title: string;
  size: ButtonProps["size"];
}

export function OpenLink({ datasetKey, title, size }: OpenLinkProps) {
  const narrow = size === "icon";
  return (
    <Link
      to="/library/$key"
      params={{ key: datasetKey }}
      aria-label={`Open ${title}`}
      title={narrow ? "Open" : undefined}
      className={clsx(buttonClass("outline", size), !narrow && "min-w-28")}
    >
      <FolderOpen aria-hidden /> {!narrow && "Open"}
    </Link>
  );
}
